"""What a reward policy is: from finished rounds to whole points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.evaluation import Utility
from crowdsft.core.evidence import RoundRecord

Floats = NDArray[np.float64]


class PointUtility(Protocol):
    """The utility of an embedding for one campaign: evaluation and target bound together."""

    def __call__(self, embeddings: Floats, /) -> Floats:
        """float64[...]: the utility of embeddings float64[..., d]; higher is better."""
        ...

    def gradient(self, embeddings: Floats, /) -> Floats:
        """float64[..., d]: the change of utility per unit of each coordinate."""
        ...


@dataclass(frozen=True, slots=True)
class BoundUtility:
    """An evaluation bound to a target, as reward policies want it. target: float64[d]."""

    evaluation: Utility
    target: Floats

    def __call__(self, embeddings: Floats, /) -> Floats:
        """float64[...] for embeddings float64[..., d]."""
        return self.evaluation.utility(embeddings, self.target)

    def gradient(self, embeddings: Floats, /) -> Floats:
        """float64[..., d] for embeddings float64[..., d]."""
        return self.evaluation.gradient(embeddings, self.target)


@dataclass(frozen=True, slots=True)
class Award:
    """One contributor's part of one settlement, with everything needed to explain it.

    Args:
        contributor: Who.
        points: Paid now, never negative.
        estimate: What the contributor's work is worth so far, in points; None where the policy makes no
            estimates. Negative for work that lowered the model's utility: shown, never paid.
        low: Lower end of the interval around `estimate`, in points.
        high: Upper end of it.
        for_rounds: The rounds that this pays for; two or more when carried budgets are paid.
    """

    contributor: str
    points: int
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    for_rounds: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is paid after a round, and what stays back.

    Args:
        awards: One for each contributor that took part so far (points may be 0), sorted by contributor.
        carry: Budget of rounds that are not paid yet, because nothing has stood out of the noise since.
        escrow: Budget of paid rounds that is kept back until the estimates are sure.
        covered_rounds: Number of rounds through the last significant one. The balances after this
            settlement and `escrow` sum to budget_per_round * covered_rounds.
    """

    awards: tuple[Award, ...]
    carry: int
    escrow: int
    covered_rounds: int


class RewardPolicy(Protocol):
    """Turns the evidence of finished rounds into points.

    Laws, for every entry of `REWARDS`:
        - pure: the same arguments give the same settlement;
        - conservation: in every round awards + change of escrow + change of carry = the round's budget;
        - no award is negative, balances and escrow never exceed the budget of the covered rounds, and at
            closing the balances equal it;
        - equal records earn within one point of each other; nothing contributed, nothing earned;
        - neither the order of contributors nor their names matter, but for ties (at most two points).
    """

    def settle(
        self,
        history: Sequence[RoundRecord],
        *,
        balances: Mapping[str, int],
        budget_per_round: int,
        utility: PointUtility | None,
        seed: int,
        closing: bool = False,
    ) -> Settlement:
        """Settle the last round of `history`.

        Called once after each round with the history up to and including it, and once more at the end of
        the campaign with `closing=True`.

        Args:
            history: The campaign's finished rounds, oldest first.
            balances: Points paid so far, by contributor; contributors without points may be missing.
            budget_per_round: Points that each round brings.
            utility: The campaign's utility of embeddings; None when its evaluator has no embedding.
            seed: Settles ties.
            closing: Whether the campaign is over and escrow has to be paid out.

        Raises:
            InputError: when the history lacks what the policy needs, or the balances exceed the budget.
        """
        ...
