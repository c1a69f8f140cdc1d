"""The platform as an ASGI application: pages and API by Django's WSGI handler in threads, live news on the loop."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from types import FrameType

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crowdsft.web.settings")
pages = get_wsgi_application()

from crowdsft.web.stream.bridge import Bridge, Receive, Scope, Send, TooLargeError  # noqa: E402
from crowdsft.web.stream.hub import Hub  # noqa: E402
from crowdsft.web.stream.news import look_afresh  # noqa: E402
from crowdsft.web.stream.sse import Subscription, stream  # noqa: E402
from crowdsft.web.stream.watching import HUB, SUBSCRIPTION, keep_hub  # noqa: E402

THREADS = 4
TOO_LARGE = b"What was sent is too large for this platform. Nothing was changed; please send less at once.\n"

bridge = Bridge(pages, threads=THREADS)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request, or start and stop with the server."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    if scope["type"] != "http":
        return
    try:
        answer = await bridge.ask(scope, receive)
    except TooLargeError:
        plain = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": plain})
        await send({"type": "http.response.body", "body": TOO_LARGE})
        return
    subscription: Subscription | None = getattr(answer.response, SUBSCRIPTION, None)
    hub: Hub | None = bridge.extra.get(HUB)
    if subscription is not None and hub is not None:
        await stream(hub, subscription, answer.headers, receive, send)
        return
    await bridge.send(answer, send)


def _close_when_told_to_stop(hub: Hub) -> None:
    """The server waits for open answers before it tells of its end, so the streams have to end at the signal itself."""
    loop = asyncio.get_running_loop()

    def chain(number: signal.Signals) -> None:
        before = signal.getsignal(number)

        def handle(signum: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(hub.close)
            if callable(before):
                before(signum, frame)

        signal.signal(number, handle)

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            chain(number)


async def _live(receive: Receive, send: Send) -> None:
    """From the server's start to its end."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            hub = Hub(look_afresh, asyncio.get_running_loop())
            bridge.extra[HUB] = hub
            _close_when_told_to_stop(hub)
            keep_hub(hub)
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            bridge.extra[HUB].close()
            bridge.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
