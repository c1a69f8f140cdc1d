"""Which notices go into which mail: those that are told at once, and digests, at most one an hour for each person.

Only a confirmed address gets mails: whoever types another person's address at sign-up has nothing sent there.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from crowdsft.web.accounts.models import User
from crowdsft.web.notices.kinds import AT_ONCE, HOURLY
from crowdsft.web.notices.models import Mail, Notice

DIGEST_SECONDS = 3600.0
COLLECT_SECONDS = 300.0  # what happens together is told together
TOO_OLD = timedelta(days=1)  # mails begin with what happens now, also where mail was set up late
PEOPLE_AT_ONCE = 100


def gather(*, now: float | None = None) -> int:
    """Make the mails that are due, for at most `PEOPLE_AT_ONCE` people of each kind. Returns how many."""
    moment = time.time() if now is None else now
    urgent = _waiting(moment).filter(mailed=AT_ONCE)
    made = sum(_made(person, moment, is_digest=False) for person in _people(urgent))
    collected = datetime.fromtimestamp(moment - COLLECT_SECONDS, UTC)
    ripe = _waiting(moment).filter(mailed=HOURLY, happened__lte=collected)
    ripe = ripe.filter(~Exists(_digests(OuterRef("user"), moment)))
    return made + sum(_made(person, moment, is_digest=True) for person in _people(ripe))


def _waiting(now: float) -> QuerySet[Notice]:
    """Notices that nobody has read or mailed, of people who can get mails."""
    since = datetime.fromtimestamp(now, UTC) - TOO_OLD
    confirmed = EmailAddress.objects.filter(user=OuterRef("user"), verified=True)
    waiting = Notice.objects.filter(mail=None, read=None, happened__gte=since, user__is_active=True)
    return waiting.exclude(mailed="never").filter(Exists(confirmed))


def _people(notices: QuerySet[Notice]) -> Iterable[int]:
    return list(notices.order_by().values_list("user", flat=True).distinct()[:PEOPLE_AT_ONCE])


def _digests(user: OuterRef | int, now: float) -> QuerySet[Mail]:
    return Mail.objects.filter(user=user, is_digest=True, gathered__gt=now - DIGEST_SECONDS)


def _made(person: int, now: float, *, is_digest: bool) -> int:
    """1 for a mail, 0 when another worker was first."""
    with transaction.atomic():
        if User.objects.select_for_update(no_key=True).filter(pk=person).first() is None:
            return 0
        if is_digest and _digests(person, now).exists():
            return 0
        mine = _waiting(now).filter(user=person, mailed=HOURLY if is_digest else AT_ONCE)
        chosen = list(mine.values_list("pk", flat=True))
        if not chosen:
            return 0
        mail = Mail.objects.create(user_id=person, is_digest=is_digest, gathered=now, next_try=now)
        Notice.objects.filter(pk__in=chosen).update(mail=mail)
    return 1
