"""What leaves the platform: rows that wait to be sent, claimed one by one, tried again with longer and longer waits.

A row is written in the transaction in which something happens, and sent by a worker later. Several workers may share
a queue: of two that want a row, one gets it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import DatabaseError, connection, models
from django.db.models import F

logger = logging.getLogger(__name__)

WAITS_SECONDS = (10, 60, 300, 1_800, 7_200, 21_600)  # after the first, second, ... attempt: about nine hours
LEASE_SECONDS = 60.0  # longer than an attempt takes: another sender leaves the row alone meanwhile
LOOK_SECONDS = 2.0
AT_ONCE = 20


class Outgoing(models.Model):
    """Something to send. `next_try` is when it is due, in seconds since the epoch.

    `attempts` is the fence of a claim: whoever claimed earlier changes nothing any more.
    """

    WAITING, SENDING, DELIVERED, FAILED = "waiting", "sending", "delivered", "failed"

    state = models.CharField(max_length=10, default=WAITING)
    attempts = models.PositiveIntegerField(default=0)
    next_try = models.FloatField(default=0.0)
    error = models.CharField(max_length=300, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=Outgoing)


def claimed(rows: models.QuerySet[Row], *, now: float, into: str = Outgoing.WAITING) -> Iterator[Row]:
    """Of `rows`, those that are due, claimed for this process: at most `AT_ONCE`, the longest due first.

    Args:
        into: The state while it is being sent. With `WAITING` a row whose sender dies is sent again when its lease is
            over: at least once. With `SENDING` it is not, as nobody can say how far it came: at most once.
    """
    due = rows.filter(state=Outgoing.WAITING, next_try__lte=now)
    for row in due.order_by("next_try")[:AT_ONCE]:
        mine = rows.model._default_manager.filter(
            pk=row.pk, attempts=row.attempts, state=Outgoing.WAITING, next_try__lte=now
        )
        if mine.update(attempts=F("attempts") + 1, next_try=now + LEASE_SECONDS, state=into):
            row.attempts += 1
            yield row


def settle(row: Outgoing, error: str, *, now: float, is_final: bool = False, **more: Any) -> None:
    """Write down how an attempt went, if the row is still this process's.

    Args:
        error: Empty when it arrived.
        is_final: Whether trying again makes no sense.
    """
    state, again = Outgoing.WAITING, 0.0
    if not error:
        state = Outgoing.DELIVERED
    elif is_final or row.attempts > len(WAITS_SECONDS):
        state = Outgoing.FAILED
    else:
        again = now + WAITS_SECONDS[row.attempts - 1]
    type(row)._default_manager.filter(pk=row.pk, attempts=row.attempts).update(
        state=state, error=error[:300], next_try=again, **more
    )


@contextmanager
def sender(senders: Sequence[Callable[[], int]]) -> Iterator[None]:
    """Call each of `senders` again and again from a thread of its own, beside a worker: none waits for another.

    Each sends what is due and returns how much it tried.
    """
    stop = threading.Event()
    threads = [
        threading.Thread(target=_send_until, args=(stop, send), name=send.__module__, daemon=True)
        for send in senders
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=1.0)


def _send_until(stop: threading.Event, send: Callable[[], int]) -> None:
    while not stop.wait(LOOK_SECONDS):
        try:
            while send() >= AT_ONCE and not stop.is_set():
                pass
        except DatabaseError:
            logger.warning("sending: the database does not answer; trying again", exc_info=True)
            connection.close()
    connection.close()
