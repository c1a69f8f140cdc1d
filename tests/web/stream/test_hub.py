"""One reader for everybody who watches: each gets the newest, nobody waits for somebody slow, and limits hold."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection
from typing import Any

from crowdsft.web.stream import hub as module
from crowdsft.web.stream.hub import Hub, Message, News, Topic
from crowdsft.web.stream.sse import Subscription, encode, stream

TOPIC = Topic(1)


class Platform:
    """What the reader finds; it counts how often it is asked."""

    def __init__(self) -> None:
        self.messages: tuple[Message, ...] = (Message("status", "one", 3),)
        self.looks = 0
        self.is_broken = False

    def look(self, topics: Collection[Topic]) -> News:
        self.looks += 1
        if self.is_broken:
            raise OSError("the database is gone")
        return {topic: self.messages for topic in topics if topic.campaign == 1}


class Browser:
    """One connection: what it was sent, and a way to leave."""

    def __init__(self, hub: Hub, topic: Topic = TOPIC, **options: float) -> None:
        self.sent = b""
        self.gone = asyncio.Event()
        self.task = asyncio.ensure_future(
            stream(
                hub,
                Subscription(topic, "person:1"),
                [("X-Test", "yes")],
                self._receive,
                self._send,
                **options,
            )
        )

    async def _receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.sent += message.get("body", b"")

    async def until(self, text: bytes, count: int = 1) -> None:
        async with asyncio.timeout(5):
            while self.sent.count(text) < count:
                await asyncio.sleep(0.005)


def make(platform: Platform) -> Hub:
    return Hub(platform.look, asyncio.get_running_loop(), look_seconds=0.02)


def test_a_hundred_watchers_cost_as_many_looks_as_one() -> None:
    async def run() -> None:
        platform = Platform()
        hub = make(platform)
        module_limit, module.MOST_OF_PERSON = module.MOST_OF_PERSON, 1000
        try:
            browsers = [Browser(hub) for _ in range(100)]
            await asyncio.gather(*(browser.until(b"data: one") for browser in browsers))
            before, begun = platform.looks, time.monotonic()
            platform.messages = (Message("status", "two", 4),)
            await asyncio.gather(*(browser.until(b"data: two") for browser in browsers))
            looks, seconds = platform.looks - before, time.monotonic() - begun
            assert looks <= seconds / 0.02 + 2
            assert hub.watchers == 100
            for browser in browsers:
                browser.gone.set()
            await asyncio.gather(*(browser.task for browser in browsers))
            assert hub.watchers == 0
        finally:
            module.MOST_OF_PERSON = module_limit
            hub.close()

    asyncio.run(run())


def test_what_has_not_changed_is_told_once_and_silence_is_filled_with_beats() -> None:
    async def run() -> None:
        platform = Platform()
        hub = make(platform)
        browser = Browser(hub, beat_seconds=0.05)
        await browser.until(b"event: beat", 3)
        assert browser.sent.count(b"data: one") == 1
        assert browser.sent.startswith(b"retry: ")
        assert b"id: 3\nevent: status\ndata: one\n\n" in browser.sent
        hub.close()
        await browser.task

    asyncio.run(run())


def test_nobody_is_looked_for_when_nobody_watches() -> None:
    async def run() -> None:
        platform = Platform()
        hub = make(platform)
        browser = Browser(hub)
        await browser.until(b"data: one")
        browser.gone.set()
        await browser.task
        await asyncio.sleep(0.1)
        before = platform.looks
        await asyncio.sleep(0.2)
        assert platform.looks == before
        hub.close()

    asyncio.run(run())


def test_a_stream_ends_with_the_last_message_with_its_topic_with_a_fault_and_with_its_time() -> None:
    async def run() -> None:
        platform = Platform()
        hub = make(platform)
        short = Browser(hub, life_seconds=0.1, beat_seconds=0.03)
        unknown = Browser(hub, Topic(2))
        last = Browser(hub)
        await last.until(b"data: one")
        await asyncio.wait_for(asyncio.gather(short.task, unknown.task), 5)
        platform.messages = (Message("status", "over", 9), Message("end", "over", 9, is_last=True))
        await asyncio.wait_for(last.task, 5)
        assert last.sent.endswith(b"event: end\ndata: over\n\n")
        platform.messages = (Message("status", "more", 9),)
        broken = Browser(hub)
        await broken.until(b"data: more")
        platform.is_broken = True
        await asyncio.wait_for(broken.task, 5)
        hub.close()

    asyncio.run(run())


def test_a_slow_watcher_gets_the_newest_and_not_everything_in_between() -> None:
    async def run() -> None:
        hub = make(Platform())
        with hub.watch(TOPIC, "") as mailbox:
            for number in range(50):
                mailbox.put((Message("status", f"state {number}", number),))
            assert [message.data for message in mailbox.take()] == ["state 49"]
            assert mailbox.take() == []
        hub.close()

    asyncio.run(run())


def test_one_person_an_address_and_everybody_together_are_limited(monkeypatch: Any) -> None:
    async def run() -> None:
        hub = make(Platform())
        with contextlib.ExitStack() as stack:
            for _ in range(module.MOST_OF_PERSON):
                assert hub.has_room("person:1")
                stack.enter_context(hub.watch(TOPIC, "person:1"))
            assert not hub.has_room("person:1")
            assert hub.has_room("person:2")
            assert hub.has_room("")
            monkeypatch.setattr(module, "MOST_WATCHERS", hub.watchers)
            assert not hub.has_room("")
        assert hub.has_room("person:1")
        hub.close()

    asyncio.run(run())


def test_lines_of_a_message_each_get_their_own_prefix() -> None:
    assert encode(Message("status", "a\nb", 7)) == b"id: 7\nevent: status\ndata: a\ndata: b\n\n"
