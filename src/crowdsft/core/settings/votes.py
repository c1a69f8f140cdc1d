"""The settings of blind votes: how long, how many, and what they decide."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from crowdsft.core.errors import Fault
from crowdsft.core.sentences import sentence
from crowdsft.core.settings.section import Section


class VotesSection(Section):
    """Blind votes on the candidates, when `minutes` is given: how long, how many, and what they decide.

    "break_ties": votes choose among candidates that beat the base and are within noise of the best. "decide": a
    candidate wins when voters prefer it to the base beyond noise, and to the others.
    """

    minutes: Annotated[float, Field(gt=0, le=525_600)] | None = None
    role: Literal["break_ties", "decide"] = "break_ties"
    per_voter: Annotated[int, Field(ge=1, le=10_000)] = 20
    enough: Annotated[int, Field(ge=1)] | None = None

    @property
    def decide(self) -> bool:
        """Whether who wins is up to the voters."""
        return self.minutes is not None and self.role == "decide"


def votes_faults(votes: VotesSection, policy: str | None) -> list[Fault]:
    """What a vote lacks, and a policy that cannot pay by one. None: points have faults of their own."""
    if votes.minutes is None:
        given = [
            name for name, is_set in (("role", votes.role == "decide"), ("enough", votes.enough)) if is_set
        ]
        return [
            Fault(
                f"votes.{name}",
                sentence("says something about a vote, but there is none; set votes.minutes, too"),
            )
            for name in given
        ]
    if votes.decide and policy == "decoded_shapley":
        return [
            Fault(
                "points.policy",
                sentence(
                    'is "decoded_shapley", which pays by embeddings, but with votes.role = "decide" '
                    'voters value; use "ridge_history", "rank" or "marginal"'
                ),
            )
        ]
    return []
