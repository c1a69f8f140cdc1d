"""Real servers on loopback: the platform in a process of its own, and servers that are something else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue

import httpx

START_SECONDS = 60.0
STOP_SECONDS = 20.0

OPEN_ROUNDS = """
import sys
from pathlib import Path
from crowdsft.web.configure import configure_existing
configure_existing(Path(sys.argv[1]))
from crowdsft.rounds.resources import Resources
from crowdsft.rounds.worker import Worker
from crowdsft.web.campaigns.models import Step
from crowdsft.web.journal_django import DjangoStore
worker = Worker(DjangoStore(), Resources(Path(sys.argv[1])))
from crowdsft.web.accounts.models import User, issue_token
for number in range(int(sys.argv[2])):
    print(issue_token(User.objects.create(username=f"person-{number:02}"), "test"))
while Step.objects.filter(name__in=["measure_target", "open_round"]).exists():
    worker.work_once()
"""


def environment() -> dict[str, str]:
    """Ours, but for a platform on SQLite in its own folder."""
    return {key: value for key, value in os.environ.items() if not key.startswith("CROWDSFT_")}


@dataclass(frozen=True, slots=True)
class Platform:
    """A served platform without a worker."""

    address: str
    data: Path

    def open_rounds(self, *, people: int = 0) -> list[str]:
        """Do the steps of all campaigns until their rounds are open, as a worker would.

        Returns:
            The tokens of so many `people`, whose accounts need no slow hashing of passwords.
        """
        done = subprocess.run(
            [sys.executable, "-c", OPEN_ROUNDS, str(self.data), str(people)],
            env=environment(), check=True, timeout=START_SECONDS, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.split()


@contextmanager
def platform(data: Path) -> Iterator[Platform]:
    """`crowdsft serve` in a process of its own, until it answers; stopped at the end."""
    command = [sys.executable, "-m", "crowdsft", "serve", "--no-worker", "--port", "0", "--data", str(data)]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env=environment(),
    )  # fmt: skip
    lines: Queue[str] = Queue()
    reader = threading.Thread(target=_pass_on, args=(process, lines), daemon=True)
    reader.start()
    try:
        address = _address(lines)
        _wait_until_up(address)
        yield Platform(address, data)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(STOP_SECONDS)
        assert process.stderr is not None
        process.stderr.close()


def _pass_on(process: subprocess.Popen[str], lines: Queue[str]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        lines.put(line)


def _address(lines: Queue[str]) -> str:
    said: list[str] = []
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            said.append(lines.get(timeout=1.0))
        except Empty:
            continue
        if found := re.search(r"http://127\.0\.0\.1:\d+", said[-1]):
            return found.group()
    raise AssertionError(f"the server printed no address: {''.join(said)}")


def _wait_until_up(address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{address}/healthz", trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"{address} did not answer within {START_SECONDS} s")


@contextmanager
def other_server(status: int, body: bytes, *, delay_seconds: float = 0.0) -> Iterator[str]:
    """Something that answers everything with `body`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(delay_seconds)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
