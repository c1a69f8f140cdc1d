"""Old notices and mails go: they told something that stands elsewhere anyway."""

from __future__ import annotations

import time
from datetime import timedelta

from django.utils import timezone

from crowdsft.web.notices.models import Mail, Notice

NOTICES_DAYS = 365
MAILS_DAYS = 30
EVERY_SECONDS = 3600.0
AT_ONCE = 5000

_last = 0.0


def forget_due() -> int:
    """At most once an hour in a process: forget what is old. Returns 0, as nothing was sent."""
    global _last
    if time.monotonic() - _last >= EVERY_SECONDS or not _last:
        _last = time.monotonic()
        forget_old()
    return 0


def forget_old() -> int:
    """Delete notices of more than a year ago and mails of more than a month ago. Returns how many notices."""
    now = timezone.now()
    old = Notice.objects.filter(happened__lt=now - timedelta(days=NOTICES_DAYS)).order_by("pk")
    chosen = list(old.values_list("pk", flat=True)[:AT_ONCE])
    deleted, _ = Notice.objects.filter(pk__in=chosen).delete()
    mails = Mail.objects.filter(created__lt=now - timedelta(days=MAILS_DAYS)).order_by("pk")
    Mail.objects.filter(pk__in=list(mails.values_list("pk", flat=True)[:AT_ONCE])).delete()
    return deleted
