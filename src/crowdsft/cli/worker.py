"""`crowdsft worker`: does the steps of all campaigns of a platform."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from crowdsft.cli.app import error_console
from crowdsft.cli.executor import ExecutorName, RayAddress, ready_executor


def worker(
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder of the platform.")] = Path(
        "crowdsft-data"
    ),
    lease_seconds: Annotated[
        float, typer.Option("--lease-seconds", min=0.5, help="How long a silent worker keeps its step.")
    ] = 60.0,
    executor: ExecutorName = "local",
    ray_address: RayAddress = "",
    parent: Annotated[
        int | None, typer.Option("--parent", help="Stop when this process is gone.", hidden=True)
    ] = None,
) -> None:
    """Do the steps of all campaigns: train, evaluate, select, pay. Several workers may share a platform.

    Example: crowdsft worker --data crowdsft-data
    """
    from crowdsft.web.configure import configure_existing

    where = ready_executor(executor, ray_address=ray_address)  # Ray brings signal handlers; ours replace them
    configure_existing(data)
    from crowdsft.web.live import platform_worker
    from crowdsft.web.senders import sending

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _stop(stop))
    if parent is not None:
        threading.Thread(target=_watch, args=(parent, stop), daemon=True).start()
    doing = platform_worker(data, lease_seconds=lease_seconds, executor=where)
    error_console.print(f"worker {doing.name} is ready", markup=False)
    try:
        with suppress(KeyboardInterrupt), sending():
            doing.run_forever(stop)
    finally:
        where.close()


def _stop(stop: threading.Event) -> None:
    """First signal: stop now; the step is given back and done again later."""
    stop.set()
    raise KeyboardInterrupt


def _watch(parent: int, stop: threading.Event) -> None:
    """Stop with the process that started us, also when that was killed."""
    while not stop.wait(1.0):
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return
