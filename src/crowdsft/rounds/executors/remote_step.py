"""A step on a machine that has no database: what it is given, and what it says while it works and when it is done."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from queue import SimpleQueue
from typing import NoReturn, cast

import crowdsft
from crowdsft.core import errors
from crowdsft.core.campaign import CampaignState, Step
from crowdsft.core.errors import CrowdsftError
from crowdsft.core.events import Event
from crowdsft.rounds.resources import Resources
from crowdsft.rounds.steps import Wait, do
from crowdsft.rounds.store import ContributionRow, Store

SECONDS_BETWEEN_REPORTS = 0.5


@dataclass(frozen=True, slots=True)
class RemoteStep:
    """A step with everything that it needs.

    Args:
        texts: The contributions of the round; of all rounds, where the best of all so far are trained on.
        data: The worker's data folder, an absolute path.
        storage_url: Where artifacts are kept; "": in `data`, which every machine must see.
        version: Of the worker's crowdsft.
    """

    step: Step
    state: CampaignState
    texts: tuple[ContributionRow, ...]
    data: str
    storage_url: str
    version: str = crowdsft.__version__


@dataclass(frozen=True, slots=True)
class Report:
    """What is going on, and the share of the step that is done, in all and by model (see `ReportProgress`)."""

    message: str
    fraction: float
    parts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """What happened."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """Why the step could not be done; `kind` is the name of the error's class, `trace` says where it was raised."""

    kind: str
    message: str
    trace: str


def remote_step(step: Step, state: CampaignState, store: Store, resources: Resources) -> RemoteStep:
    """Pack `step` for another machine."""
    rounds = state.rounds if state.plan.training.keep != "all" else state.rounds[-1:]
    ids = [ref.id for past in rounds for ref in past.contributions or ()]
    storage = resources.artifacts.storage
    return RemoteStep(
        step,
        state,
        tuple(store.texts(state.campaign, ids)),
        str(resources.data.resolve()),
        storage.url if storage is not None else "",
    )


def perform(work: RemoteStep, *, place: str) -> Iterator[Report | Done | Failed]:
    """Do the step here: reports while it goes on, then one `Done` or `Failed`.

    Args:
        place: What this machine is called, for people.
    """
    said: SimpleQueue[Report | Done | Failed] = SimpleQueue()
    yield Report(f"{work.step.name} runs on {place}", 0.0)
    threading.Thread(target=_work, args=(work, said), daemon=True).start()
    while True:
        message = said.get()
        yield message
        if not isinstance(message, Report):
            return


def raise_again(failed: Failed) -> NoReturn:
    """Raise on this machine what was raised on another.

    Raises:
        CrowdsftError: of the same class, when it was one.
    """
    kind = getattr(errors, failed.kind, None)
    if isinstance(kind, type) and issubclass(kind, CrowdsftError):
        error = kind.__new__(kind)
        error.args = (failed.message,)
        raise error
    raise CrowdsftError(f"The step failed on the cluster, in code that should not fail:\n{failed.trace}")


def _work(work: RemoteStep, said: SimpleQueue[Report | Done | Failed]) -> None:
    told = 0.0

    def report(message: str, fraction: float, parts: Sequence[float] = ()) -> None:
        nonlocal told
        if time.monotonic() - told >= SECONDS_BETWEEN_REPORTS:
            told = time.monotonic()
            said.put(Report(message, fraction, tuple(parts)))

    try:
        _check(work)
        resources = _resources(work.data, work.storage_url)
        resources.report = report
        result = do(work.step, work.state, cast("Store", _Texts(work.texts)), resources)
        if isinstance(result, Wait):
            raise CrowdsftError(f"{work.step.name} waits for {result.reason}; it cannot do so on a cluster.")
        said.put(Done(result))
    except BaseException as error:
        said.put(Failed(type(error).__name__, str(error), traceback.format_exc()))


def _check(work: RemoteStep) -> None:
    if work.version != crowdsft.__version__:
        raise CrowdsftError(
            f"The cluster has crowdsft {crowdsft.__version__}, the worker {work.version}. Install the same version on "
            "every node."
        )
    if not work.storage_url and not Path(work.data).is_dir():
        raise CrowdsftError(
            f"The folder {work.data} cannot be seen on this node of the cluster. Mount it there, or set "
            "CROWDSFT_ARTIFACTS to a storage that every machine reaches (s3://bucket/folder)."
        )


@lru_cache(maxsize=1)
def _resources(data: str, storage_url: str) -> Resources:
    """Kept from step to step, so that a process of the cluster loads a base once."""
    if not storage_url:
        return Resources(Path(data))
    name = f"crowdsft-{os.getuid()}-{hashlib.sha256(storage_url.encode()).hexdigest()[:12]}"
    cache = Path(tempfile.gettempdir()) / name
    cache.mkdir(mode=0o700, exist_ok=True)
    if cache.stat().st_uid != os.getuid():
        raise CrowdsftError(f"The folder {cache} belongs to somebody else. Remove it, or set TMPDIR.")
    return Resources(cache, storage_url=storage_url)


class _Texts:
    """The one thing of a store that heavy steps ask for."""

    def __init__(self, rows: Sequence[ContributionRow]) -> None:
        self._rows = {row.id: row for row in rows}

    def texts(self, campaign: str, ids: Sequence[str]) -> Sequence[ContributionRow]:
        """See `Store.texts`."""
        return [self._rows[name] for name in ids if name in self._rows]
