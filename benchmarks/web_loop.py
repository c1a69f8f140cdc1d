"""The work loop: get a task, hand it in, against a real `crowdsft serve`, alone and beside Label Studio.

A crowd of 1, 8 and 32 contributors, each with a connection of its own, asks for a task, thinks (or not), hands in,
and asks again, until everybody has done so many. Counted are the processor time of all web processes for one loop,
what a contributor waits for both answers together, texts that were accepted and are not there (lost), and answers
beyond what was wanted (over-answered). `pages` fetches and posts the page as a browser does; `api` is the REST API.

    python benchmarks/web_loop.py                                 # SQLite, all crowds, with and without thinking
    python benchmarks/web_loop.py --database postgres://crowdsft@127.0.0.1:5432/postgres --processes 2
    python benchmarks/web_loop.py --crowds 32 --think 6 --loops 10 --way api
    python benchmarks/web_loop.py --profile 50                    # where 50 loops in one process spend their time
    python benchmarks/web_loop.py --label-studio http://127.0.0.1:8080 --token TOKEN
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

SETUP = Path(__file__).with_name("web_loop_setup.py")
SLUG = "web-loop"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Served:
    """A platform that collects, with its first process, and somebody's keys to it for each contributor."""

    address: str
    data: Path
    process: int
    start_seconds: float
    environment: dict[str, str]

    def setup(self, what: str, *arguments: object) -> Any:
        """Do something with the platform's database in a process of its own; see `web_loop_setup.py`."""
        command = [sys.executable, str(SETUP), what, str(self.data), *map(str, arguments)]
        done = subprocess.run(
            command, env=self.environment, check=True, timeout=300, stdout=subprocess.PIPE, text=True
        )
        return json.loads(done.stdout)


@contextmanager
def served(data: Path, *, database: str | None = None, processes: int = 1) -> Iterator[Served]:
    """`crowdsft serve` without a worker, on SQLite in `data` or on the PostgreSQL database named."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CROWDSFT_")}
    if database:
        environment["CROWDSFT_DATABASE_URL"] = database
    command = [sys.executable, "-m", "crowdsft", "serve", "--no-worker", "--port", "0", "--data", str(data)]
    if processes > 1:
        command += ["--processes", str(processes)]
    begun = time.monotonic()
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=said, env=environment) as process,
    ):
        try:
            address = _wait_for_address(process, said)
            yield Served(address, data, process.pid, time.monotonic() - begun, environment)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for_address(process: subprocess.Popen[bytes], said: Any) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        said.seek(0)
        if found := re.search(r"http://127\.0\.0\.1:\d+", said.read()):
            with httpx.Client(trust_env=False) as client:
                if client.get(f"{found.group()}/healthz").is_success:
                    return found.group()
        time.sleep(0.02)
    said.seek(0)
    raise SystemExit(f"crowdsft serve did not come up: {said.read()}")


# What the server's processes use


def process_tree(root: int) -> list[int]:
    """`root` and all that descends from it."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, queue = [], [root]
    while queue:
        found.append(queue.pop())
        queue.extend(children.get(found[-1], []))
    return found


def processor_seconds(root: int) -> float:
    """User and system time of `root` and its descendants so far."""
    ticks = 0
    for number in process_tree(root):
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_SECOND


def peak_megabytes(root: int) -> list[float]:
    """The most memory that each process held at once: the largest first."""
    peaks = []
    for number in process_tree(root):
        status = Path(f"/proc/{number}/status").read_text()
        if found := re.search(r"VmHWM:\s+(\d+) kB", status):
            peaks.append(int(found[1]) / 1024)
    return sorted(peaks, reverse=True)


# A crowd


@dataclass(slots=True)
class Measured:
    """What a crowd saw: milliseconds of each loop and of each request, and the texts that were accepted."""

    loops: list[float] = field(default_factory=list)
    requests: list[float] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


async def timed(measured: Measured, asked: Awaitable[httpx.Response]) -> tuple[httpx.Response, float]:
    """The answer, and how many milliseconds it took."""
    begun = time.perf_counter()
    answer = await asked
    took = 1000 * (time.perf_counter() - begun)
    measured.requests.append(took)
    return answer, took


class ApiWay:
    """Doing tasks by the REST API, with one connection."""

    @staticmethod
    def identity(key: str) -> dict[str, Any]:
        """How a client shows who it is."""
        return {"headers": {"Authorization": f"Bearer {key}"}}

    def __init__(self, client: httpx.AsyncClient, measured: Measured) -> None:
        self._client, self._measured = client, measured

    async def loop(self, text: str, think: Callable[[], Awaitable[None]]) -> bool:
        """One task. Returns whether there was one."""
        asked = self._client.post(f"/api/campaigns/{SLUG}/task")
        task, first = await timed(self._measured, asked)
        if task.status_code == 409:
            return False
        await think()
        sent = self._client.post(f"/api/tasks/{task.json()['id']}/response", json={"text": text})
        answer, second = await timed(self._measured, sent)
        if answer.status_code == 201:
            self._measured.loops.append(first + second)
            self._measured.accepted.append(text)
        else:
            self._measured.refused.append(f"{answer.status_code} {answer.text[:200]}")
        return True


THANKS = "Thank you, that is task"  # whole: the task that is shown next may thank somebody, too


class PagesWay:
    """Doing tasks as a browser does: what is handed in leads to the page of the next task."""

    @staticmethod
    def identity(key: str) -> dict[str, Any]:
        """How a client shows who it is."""
        return {"cookies": {"sessionid": key}}

    def __init__(self, client: httpx.AsyncClient, measured: Measured) -> None:
        self._client, self._measured = client, measured
        self._page = ""

    async def loop(self, text: str, think: Callable[[], Awaitable[None]]) -> bool:
        """One task. Returns whether there was one."""
        address = f"/campaigns/{SLUG}/work/"
        if not self._page:
            self._page = (await self._client.get(address)).text
        number = re.search(r'name="task" value="(\d+)"', self._page)
        key = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self._page)
        if number is None or key is None:
            return False
        await think()
        form = {"task": number[1], "response": text, "csrfmiddlewaretoken": key[1]}
        answer, first = await timed(self._measured, self._client.post(address, data=form))
        page, second = await timed(self._measured, self._client.get(address))
        self._page = page.text
        if answer.status_code == 302 and THANKS in self._page:
            self._measured.loops.append(first + second)
            self._measured.accepted.append(text)
        else:
            said = re.search(r'class="notice fail".*?<div>(.*?)</div>', self._page, re.DOTALL)
            self._measured.refused.append(
                f"{answer.status_code} {said[1].strip() if said else self._page[:200]}"
            )
        return True


WAYS: dict[str, type[ApiWay] | type[PagesWay]] = {"api": ApiWay, "pages": PagesWay}


async def crowd_at_work(
    address: str,
    keys: Sequence[str],
    way: type[ApiWay] | type[PagesWay],
    *,
    loops: int,
    think_seconds: float,
    label: str,
    tabs: int = 1,
) -> Measured:
    """Everybody does `loops` tasks, with pauses of `think_seconds` on average; in so many tabs at once."""
    measured, chance = Measured(), random.Random(label)

    async def think() -> None:
        if think_seconds:
            await asyncio.sleep(think_seconds * chance.uniform(0.5, 1.5))

    async def person(number: int, tab: int) -> None:
        async with httpx.AsyncClient(
            base_url=address, timeout=60, trust_env=False, **way.identity(keys[number])
        ) as client:
            if think_seconds:
                await asyncio.sleep(chance.uniform(0, think_seconds))
            doing = way(client, measured)
            for turn in range(loops):
                text = f"{label}: what a fine day, says person {number} in tab {tab} for the {turn}th time."
                if not await doing.loop(text, think):
                    return

    await asyncio.gather(*(person(number, tab) for number in range(len(keys)) for tab in range(tabs)))
    return measured


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    way: str
    crowd: int
    think: float
    measured: Measured
    cpu_seconds: float
    lost: int
    over: int

    def __str__(self) -> str:
        done = max(1, len(self.measured.accepted))
        return (
            f"{self.way:>6} {self.crowd:>4} {self.think:>6.1f} {len(self.measured.accepted):>6} "
            f"{1000 * self.cpu_seconds / done:>8.2f} {percentile(self.measured.loops, 0.5):>8.1f} "
            f"{percentile(self.measured.loops, 0.99):>8.1f} {percentile(self.measured.requests, 0.99):>8.1f} "
            f"{len(self.measured.refused):>8} {self.lost:>5} {self.over:>5}"
        )


HEADING = (
    f"{'way':>6} {'crowd':>4} {'think':>5} {'loops':>6} {'CPU ms':>8} {'p50 ms':>8} {'p99 ms':>8} "
    f"{'request':>8} {'refused':>8} {'lost':>5} {'over':>5}"
)


def measure(
    platform: Served, way: str, crowd: int, *, loops: int, think_seconds: float, tabs: int = 1
) -> Line:
    """A fresh crowd at work, and what is in the database afterwards."""
    label = f"{way}-{crowd}-{think_seconds}-{time.monotonic_ns()}"
    keys = platform.setup("people", crowd, way, label)
    before = processor_seconds(platform.process)
    measured = asyncio.run(
        crowd_at_work(
            platform.address, keys, WAYS[way],
            loops=loops, think_seconds=think_seconds, label=label, tabs=tabs,
        )
    )  # fmt: skip
    cpu = processor_seconds(platform.process) - before
    kept = platform.setup("kept", label)
    lost = len(set(measured.accepted) - set(kept["texts"]))
    return Line(way, crowd, think_seconds, measured, cpu, lost, kept["over"])


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--database", help="a PostgreSQL database; SQLite without")
    asked.add_argument("--processes", type=int, default=1, help="web processes")
    asked.add_argument("--crowds", type=int, nargs="+", default=[1, 8, 32])
    asked.add_argument("--think", type=float, nargs="+", default=[0.0, 6.0], help="seconds, on average")
    asked.add_argument("--loops", type=int, default=20, help="tasks of each contributor")
    asked.add_argument("--way", choices=tuple(WAYS), nargs="+", default=list(WAYS))
    asked.add_argument("--profile", type=int, metavar="LOOPS", help="profile so many loops in one process")
    asked.add_argument("--label-studio", metavar="ADDRESS")
    asked.add_argument("--token", default="", help="Label Studio's access token")
    asked.add_argument(
        "--label-studio-process", type=int, metavar="PID", help="where it runs on this machine"
    )
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="web-loop-") as folder:
        if given.label_studio:
            from label_studio_loop import compare

            compare(
                given.label_studio, given.token, given.crowds, given.think, given.loops,
                given.label_studio_process,
            )  # fmt: skip
            return
        with served(Path(folder), database=given.database, processes=given.processes) as platform:
            platform.setup("campaign")
            if given.profile:
                print(platform.setup("profile", given.profile, given.way[0])["report"])
                return
            name = "PostgreSQL" if given.database else "SQLite"
            print(
                f"crowdsft on {name}, {given.processes} web process(es); first start {platform.start_seconds:.1f} s"
            )
            print(HEADING)
            for way in given.way:
                for think in given.think:
                    for crowd in given.crowds:
                        print(
                            measure(platform, way, crowd, loops=given.loops, think_seconds=think), flush=True
                        )
            peaks = ", ".join(f"{peak:.0f}" for peak in peak_megabytes(platform.process))
            print(f"peak memory of its processes: {peaks} MB")


if __name__ == "__main__":
    main()
