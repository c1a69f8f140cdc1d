"""Signatures, as receivers check them.

    X-Crowdsft-Signature: t=1795456800,v1=5f3a...

`v1` is the HMAC-SHA256, in hex, of the time `t`, a dot and the body's bytes, under the webhook's secret. A receiver
also refuses what is older than a few minutes, so that nobody sends it again.
"""

from __future__ import annotations

import hashlib
import hmac

HEADER = "X-Crowdsft-Signature"
OLDEST_SECONDS = 300


def signature(secret: str, body: bytes, *, at: int) -> str:
    """The header's value for `body`, sent at `at` seconds since the epoch."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def is_genuine(secret: str, body: bytes, header: str, *, now: float) -> bool:
    """Whether `header` signs `body` under `secret`, at a time not long before or after `now`."""
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    at = parts.get("t", "")
    if not at.isdecimal() or abs(now - int(at)) > OLDEST_SECONDS:
        return False
    return hmac.compare_digest(signature(secret, body, at=int(at)), header)
