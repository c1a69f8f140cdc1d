"""How members' vectors mix in a candidate: as a plain mean, or as a power mean.

A power mean of exponent p is the plain mean of p-th powers, taken back; 1 is the plain mean, and the larger the
exponent, the more a group's largest entries decide. Only entries that are not negative have one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.accounting.decoding import predictions_without_own

Floats = NDArray[np.float64]

EXPONENTS = (0.5, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)  # tried first, beside the plain mean
REFINEMENTS = 4  # each tries both sides of the best exponent at half of the distance
CLEARLY = 0.5  # share of the plain mean's squared error that a power mean must not exceed to be believed


@dataclass(frozen=True, slots=True)
class Mixing:
    """mix(u) = (mean of u**exponent)**(1 / exponent)."""

    exponent: float = 1.0

    def raised(self, vectors: Floats) -> Floats:
        """Vectors of which models are plain means."""
        return vectors if self.exponent == 1 else np.maximum(vectors, 0.0) ** self.exponent

    def taken_back(self, means: Floats) -> Floats:
        """Models from plain means of raised vectors."""
        return means if self.exponent == 1 else np.maximum(means, 0.0) ** (1 / self.exponent)


PLAIN = Mixing()


def most_likely_mixing(weights: Floats, centroids: Floats) -> Mixing:
    """The mixing by which each group's centroid is best foretold from the other groups'.

    Args:
        weights: float64[K, N]; of each group's members.
        centroids: float64[K, d]; what the groups' members mixed to.

    Returns:
        The plain mean, unless a power mean is clearly better, there are more groups than contributors to
        test it by, and no centroid has a negative entry.
    """
    if len(weights) <= int((weights > 0).any(axis=0).sum()) + 1:
        return PLAIN
    if (centroids < -1e-9 * np.abs(centroids).max(initial=0.0)).any():
        return PLAIN
    made_of = np.pad(weights, ((0, 0), (0, 1)))

    def error(mixing: Mixing) -> float:
        foretold = mixing.taken_back(predictions_without_own(made_of, mixing.raised(centroids)))
        return float(((centroids - foretold) ** 2).sum())

    plain = error(PLAIN)
    if plain <= 1e-12 * float((centroids**2).sum()):
        return PLAIN  # what is left is rounding
    found = {exponent: error(Mixing(exponent)) for exponent in EXPONENTS}
    gap = 1.3  # as a factor, about that between the first exponents
    for _ in range(REFINEMENTS):
        best, gap = min(found, key=found.__getitem__), gap**0.5
        found |= {exponent: error(Mixing(exponent)) for exponent in (best / gap, best * gap)}
    best = min(found, key=found.__getitem__)
    return Mixing(best) if found[best] <= CLEARLY * plain else PLAIN
