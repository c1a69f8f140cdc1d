"""The authors' groupings with their peculiarities, for reproducing the published numbers.

They deal unevenly and break ties by place in the list, so a campaign should not use them. The paper's
random split has no peculiarity: it is `random`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crowdsft.core.grouping.dealing import (
    Floats,
    Indices,
    checked_points,
    cut,
    halves_shuffled,
    is_random_round,
    positions,
    shuffled_order,
)
from crowdsft.core.grouping.design import Design


@dataclass(frozen=True, slots=True)
class EpsilonGreedyPaper:
    """`EpsilonGreedy` with equal points ordered by place in the list. Source: "epsilon_greedy"."""

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
        is_random = is_random_round(len(points), round_number, rounds, 0.4, rng)
        by_points = positions(np.argsort(points, axis=1, kind="stable"))
        return cut(np.where(is_random, shuffled_order(points.shape, rng), by_points), groups)


@dataclass(frozen=True, slots=True)
class InterleavedPaper:
    """`Interleaved` with the deal started again at the first group for each half. Source: "interleaved".

    The first groups get the odd members of both halves; with 2 contributors and 2 groups one stays empty.
    """

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
        dealt, upper = halves_shuffled(np.argsort(points, axis=1, kind="stable"), rng)
        places = positions(dealt)
        return np.where(places < upper, places, places - upper) % groups
