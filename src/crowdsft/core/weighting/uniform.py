"""Everybody counts the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crowdsft.core.weighting.base import Floats, checked_pair


@dataclass(frozen=True, slots=True)
class Uniform:
    """All weights are 1: the best history for telling contributors apart, and the fairest to newcomers."""

    def weights(self, points: Floats, merit: Floats) -> Floats:
        """See `Weighting.weights`."""
        earned, _ = checked_pair(points, merit)
        return np.ones_like(earned)
