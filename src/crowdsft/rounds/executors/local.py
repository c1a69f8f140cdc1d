"""Steps are done in the worker's own process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crowdsft.core.campaign import CampaignState, Step
from crowdsft.core.events import Event
from crowdsft.rounds.resources import Resources
from crowdsft.rounds.steps import Wait, do
from crowdsft.rounds.store import Store


@dataclass(frozen=True, slots=True)
class LocalExecutor:
    """The default: nothing else to start. Further workers are further processes."""

    def connect(self) -> None:
        """There is nothing to connect to."""

    def do(
        self,
        step: Step,
        state: CampaignState,
        store: Store,
        resources: Resources,
        *,
        check: Callable[[], None],
    ) -> tuple[Event, ...] | Wait:
        """See `Executor.do`; a step that has begun is not interrupted."""
        return do(step, state, store, resources)

    def close(self) -> None:
        """There is nothing to let go of."""
