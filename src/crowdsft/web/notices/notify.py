"""Telling people: `notify(user, kind, campaign, text, link)` is what every other part of the platform calls.

A notice is a row, written in the caller's transaction: it is there exactly if what it tells happened. Mails follow
from the rows, sent by the worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.notices.kinds import KINDS, Kind
from crowdsft.web.notices.models import MailChoice, Notice
from crowdsft.web.notices.wording import Values, filled

AT_ONCE_ROWS = 500  # SQLite takes 999 values in a statement


@dataclass(frozen=True, slots=True)
class Told:
    """What one person is told; see `notify` for the fields."""

    user_id: int
    text: str
    link: str = ""
    values: Values = field(default_factory=dict)


def notify(
    user: User | None,
    kind: Kind,
    campaign: Campaign | None,
    text: str,
    link: str = "",
    values: Values | None = None,
) -> Notice | None:
    """Tell `user` something; nobody (a contributor from a file, a deleted account) is told nothing.

    Args:
        kind: What it is about: a key of `notices.kinds.KINDS`; people choose by kind what is mailed.
        campaign: The campaign it is about; None for what concerns the account.
        text: One or two sentences, marked with `gettext_noop` and not translated yet: the reader's language counts.
        link: Where to go, as a path of this platform ("/campaigns/joy/points/").
        values: What `%(name)s` in `text` stands for. Whole numbers and `Money` are shown as
            the reader writes them.

    Raises:
        ValueError: when `values` do not fill `text`, or `link` leads elsewhere: our own mistakes.
    """
    if user is None:
        return None
    return notify_each(kind, campaign, [Told(user.pk, text, link, values or {})])[0]


def notify_each(kind: Kind, campaign: Campaign | None, told: Iterable[Told]) -> Sequence[Notice]:
    """Tell each of many people their own sentence, in a handful of statements. See `notify`."""
    everybody, written = list(told), list[Notice]()
    for start in range(0, len(everybody), AT_ONCE_ROWS):
        some = everybody[start : start + AT_ONCE_ROWS]
        wishes = _wishes(kind, [one.user_id for one in some])
        written += Notice.objects.bulk_create(
            _row(kind, campaign, one, wishes.get(one.user_id, KINDS[kind].mailed)) for one in some
        )
    return written


def _row(kind: Kind, campaign: Campaign | None, one: Told, mailed: str) -> Notice:
    _check(one)
    return Notice(
        user_id=one.user_id,
        campaign=campaign,
        kind=kind,
        text=one.text,
        values=dict(one.values),
        link=one.link,
        mailed=mailed,
    )


def _wishes(kind: Kind, people: Sequence[int]) -> dict[int, str]:
    rows = MailChoice.objects.filter(kind=kind, user__in=people)
    return dict(rows.values_list("user", "mailed"))


def _check(one: Told) -> None:
    if one.link and not (one.link.startswith("/") and not one.link.startswith("//")):
        raise ValueError(f"a notice links to a path of this platform, not to {one.link!r}")
    try:
        filled(one.text, one.values)
    except (KeyError, TypeError) as error:
        raise ValueError(f"the values {dict(one.values)} do not fill {one.text!r}") from error
