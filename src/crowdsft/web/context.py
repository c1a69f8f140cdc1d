"""What every page knows."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from crowdsft import __version__
from crowdsft.web.notices.reading import unread_count
from crowdsft.web.pages.access import signed_in

THEMES = ("light", "dark")


def page(request: HttpRequest) -> dict[str, object]:
    """The theme from its cookie (empty: the system's), the language and its choices, the version in the footer."""
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "language": get_language() or settings.LANGUAGE_CODE,
        "languages": settings.LANGUAGES,
        "crowdsft_version": __version__,
    }


def notices(request: HttpRequest) -> dict[str, object]:
    """How many notices the reader has not read: asked of the database only by a page that shows the bell."""
    return {"unread_notices": cache(lambda: unread_count(signed_in(request.user)))}
