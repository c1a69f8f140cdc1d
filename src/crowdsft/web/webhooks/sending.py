"""Sending what is due: at least once, with longer and longer waits, for about nine hours."""

from __future__ import annotations

import http.client
import json
import time

from crowdsft import __version__
from crowdsft.core.errors import InputError
from crowdsft.web.outgoing import claimed, settle
from crowdsft.web.webhooks.addresses import checked_url, connection_to
from crowdsft.web.webhooks.models import Delivery
from crowdsft.web.webhooks.signing import HEADER, signature

TIMEOUT_SECONDS = 10.0


def send_due(*, now: float | None = None) -> int:
    """Send what is due, at most `AT_ONCE` messages. Returns how many were tried."""
    moment, tried = time.time() if now is None else now, 0
    for delivery in claimed(Delivery.objects.select_related("webhook"), now=moment):
        status, error = _sent(delivery)
        settle(delivery, error, now=moment, status=status)
        tried += 1
    return tried


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
