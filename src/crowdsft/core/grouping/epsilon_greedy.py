"""At random at first, later more and more often with equals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crowdsft.core.errors import InputError
from crowdsft.core.grouping.dealing import (
    Floats,
    Indices,
    checked_points,
    cut,
    is_random_round,
    order_by_points,
)
from crowdsft.core.grouping.design import Design


@dataclass(frozen=True, slots=True)
class EpsilonGreedy:
    """With probability max(least_chance, 1 - (round - 1) / rounds) at random, else sorted by points and cut.

    The cut puts contributors with similar points together, so that the best fill a group of their own.
    Difference from the paper: equal points are ordered by chance, not by place in the list.

    Args:
        least_chance: The probability of a random split never falls below this.

    Source: the paper's "epsilon_greedy" (experiment 3).
    """

    least_chance: float = 0.4

    def __post_init__(self) -> None:
        if not 0 <= self.least_chance <= 1:
            raise InputError(f"least_chance is {self.least_chance}; a probability lies between 0 and 1.")

    def assign(
        self,
        points: Floats,
        *,
        groups: int,
        round_number: int,
        rounds: int,
        rng: np.random.Generator,
        history: Design | None = None,
    ) -> Indices:
        """See `Grouping.assign`."""
        points = checked_points(points, groups=groups, round_number=round_number, rounds=rounds)
        is_random = is_random_round(len(points), round_number, rounds, self.least_chance, rng)
        seen = np.where(is_random, 0.0, points)  # where all look equal, the order is chance alone
        return cut(order_by_points(seen, rng), groups)
