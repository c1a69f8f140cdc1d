"""Server-sent events over ASGI: what a watcher's mailbox holds, as text, until the browser goes away."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass

from crowdsft.web.stream.bridge import Headers, Receive, Send
from crowdsft.web.stream.hub import Hub, Mailbox, Message, Topic

BEAT_SECONDS = 15.0  # below the minute after which proxies drop a silent connection
LIFE_SECONDS = 1800.0  # then the browser comes back, and whether it may watch is looked at again
RETRY_MILLISECONDS = 3_000


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a page's view allowed: which topic, and who watches (for the limit; "" is not counted)."""

    topic: Topic
    who: str


def encode(message: Message) -> bytes:
    """The message as one event. Its id is the journal's position, which a browser that comes back names."""
    lines = "".join(f"data: {line}\n" for line in message.data.splitlines() or [""])
    return f"id: {message.position}\nevent: {message.kind}\n{lines}\n".encode()


async def stream(
    hub: Hub,
    subscription: Subscription,
    headers: Headers,
    receive: Receive,
    send: Send,
    *,
    beat_seconds: float = BEAT_SECONDS,
    life_seconds: float = LIFE_SECONDS,
) -> None:
    """Send what is new until the browser leaves, the topic is over, or its time has come."""
    kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
    encoded = [(name.lower().encode("latin-1"), value.strip().encode("latin-1")) for name, value in kept]
    await send({"type": "http.response.start", "status": 200, "headers": encoded})
    await send(_body(f"retry: {RETRY_MILLISECONDS}\n\n".encode()))
    with hub.watch(subscription.topic, subscription.who) as mailbox:
        leaving = asyncio.ensure_future(_until_gone(receive, mailbox))
        try:
            await _tell(mailbox, send, beat_seconds=beat_seconds, until=time.monotonic() + life_seconds)
        finally:
            leaving.cancel()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _tell(mailbox: Mailbox, send: Send, *, beat_seconds: float, until: float) -> None:
    while time.monotonic() < until and not mailbox.is_closed:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(mailbox.changed.wait(), beat_seconds)
        news = mailbox.take()
        for message in news:
            await send(_body(encode(message)))
            if message.is_last:
                return
        if not news and not mailbox.is_closed:
            await send(_body(b"event: beat\ndata:\n\n"))


async def _until_gone(receive: Receive, mailbox: Mailbox) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    mailbox.close()


def _body(data: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": data, "more_body": True}
