"""Where the heavy steps of a round are done: in the worker's own process, or on a cluster."""

from crowdsft.core.registry import Table
from crowdsft.rounds.executors.base import Executor
from crowdsft.rounds.executors.local import LocalExecutor

EXECUTORS: Table[Executor] = Table(
    "executor",
    {
        "local": LocalExecutor,
        "ray": "crowdsft.rounds.executors.ray:RayExecutor",
    },
)

__all__ = ["EXECUTORS", "Executor", "LocalExecutor"]
