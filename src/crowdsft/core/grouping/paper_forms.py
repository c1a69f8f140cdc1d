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
    deal,
    halves_shuffled,
    is_random_round,
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
        keys = np.where(is_random, rng.random(points.shape), points)
        return cut(np.argsort(keys, axis=1, kind="stable"), groups)


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
        places = np.arange(dealt.shape[1])
        return deal(dealt, np.where(places < upper, places, places - upper) % groups)
