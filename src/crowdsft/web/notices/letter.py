"""What stands in a mail: plain text in the language of whoever gets it."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crowdsft.web.accounts.models import User
from crowdsft.web.notices.models import Notice

MOST_SHOWN = 30
SUBJECT_CHARACTERS = 120


def letter(user: User, notices: Sequence[Notice], *, stop: str) -> tuple[str, str]:
    """Subject and text.

    Args:
        stop: The address that ends all mails.
    """
    lines = [_("Hello %(pseudonym)s,") % {"pseudonym": user.pseudonym}, ""]
    for notice in notices[:MOST_SHOWN]:
        lines += [notice.sentence, settings.ADDRESS + (notice.link or "/notices/"), ""]
    if len(notices) > MOST_SHOWN:
        lines += [_("All of them: %(address)s") % {"address": f"{settings.ADDRESS}/notices/"}, ""]
    lines += [
        "--",
        _("Choose what is mailed to you: %(address)s") % {"address": f"{settings.ADDRESS}/account/notices/"},
        _("No more mails: %(address)s") % {"address": stop},
    ]
    return _subject(notices), "\n".join(lines) + "\n"


def _subject(notices: Sequence[Notice]) -> str:
    """The sentence where there is only one: a header is one line."""
    if len(notices) == 1:
        sentence = " ".join(notices[0].sentence.split())
        is_long = len(sentence) > SUBJECT_CHARACTERS
        return sentence[: SUBJECT_CHARACTERS - 1] + "\N{HORIZONTAL ELLIPSIS}" if is_long else sentence
    return ngettext("%(count)s notice from crowdsft", "%(count)s notices from crowdsft", len(notices)) % {
        "count": len(notices)
    }
