"""Weights in proportion to the square of the points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crowdsft.core.weighting.base import Floats, checked_pair


@dataclass(frozen=True, slots=True)
class PointsSquared:
    """w in proportion to points^2; all 1 while nobody has points.

    Source: the paper's weighted centroid (experiment 3), where points start at 1. Difference from it: a
    weight of 0 for everybody is an equal weight, not an error.
    """

    def weights(self, points: Floats, merit: Floats) -> Floats:
        """See `Weighting.weights`."""
        earned, _ = checked_pair(points, merit)
        largest = earned.max(axis=1, keepdims=True)
        squares = np.divide(earned, largest, out=np.ones_like(earned), where=largest > 0) ** 2
        weights: Floats = squares / squares.mean(axis=1, keepdims=True)
        return weights
