"""Every group gets its part of the higher and of the lower half."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crowdsft.core.grouping.dealing import (
    Floats,
    Indices,
    checked_points,
    deal,
    halves_shuffled,
    order_by_points,
)
from crowdsft.core.grouping.design import Design


@dataclass(frozen=True, slots=True)
class Interleaved:
    """The upper half by points, shuffled, then the lower half, shuffled, dealt in one continuous round.

    Difference from the paper: its deal starts again at the first group for the lower half, which leaves
    groups of uneven size (25 contributors in 5 groups: 6, 6, 5, 4, 4) or even an empty one; that form is
    `interleaved_paper`.

    Source: the paper's "interleaved" (experiment 3).
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
        dealt, _ = halves_shuffled(order_by_points(points, rng), rng)
        return deal(dealt, np.arange(dealt.shape[1]) % groups)
