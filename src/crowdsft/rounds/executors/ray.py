"""Heavy steps are done on a Ray cluster; the worker keeps the claim, the journal and the light steps.

A task writes artifacts and returns events. Ray is told to try nothing again by itself: when a node dies the step is
sent once more from here, and its artifacts come out the same.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlparse

from crowdsft.core.campaign import CampaignState, Step
from crowdsft.core.errors import CrowdsftError, InputError, MissingExtraError
from crowdsft.core.events import Event
from crowdsft.rounds.executors.remote_step import (
    Done,
    Failed,
    RemoteStep,
    Report,
    perform,
    raise_again,
    remote_step,
)
from crowdsft.rounds.resources import Resources
from crowdsft.rounds.steps import Wait, do
from crowdsft.rounds.store import Store

logger = logging.getLogger(__name__)

HEAVY_STEPS = ("keep_contributions", "train", "evaluate", "merge", "value_groups")
LOOK_SECONDS = 0.5
CONNECT_SECONDS = 5.0
MOST_NODES_LOST = 5


class _NodeLostError(Exception):
    """The process or the machine that did the step is gone."""


@dataclass(frozen=True, slots=True)
class RayExecutor:
    """Sends the steps that need a model to a Ray cluster: training, measuring, merging and reading contributions.

    Args:
        address: "host:port" of the cluster's head, or "ray://host:port"; "": what RAY_ADDRESS says, or the cluster
            that runs on this machine.
        cpus: Processors that a step is given; it waits until a node has so many free.
    """

    address: str = ""
    cpus: float = 1.0

    def connect(self) -> None:
        """Connect to the cluster. Raises: MissingExtraError, InputError."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
        try:
            import ray
        except ImportError as error:
            raise MissingExtraError("The executor ray", "ray") from error
        if ray.is_initialized():
            return
        address = self.address or os.environ.get("RAY_ADDRESS", "auto")
        if address != "auto":
            _check_reachable(address)
        try:
            ray.init(address=address, namespace="crowdsft", log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise _unreachable(address, error) from error

    def do(
        self,
        step: Step,
        state: CampaignState,
        store: Store,
        resources: Resources,
        *,
        check: Callable[[], None],
    ) -> tuple[Event, ...] | Wait:
        """See `Executor.do`; a lost claim cancels what runs on the cluster."""
        if not _goes_to_cluster(step, state):
            return do(step, state, store, resources)
        storage = resources.artifacts.storage
        if storage is not None and storage.is_of_one_process:
            raise InputError(
                f"CROWDSFT_ARTIFACTS is {storage.url}, which no other process sees; a cluster needs a storage that "
                "every machine reaches."
            )
        self.connect()
        work = remote_step(step, state, store, resources)
        for lost in range(MOST_NODES_LOST):
            try:
                return self._send(work, resources, check)
            except _NodeLostError as error:
                logger.warning(
                    "%s was lost with its node (%s); it starts again (%d)", step.name, error, lost + 1
                )
                resources.report(f"{step.name}: a node of the cluster was lost; starting again", 0.0)
        raise CrowdsftError(
            f"{step.name} lost its node {MOST_NODES_LOST} times. Look at the cluster (ray status), most of all at the "
            "memory of its nodes; the step is tried again later."
        )

    def close(self) -> None:
        """Leave the cluster."""
        import ray

        ray.shutdown()

    def _send(self, work: RemoteStep, resources: Resources, check: Callable[[], None]) -> tuple[Event, ...]:
        import ray

        task = ray.remote(num_cpus=self.cpus, max_retries=0, num_returns="streaming")(_on_node)
        stream = task.remote(work)
        is_over = False
        resources.report(f"{work.step.name} waits for a free node of the cluster", 0.0)
        try:
            while True:
                message = _next_message(stream)
                check()
                match message:
                    case None:
                        continue
                    case Report(text, fraction, parts):
                        resources.report(text, fraction, parts)
                    case Done(events):
                        is_over = True
                        return events
                    case Failed():
                        is_over = True
                        raise_again(message)
        except _NodeLostError:
            is_over = True
            raise
        finally:
            if not is_over:
                ray.cancel(stream, force=True)


def _goes_to_cluster(step: Step, state: CampaignState) -> bool:
    """Heavy steps do, except measuring with a judge whose key, and whose answers so far, only the worker has."""
    asks_elsewhere = step.name in ("evaluate", "merge") and "llm" in state.plan.judging.judges
    return step.name in HEAVY_STEPS and not asks_elsewhere


def _on_node(work: RemoteStep) -> Iterator[Report | Done | Failed]:
    import ray

    node = ray.get_runtime_context().get_node_id()
    yield from perform(work, place=f"node {node} ({socket.gethostname()}, process {os.getpid()})")


def _next_message(stream: Any) -> Report | Done | Failed | None:
    """The next thing that the task says, or None when it says nothing for a while."""
    import ray
    from ray import exceptions

    try:
        ready, _ = ray.wait([stream], timeout=LOOK_SECONDS)
        message: Report | Done | Failed | None = ray.get(next(stream)) if ready else None
    except StopIteration:
        raise _NodeLostError("it ended without a word") from None
    except (
        exceptions.WorkerCrashedError,
        exceptions.NodeDiedError,
        exceptions.LocalRayletDiedError,
        exceptions.ObjectLostError,
        exceptions.OutOfMemoryError,
    ) as error:
        raise _NodeLostError(type(error).__name__) from error
    except exceptions.RayError as error:
        raise CrowdsftError(f"The cluster could not do the step: {error}") from error
    return message


def _check_reachable(address: str) -> None:
    """Ray itself would try for minutes."""
    parts = urlparse(address if "://" in address else f"gcs://{address}")
    try:
        if not parts.hostname or not parts.port:
            raise ValueError("it must be host:port or ray://host:port")
        with socket.create_connection((parts.hostname, parts.port), timeout=CONNECT_SECONDS):
            pass
    except (OSError, ValueError) as error:
        raise _unreachable(address, error) from error


def _unreachable(address: str, error: Exception) -> InputError:
    where = "on this machine" if address == "auto" else f"at {address}"
    return InputError(
        f"There is no Ray cluster {where}: {error} Start one (ray start --head), name another with --ray-address, or "
        "use --executor local."
    )
