"""Who watches what, and one reader that looks for all of them: five hundred watchers cost the database what one does.

The reader is a thread; watchers live on the event loop. What is told is the newest state and not a list of changes,
so a slow watcher misses nothing and holds nothing up: of each kind of message it gets the newest.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
MOST_WATCHERS = 500  # of one process: about 24 MB
MOST_OF_PERSON = 12
MOST_OF_ADDRESS = 60


@dataclass(frozen=True, slots=True)
class Topic:
    """What is watched, and by what kind of reader: those who see the same share one message."""

    campaign: int
    language: str = "en"
    is_organiser: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One event for the browser; `position` is the journal's, `is_last` ends the stream."""

    kind: str
    data: str
    position: int = 0
    is_last: bool = False


News = Mapping[Topic, tuple[Message, ...]]
Look = Callable[[Collection[Topic]], News]


@dataclass(slots=True, eq=False)
class Mailbox:
    """What one watcher has not been told yet, the newest of each kind; `is_closed` when nothing more will come."""

    topic: Topic
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    is_closed: bool = False
    _waiting: dict[str, Message] = field(default_factory=dict)
    _told: dict[str, str] = field(default_factory=dict)

    def put(self, messages: tuple[Message, ...]) -> None:
        """Keep what is new."""
        for message in messages:
            if self._told.get(message.kind) != message.data:
                self._waiting[message.kind] = message
                self._told[message.kind] = message.data
                self.changed.set()

    def take(self) -> list[Message]:
        """What has to be told now."""
        self.changed.clear()
        taken = list(self._waiting.values())
        self._waiting.clear()
        return taken

    def close(self) -> None:
        """Nothing more will come."""
        self.is_closed = True
        self.changed.set()


class Hub:
    """The watchers of one process, and their reader.

    Args:
        look: From topics to their newest messages, called in the reader's thread; a topic that is missing in the
            answer is gone.
        loop: Where the watchers are.
    """

    def __init__(
        self, look: Look, loop: asyncio.AbstractEventLoop, *, look_seconds: float = LOOK_SECONDS
    ) -> None:
        self._look, self._loop, self._look_seconds = look, loop, look_seconds
        self._watching: dict[Topic, set[Mailbox]] = {}
        self._of_one: Counter[str] = Counter()
        self._wake = threading.Event()
        self._is_over = False
        self._reader: threading.Thread | None = None

    @property
    def watchers(self) -> int:
        """How many there are."""
        return sum(self._of_one.values())

    def has_room(self, who: str) -> bool:
        """Whether one more may watch; `who` is "person:..." or "address:...", and "" is not limited."""
        most = MOST_OF_PERSON if who.startswith("person:") else MOST_OF_ADDRESS
        return self.watchers < MOST_WATCHERS and (not who or self._of_one[who] < most)

    @contextmanager
    def watch(self, topic: Topic, who: str) -> Iterator[Mailbox]:
        """Watch `topic` inside the block."""
        mailbox = Mailbox(topic)
        self._watching.setdefault(topic, set()).add(mailbox)
        self._of_one[who] += 1
        self._start()
        self._wake.set()
        try:
            yield mailbox
        finally:
            self._of_one[who] -= 1
            if not self._of_one[who]:
                del self._of_one[who]
            mailboxes = self._watching.get(topic, set())
            mailboxes.discard(mailbox)
            if not mailboxes:
                self._watching.pop(topic, None)

    def close(self) -> None:
        """End every stream, so that the process can stop; browsers come back by themselves."""
        self._is_over = True
        self._wake.set()
        self._close_all(list(self._watching))

    def _start(self) -> None:
        if self._reader is None:
            self._reader = threading.Thread(target=self._read, name="live news", daemon=True)
            self._reader.start()

    def _read(self) -> None:
        """Look while anybody watches; sleep while nobody does."""
        while not self._is_over:
            topics = list(self._watching)
            self._wake.wait(self._look_seconds if topics else None)
            self._wake.clear()
            topics = list(self._watching)
            if topics and not self._is_over:
                self._tell(topics)

    def _tell(self, topics: list[Topic]) -> None:
        try:
            news = self._look(topics)
        except Exception:
            logger.exception(
                "looking for news failed; the streams end, and pages ask by themselves meanwhile"
            )
            news = {}
        if not self._is_over:
            self._loop.call_soon_threadsafe(self._publish, topics, news)

    def _publish(self, topics: list[Topic], news: News) -> None:
        for topic, messages in news.items():
            for mailbox in self._watching.get(topic, ()):
                mailbox.put(messages)
        self._close_all([topic for topic in topics if topic not in news])

    def _close_all(self, topics: list[Topic]) -> None:
        for topic in topics:
            for mailbox in self._watching.get(topic, ()):
                mailbox.close()
