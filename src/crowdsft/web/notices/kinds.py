"""The kinds of notices: what each is about, and how it is mailed until somebody chooses otherwise.

A new kind is one line of `KINDS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Kind = Literal["points", "round", "campaign", "consent", "role", "to_decide", "review", "appeal", "payout"]

NEVER, HOURLY, AT_ONCE = "never", "hourly", "at_once"
MAILED = ((AT_ONCE, _("at once")), (HOURLY, _("hourly")), (NEVER, _("never")))
MAILED_NAMES = tuple(name for name, _words in MAILED)


@dataclass(frozen=True, slots=True)
class KindOfNotice:
    """What notices of a kind are about, in words for settings, and how they are mailed by default."""

    words: Promise
    mailed: str


KINDS: dict[Kind, KindOfNotice] = {
    "points": KindOfNotice(_("You got points"), HOURLY),
    "round": KindOfNotice(_("A round of yours is decided, without points this time"), HOURLY),
    "campaign": KindOfNotice(_("A campaign of yours opens, changes course or ends"), HOURLY),
    "consent": KindOfNotice(_("A consent text or licence has changed"), HOURLY),
    "role": KindOfNotice(_("Your role, or who shares it, has changed"), AT_ONCE),
    "to_decide": KindOfNotice(_("Something waits for your decision"), AT_ONCE),
    "review": KindOfNotice(_("A contribution of yours was reviewed"), HOURLY),
    "appeal": KindOfNotice(_("An appeal of yours was answered"), AT_ONCE),
    "payout": KindOfNotice(_("A payout to you has changed"), AT_ONCE),
}
