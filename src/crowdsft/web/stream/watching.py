"""Where Django's side meets the streams: a view allows one, and the ASGI application keeps it open."""

from __future__ import annotations

import ipaddress

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse

from crowdsft.web.stream.hub import Hub, Topic
from crowdsft.web.stream.sse import Subscription

HUB = "crowdsft.live_news"  # in a request's environ, where the server can keep streams open
SUBSCRIPTION = "subscription"  # the attribute of an answer that allows one

_of_process: list[Hub] = []


def keep_hub(hub: Hub) -> None:
    """Remember this process's hub, for its metrics."""
    _of_process[:] = [hub]


def watchers() -> int:
    """How many watch from this process."""
    return sum(hub.watchers for hub in _of_process)


def allow_stream(request: HttpRequest, topic: Topic) -> HttpResponse:
    """The answer that becomes a stream; 204 tells the browser not to try again, and the page asks by itself."""
    hub: Hub | None = request.environ.get(HUB)  # type: ignore[attr-defined]
    if hub is None:
        return HttpResponse(status=204)
    who = _who(request)
    if not hub.has_room(who):
        return HttpResponse(
            "Too many pages watch already, yours or everybody's. This one asks every two seconds instead.",
            status=503,
            content_type="text/plain; charset=utf-8",
            headers={"Retry-After": "60"},
        )
    response = HttpResponse(content_type="text/event-stream; charset=utf-8")
    response.headers["Cache-Control"] = "no-store, no-transform"
    response.headers["X-Accel-Buffering"] = "no"  # nginx passes each event on at once
    setattr(response, SUBSCRIPTION, Subscription(topic, who))
    return response


def _who(request: HttpRequest) -> str:
    """Whom the limit counts: a person, else an address; a whole school may stand behind this machine's own."""
    if request.user.is_authenticated:
        return f"person:{request.user.pk}"
    address = get_adapter().get_client_ip(request)
    try:
        return "" if ipaddress.ip_address(address).is_loopback else f"address:{address}"
    except ValueError:
        return ""
