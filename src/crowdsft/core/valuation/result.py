"""What a valuation found: values, how sure it is of them, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Valuation:
    """Values of the n players of one game.

    Args:
        method: Name of the method that found them.
        values: float64[n]; in the game's own unit.
        errors: float64[n]; standard error of each value; 0 where the value is exact.
        evaluations: How many coalitions were evaluated.
        total: v(all) - v(nobody); what an efficient method's values sum to.
    """

    method: str
    values: Floats
    errors: Floats
    evaluations: int
    total: float

    @property
    def efficiency_gap(self) -> float:
        """|sum of the values - (v(all) - v(nobody))|."""
        return abs(float(self.values.sum()) - self.total)

    def intervals(self, confidence: float = 0.95) -> Floats:
        """float64[n, 2]; lower and upper end of each value's interval under a normal error."""
        half = NormalDist().inv_cdf(0.5 + confidence / 2) * self.errors
        return np.stack([self.values - half, self.values + half], axis=1)
