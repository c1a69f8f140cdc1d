"""What every page knows."""

from __future__ import annotations

from django.http import HttpRequest

from crowdsft import __version__

THEMES = ("light", "dark")


def page(request: HttpRequest) -> dict[str, object]:
    """The theme from its cookie (empty: the system's) and the version in the footer."""
    theme = request.COOKIES.get("theme", "")
    return {"theme": theme if theme in THEMES else "", "crowdsft_version": __version__}
