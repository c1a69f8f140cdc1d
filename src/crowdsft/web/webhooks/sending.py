"""Sending what is due: at least once, with longer and longer waits, for about nine hours."""

from __future__ import annotations

import http.client
import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection
from django.db.models import F

from crowdsft import __version__
from crowdsft.core.errors import InputError
from crowdsft.web.webhooks.addresses import checked_url, connection_to
from crowdsft.web.webhooks.models import Delivery
from crowdsft.web.webhooks.signing import HEADER, signature

logger = logging.getLogger(__name__)

WAITS_SECONDS = (10, 60, 300, 1_800, 7_200, 21_600)  # after the first, second, ... attempt
TIMEOUT_SECONDS = 10.0
LEASE_SECONDS = 60.0  # longer than an attempt takes: another sender leaves it alone meanwhile
LOOK_SECONDS = 2.0
AT_ONCE = 20


def send_due(*, now: float | None = None) -> int:
    """Send what is due, at most `AT_ONCE` messages. Returns how many were tried."""
    moment = time.time() if now is None else now
    due = Delivery.objects.filter(state=Delivery.WAITING, next_try__lte=moment)
    tried = 0
    for delivery in due.select_related("webhook").order_by("next_try")[:AT_ONCE]:
        mine = Delivery.objects.filter(
            pk=delivery.pk, attempts=delivery.attempts, state=Delivery.WAITING, next_try__lte=moment
        )
        if mine.update(attempts=F("attempts") + 1, next_try=moment + LEASE_SECONDS):
            _attempt(delivery, delivery.attempts + 1, moment)
            tried += 1
    return tried


def _attempt(delivery: Delivery, number: int, now: float) -> None:
    status, error = _sent(delivery)
    if not error:
        state, again = Delivery.DELIVERED, 0.0
    elif number > len(WAITS_SECONDS):
        state, again = Delivery.FAILED, 0.0
    else:
        state, again = Delivery.WAITING, now + WAITS_SECONDS[number - 1]
    Delivery.objects.filter(pk=delivery.pk, attempts=number).update(
        state=state, status=status, error=error[:300], next_try=again
    )


def _sent(delivery: Delivery) -> tuple[int | None, str]:
    """The status that came back, and what is wrong with it. What else the receiver says is not kept."""
    body = json.dumps(delivery.body, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"crowdsft/{__version__}",
        "X-Crowdsft-Event": delivery.event,
        HEADER: signature(delivery.webhook.secret, body, at=int(time.time())),
    }
    try:
        parts = checked_url(delivery.webhook.url)
        open_connection = connection_to(parts, timeout_seconds=TIMEOUT_SECONDS)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            open_connection.request("POST", path, body=body, headers=headers)
            status = open_connection.getresponse().status
        finally:
            open_connection.close()
    except InputError as error:
        return None, str(error)
    except (OSError, http.client.HTTPException) as error:
        return None, f"no answer: {type(error).__name__}"
    return status, "" if 200 <= status < 300 else f"answered {status}"


@contextmanager
def sender() -> Iterator[None]:
    """Send from a thread of its own, beside a worker."""
    stop = threading.Event()
    thread = threading.Thread(target=_send_until, args=(stop,), name="webhooks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=1.0)


def _send_until(stop: threading.Event) -> None:
    while not stop.wait(LOOK_SECONDS):
        try:
            while send_due() == AT_ONCE and not stop.is_set():
                pass
        except DatabaseError:
            logger.warning("webhooks: the database does not answer; trying again", exc_info=True)
            connection.close()
    connection.close()
