"""`crowdsft serve`: the platform, with its worker as a child process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from crowdsft.cli.app import error_console
from crowdsft.core.errors import InputError

RESTART_SECONDS = 2.0


def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder of the platform.")] = Path(
        "crowdsft-data"
    ),
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Do not start a worker.")] = False,
    processes: Annotated[int, typer.Option("--processes", min=1, max=64, help="Web processes.")] = 1,
    lease_seconds: Annotated[float, typer.Option("--lease-seconds", min=0.5, hidden=True)] = 60.0,
    parent: Annotated[int | None, typer.Option("--parent", hidden=True)] = None,
) -> None:
    """Serve the platform: pages, API and one worker. Ctrl-C stops it; nothing is lost.

    Example: crowdsft serve --data crowdsft-data --port 8000
    """
    port = free_port(host, port)
    from crowdsft.web.configure import configure, database_file, migrate

    if host not in ("127.0.0.1", "localhost", "::1"):
        os.environ.setdefault("CROWDSFT_HOSTS", _served_hosts(host))
    configure(data, database=database_file(data).name)
    migrate()
    supervisor = None if no_worker else WorkerSupervisor(data, lease_seconds)
    if parent is not None:
        threading.Thread(target=_watch_parent, args=(parent,), daemon=True).start()
    try:
        if supervisor is not None:
            supervisor.start()
        threading.Thread(target=_tell_when_up, args=(host, port), daemon=True).start()
        _serve_web(host, port, processes)
    finally:
        if supervisor is not None:
            supervisor.stop()


def _tell_when_up(host: str, port: int) -> None:
    """Say where the platform is once it answers, so that whoever waits for the line can go there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    while True:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(1.0)
            if probe.connect_ex((reachable, port)) == 0:
                break
        time.sleep(0.05)
    error_console.print(f"crowdsft is at http://{_shown(host)}:{port}/  (Ctrl-C stops it)", markup=False)


def free_port(host: str, port: int) -> int:
    """`port`, or a free one for 0.

    Raises:
        InputError: when it is taken or the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            raise InputError(
                f"Cannot listen on {host}:{port}: {error.strerror}. "
                "Name another port with --port, or use --port 0 for a free one."
            ) from error
        return int(probe.getsockname()[1])


def _serve_web(host: str, port: int, processes: int) -> None:
    """Block until a signal comes."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    Granian(
        "crowdsft.web.asgi:application",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=processes,
        websockets=False,
        workers_kill_timeout=10,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
    ).serve()


class WorkerSupervisor:
    """Keeps one worker process running, and starts another when it dies."""

    def __init__(self, data: Path, lease_seconds: float) -> None:
        self._command = [
            sys.executable, "-m", "crowdsft", "worker", "--data", str(data), "--parent", str(os.getpid()),
            "--lease-seconds", str(lease_seconds),
        ]  # fmt: skip
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep_running, name="worker supervisor", daemon=True)

    def start(self) -> None:
        """Start the worker."""
        self._thread.start()

    def stop(self) -> None:
        """Stop it; a step in progress is given back."""
        self._stopping.set()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=10)
            if self._process.poll() is None:
                self._process.kill()

    def _keep_running(self) -> None:
        while not self._stopping.is_set():
            started = time.monotonic()
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)
            code = self._process.wait()
            if self._stopping.is_set():
                return
            error_console.print(f"The worker stopped (exit code {code}); starting another.", markup=False)
            if time.monotonic() - started < RESTART_SECONDS:
                self._stopping.wait(RESTART_SECONDS)


def _watch_parent(parent: int) -> None:
    while True:
        time.sleep(1.0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return


def _served_hosts(host: str) -> str:
    return "*" if host in ("0.0.0.0", "::") else f"127.0.0.1,localhost,[::1],{host}"


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
