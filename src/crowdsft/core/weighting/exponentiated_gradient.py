"""Multiplicative weights: who makes a group better counts more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crowdsft.core.errors import InputError
from crowdsft.core.weighting.base import Floats, checked_pair, effective_number

BISECTIONS = 40


@dataclass(frozen=True, slots=True)
class ExponentiatedGradient:
    """w in proportion to exp(rate * merit), flattened until enough contributors count.

    Exponentiated gradient ascent on the simplex of contributor weights: the merit adds up estimates of how
    the utility changes with each contributor's weight, and following them finds the combination of
    contributors that moves the model best. Left alone it ends at very few contributors, whose mistakes
    nobody would dilute, so the exponents are scaled down to where the effective number
    (sum w)^2 / sum w^2 is at least `least_effective_share` of the contributors. Scaling keeps everybody's
    order.

    Args:
        rate: How much an estimated effect of one standard deviation counts per round; 0: equal weights.
        least_effective_share: In [0, 1]; 0 takes the floor away, 1 gives equal weights.

    Source: not in the paper. Kivinen and Warmuth, "Exponentiated gradient versus gradient descent" (1997).
    """

    rate: float = 0.1
    least_effective_share: float = 0.1

    def __post_init__(self) -> None:
        if not (np.isfinite(self.rate) and self.rate >= 0):
            raise InputError(f"rate is {self.rate}; it must be a number of at least 0.")
        if not 0 <= self.least_effective_share <= 1:
            raise InputError(
                f"least_effective_share is {self.least_effective_share}; it lies between 0 and 1."
            )

    def weights(self, points: Floats, merit: Floats) -> Floats:
        """See `Weighting.weights`."""
        _, shown = checked_pair(points, merit)
        exponents = self.rate * (shown - shown.max(axis=1, keepdims=True))
        scale = _largest_scale(exponents, self.least_effective_share * exponents.shape[1])
        weights = np.exp(scale * exponents)
        flattened: Floats = weights / weights.mean(axis=1, keepdims=True)
        return flattened


def _largest_scale(exponents: Floats, least_effective: float) -> Floats:
    """float64[R, 1] in [0, 1]: as close to 1 as the effective number allows.

    The effective number falls as the scale grows, from n at scale 0, so bisection finds the place.
    """
    runs = len(exponents)
    low, high = np.zeros((runs, 1)), np.ones((runs, 1))
    low[effective_number(np.exp(exponents)) >= least_effective] = 1.0
    if low.all():
        return low
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        enough = effective_number(np.exp(middle * exponents))[:, None] >= least_effective
        low, high = np.where(enough, middle, low), np.where(enough, high, middle)
    return low
