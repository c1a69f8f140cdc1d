"""How much one address or one person may ask for in a minute.

A count in Django's cache for each window of time: simple, and exact to a factor of two around the edge of a
window. The default cache is each process's own, so with several web processes the limits are several times as
high; a shared cache makes them exact. Loopback is never limited: it is the demo, a bot on the same machine, or
a proxy that nobody has announced (CROWDSFT_PROXIES), where all people would share one count.
Logging in is limited by allauth, by address and by username, on pages and here alike.
"""

from __future__ import annotations

import ipaddress
import time
from math import ceil

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from ninja.throttling import BaseThrottle


class Limit(BaseThrottle):
    """At most `count` requests in `seconds`, for each person, or for each address of people not signed in."""

    def __init__(self, name: str, count: int, *, seconds: int = 60) -> None:
        self._name, self._count, self._seconds = name, count, seconds

    def allow_request(self, request: HttpRequest) -> bool:
        """Count this request and say whether it is within the limit."""
        address = get_adapter().get_client_ip(request)
        if not settings.RATE_LIMITS or _is_loopback(address):
            return True
        who = f"person:{request.user.pk}" if request.user.is_authenticated else f"address:{address}"
        key = f"limit:{self._name}:{who}:{int(time.time()) // self._seconds}"
        cache.add(key, 0, timeout=self._seconds)
        try:
            return cache.incr(key) <= self._count
        except ValueError:  # the window ended between the two lines
            return True

    def wait(self) -> float:
        """Seconds until the next window."""
        return ceil(self._seconds - time.time() % self._seconds)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


SIGN_UP = Limit("sign-up", 20)
WORK = Limit("work", 300)
NEW_CAMPAIGN = Limit("new-campaign", 20, seconds=3600)
NEW_TOKEN = Limit("new-token", 20, seconds=3600)
