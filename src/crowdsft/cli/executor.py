"""The options that say where heavy steps are done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from crowdsft.core.errors import InputError

if TYPE_CHECKING:
    from crowdsft.rounds.executors import Executor

ExecutorName = Annotated[
    str,
    typer.Option("--executor", metavar="NAME", help="Where candidates train and are measured: local or ray."),
]
RayAddress = Annotated[
    str,
    typer.Option(
        "--ray-address",
        metavar="HOST:PORT",
        help="Of the Ray cluster. Default: RAY_ADDRESS, or the cluster on this machine.",
    ),
]


def ready_executor(name: str, *, ray_address: str) -> Executor:
    """The executor called `name`, connected.

    Raises:
        InputError: there is none, its options contradict each other, or its cluster cannot be reached.
        MissingExtraError: its packages are not installed.
    """
    from crowdsft.rounds.executors import EXECUTORS

    if ray_address and name != "ray":
        raise InputError(f"--ray-address is for --executor ray, not for {name}.")
    executor = EXECUTORS.make(name, **({"address": ray_address} if name == "ray" else {}))
    executor.connect()
    return executor
