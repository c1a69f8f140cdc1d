"""Simulated contributors: they sign up, join, ask for tasks and hand in, over the public API and nothing else.

What each writes follows from the seed, the contributor and the task, so that the same seed gives the same
campaign however the requests interleave.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType

from crowdsft.client import ApiError, Client, Task
from crowdsft.core.seeds import derive_rng
from crowdsft.world import Persona, heterogeneous_crowd

MAX_THREADS = 12
POLL_SECONDS = 0.5
TRIES_PER_TASK = 20


class SimulatedCrowd:
    """A crowd at work in background threads, from `__enter__` to `__exit__`.

    Args:
        unhurried: Pause between tasks like people who type, so that there is something to watch.
    """

    def __init__(
        self, address: str, slug: str, *, emotion: str, contributors: int, seed: int, unhurried: bool
    ) -> None:
        personas = heterogeneous_crowd(emotion, contributors, rng=derive_rng(seed, "crowd"))
        self._members = [_Member(address, slug, persona, seed) for persona in personas]
        self._unhurried = unhurried
        self._stop = threading.Event()
        self._round_is_open = threading.Event()
        threads = min(len(personas), MAX_THREADS)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="simulated contributor")
        self._shares = [self._members[start::threads] for start in range(threads)]
        self._running: list[Future[None]] = []

    def __enter__(self) -> SimulatedCrowd:
        self._running = [self._pool.submit(self._work, share) for share in self._shares]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._pool.shutdown(wait=True)
        for member in self._members:
            member.close()

    def hear(self, *, round_is_open: bool) -> None:
        """Whether there is something to do: so that twelve clients need not ask all the time.

        Raises what went wrong with a simulated contributor.
        """
        if round_is_open:
            self._round_is_open.set()
        else:
            self._round_is_open.clear()
        for running in self._running:
            if running.done() and (error := running.exception()) is not None:
                raise error

    def _work(self, members: list[_Member]) -> None:
        for member in members:
            member.join()
        while not self._stop.is_set():
            if not self._round_is_open.wait(POLL_SECONDS):
                continue
            worked = [member.do_one_task() for member in members]
            if not any(worked):
                self._stop.wait(POLL_SECONDS)
            elif self._unhurried:
                self._stop.wait(0.35)


class _Member:
    def __init__(self, address: str, slug: str, persona: Persona, seed: int) -> None:
        self._address, self._slug, self._persona, self._seed = address, slug, persona, seed
        self._client: Client | None = None

    def join(self) -> None:
        password = derive_rng(self._seed, self._persona.name, "password").bytes(12).hex()
        username = f"simulated-{self._persona.name.lower()}".replace(" ", "-")
        with Client(self._address) as anybody:
            self._client = anybody.sign_up(username, password, pseudonym=self._pseudonym())
        self._client.join(self._slug)

    def _pseudonym(self) -> str:
        name = self._persona.name
        return name if len(name) >= 3 else f"{name} (simulated)"

    def do_one_task(self) -> bool:
        """Whether there was one."""
        assert self._client is not None
        task = self._client.task(self._slug)
        if task is None:
            return False
        self._hand_in(self._client, task)
        return True

    def _hand_in(self, client: Client, task: Task) -> None:
        """Write until the platform takes it: a text said before is refused."""
        rng = derive_rng(self._seed, self._persona.name, task.round, task.number, "response")
        for _ in range(TRIES_PER_TASK):
            with suppress(ApiError):
                client.hand_in(task.id, self._persona.write(rng))
                return
        client.skip(task.id, "nothing new to say")

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
