"""Reading notices: how many wait, which there are, what is read, how they are mailed."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.models import User
from crowdsft.web.notices.kinds import KINDS, MAILED_NAMES
from crowdsft.web.notices.models import MailChoice, Notice

MOST_COUNTED = 100


def unread_count(user: User | None) -> int:
    """How many notices `user` has not read, counted up to `MOST_COUNTED`."""
    if user is None:
        return 0
    return Notice.objects.filter(user=user, read=None).order_by()[:MOST_COUNTED].count()


def notices_of(user: User, *, unread: bool = False) -> QuerySet[Notice]:
    """The notices of `user`, newest first."""
    rows = Notice.objects.filter(user=user).select_related("campaign")
    return rows.filter(read=None) if unread else rows


def mark_read(user: User, notice_id: int) -> Notice:
    """Mark one notice as read; reading it again changes nothing.

    Raises:
        InputError: when `user` has none with this number.
    """
    notice = Notice.objects.filter(user=user, pk=notice_id).first()
    if notice is None:
        raise InputError("There is no such notice of yours.")
    Notice.objects.filter(pk=notice.pk, read=None).update(read=timezone.now())
    return notice


def mark_all_read(user: User) -> int:
    """Mark everything as read; returns how many there were."""
    return Notice.objects.filter(user=user, read=None).update(read=timezone.now())


def mail_choices(user: User) -> dict[str, str]:
    """How each kind is mailed to `user`: kind -> "at_once", "hourly" or "never", defaults included."""
    chosen = dict(MailChoice.objects.filter(user=user).values_list("kind", "mailed"))
    return {kind: chosen.get(kind, about.mailed) for kind, about in KINDS.items()}


def choose_mail(user: User, choices: Mapping[str, str]) -> None:
    """Have kinds of notices mailed as `choices` says; kinds that it does not name stay as they are.

    Raises:
        InputError: for an unknown kind or way. Nothing is changed then.
    """
    for kind, mailed in choices.items():
        if kind not in KINDS or mailed not in MAILED_NAMES:
            raise InputError(
                f"{kind}: {mailed} cannot be chosen. Kinds: {', '.join(KINDS)}; each is {', '.join(MAILED_NAMES)}. "
                "Nothing was changed."
            )
    with transaction.atomic():
        for kind, mailed in choices.items():
            MailChoice.objects.update_or_create(user=user, kind=kind, defaults={"mailed": mailed})
