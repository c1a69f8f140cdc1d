"""The worker: claim a step that is due, do it, write down what happened, look for the next.

A worker may be killed at any moment. Its lease runs out, another worker claims the step with a higher
fencing number and does it again; whatever the first one still tries to write is refused.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from crowdsft.core.campaign import CampaignState, next_step
from crowdsft.core.errors import CrowdsftError, JournalError, WorkerLostClaim
from crowdsft.rounds.checkpoints import checkpoint
from crowdsft.rounds.executors import Executor, LocalExecutor
from crowdsft.rounds.resources import Resources
from crowdsft.rounds.steps import Wait
from crowdsft.rounds.store import Claim, Store

logger = logging.getLogger(__name__)

LEASE_SECONDS = 60.0
IDLE_SECONDS = 0.3
MAX_ATTEMPTS = 5


def worker_name() -> str:
    """A name that no other worker has: process number and a random part."""
    return f"{os.getpid()}-{uuid.uuid4().hex[:8]}"


@dataclass(slots=True)
class Worker:
    """Does steps, one after the other.

    Args:
        store: Where claims, journal and contributions are.
        resources: Its tools.
        executor: Where heavy steps are done.
        chore: What to do when no step is due; returns whether there was anything.
        raise_errors: Raise an error of a step (one campaign in the foreground) instead of trying it again later.
    """

    store: Store
    resources: Resources
    lease_seconds: float = LEASE_SECONDS
    executor: Executor = field(default_factory=LocalExecutor)
    chore: Callable[[], bool] = lambda: False
    raise_errors: bool = False
    name: str = field(default_factory=worker_name)

    def work_once(self, campaign: str | None = None) -> bool:
        """Do one step, if one is due and free. Returns whether there was one."""
        claim = self.store.claim(self.name, lease_seconds=self.lease_seconds, campaign=campaign)
        if claim is None:
            return False
        checkpoint(claim.step.name, "claimed", claim.step.round_number)
        try:
            with _Heartbeat(self.store, claim, self.lease_seconds) as heartbeat:
                self._do(claim, heartbeat)
        except WorkerLostClaim:
            logger.warning("worker %s lost its claim on %s; another worker goes on", self.name, claim.step)
        except CrowdsftError as error:
            self._failed(claim, error)
            if self.raise_errors:
                raise
            logger.error("campaign %s, %s: %s", claim.campaign, claim.step, error)
        except Exception as error:
            self._failed(claim, error)
            if self.raise_errors:
                raise
            logger.exception("campaign %s, %s failed", claim.campaign, claim.step)
        except BaseException:
            self.store.postpone(claim, seconds=0.0, reason="the worker was stopped")
            raise
        return True

    def _do(self, claim: Claim, heartbeat: _Heartbeat) -> None:
        state = self.store.load(claim.campaign)
        due = next_step(state)
        if due != claim.step:
            raise JournalError(f"The step table says {claim.step}, but the journal says that {due} is due.")
        result = self.executor.do(claim.step, state, self.store, self.resources, check=heartbeat.check)
        checkpoint(claim.step.name, "done", claim.step.round_number)
        heartbeat.check()
        if isinstance(result, Wait):
            self.store.postpone(claim, seconds=result.seconds, reason=result.reason)
            return
        self.store.commit(claim, state, result)
        checkpoint(claim.step.name, "committed", claim.step.round_number)

    def _failed(self, claim: Claim, error: Exception) -> None:
        last = self.raise_errors or claim.attempts >= MAX_ATTEMPTS
        seconds = None if last else float(2**claim.attempts)
        try:
            self.store.fail(claim, seconds=seconds, error=f"{type(error).__name__}: {error}")
        except WorkerLostClaim:
            logger.warning("worker %s failed at %s after losing its claim", self.name, claim.step)

    def run_forever(self, stop: threading.Event) -> None:
        """Work until `stop` is set."""
        while not stop.is_set():
            if not self.work_once() and not self._do_chore():
                stop.wait(IDLE_SECONDS)

    def _do_chore(self) -> bool:
        try:
            return self.chore()
        except Exception:
            logger.exception("a chore of worker %s failed", self.name)
            return False

    def run_campaign(self, campaign: str, told: Callable[[CampaignState], None]) -> CampaignState:
        """Work on one campaign until it is finished; `told` hears of every step that was written."""
        while True:
            did_something = self.work_once(campaign)
            state = self.store.load(campaign)
            if did_something:
                told(state)
            if state.is_finished:
                return state
            if not did_something:
                time.sleep(IDLE_SECONDS)


class _Heartbeat:
    """Prolongs a lease from a thread of its own while the step is being done."""

    def __init__(self, store: Store, claim: Claim, lease_seconds: float) -> None:
        self._store, self._claim, self._lease_seconds = store, claim, lease_seconds
        self._done = threading.Event()
        self._lost = False
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> _Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        self._thread.join()

    def check(self) -> None:
        """Raises: WorkerLostClaim when another worker took over."""
        if self._lost:
            raise WorkerLostClaim(f"the lease on {self._claim.step} ran out")

    def _beat(self) -> None:
        try:
            while not self._done.wait(self._lease_seconds / 4):
                try:
                    self._store.renew(self._claim, lease_seconds=self._lease_seconds)
                except WorkerLostClaim:
                    self._lost = True
                    return
                except Exception:
                    logger.warning(
                        "could not renew the lease on %s; trying again", self._claim.step, exc_info=True
                    )
        finally:
            self._store.close()
