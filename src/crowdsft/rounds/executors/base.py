"""What an executor is: it does a step somewhere, and the events are the same wherever that was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from crowdsft.core.campaign import CampaignState, Step
from crowdsft.core.events import Event
from crowdsft.rounds.resources import Resources
from crowdsft.rounds.steps import Wait
from crowdsft.rounds.store import Store


class Executor(Protocol):
    """Does steps for a worker that holds the claim on them.

    Laws: the events do not depend on the executor, clocks apart; artifacts that events name can be read through
    `resources.artifacts` when `do` returns; when `check` raises, or `do` is left in any other way, nothing goes on.
    """

    def connect(self) -> None:
        """Get ready, or say what is missing. Raises: CrowdsftError."""
        ...

    def do(
        self,
        step: Step,
        state: CampaignState,
        store: Store,
        resources: Resources,
        *,
        check: Callable[[], None],
    ) -> tuple[Event, ...] | Wait:
        """Do `step` and return what happened.

        Args:
            check: Called from time to time; raises WorkerLostClaim when the claim is gone.

        Raises:
            WorkerLostClaim: from `check`.
            CrowdsftError: what the step itself raises, or that the step could not be done there.
        """
        ...

    def close(self) -> None:
        """Let go of what `connect` took."""
        ...
