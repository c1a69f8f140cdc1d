"""Groups drawn at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crowdsft.core.grouping.dealing import Floats, Indices, checked_points, cut, shuffled_order
from crowdsft.core.grouping.design import Design


@dataclass(frozen=True, slots=True)
class RandomSplit:
    """Every balanced split is equally likely, whatever the points. Source: the paper's "random"."""

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
        return cut(shuffled_order(points.shape, rng), groups)
