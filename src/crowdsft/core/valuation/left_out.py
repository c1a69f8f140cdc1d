"""How well a fit predicts coalitions that it did not use, and what that says about its values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.valuation.samples import Floats


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Predictions of blocks (a coalition, or a pair of complements) from all other blocks.

    Args:
        directions: float64[b, n]; membership - s/n of each block's smaller coalition.
        effects: float64[b]; left-out residual of the block, weighted so that sum of effect * direction is
            what would have to be added to the fit's Shapley values.
        expected: float64[b]; variance that the fit itself expects of `effects`.
    """

    directions: Floats
    effects: Floats
    expected: Floats

    def widening(self) -> float:
        """Factor, at least 1, by which the values' variances are too small.

        The larger of two: residuals against what the fit expected of them, each with the weight that
        it has in the values; and what the residuals add up to, beyond what chance would let them.
        """
        if len(self.effects) < 2:
            return 1.0
        length = (self.directions**2).sum(axis=1)
        seen, expected = length @ self.effects**2, length @ self.expected
        return max(1.0, float(seen / expected)) if expected > 0 else 1.0

    def excess(self) -> float:
        """Estimated mean square error of the values: square of what the residuals add up to, less chance."""
        added = self.effects @ self.directions
        return float((added**2).mean() - ((self.directions**2).T @ self.effects**2).mean())


def row_weights(sizes: NDArray[np.int64], known: NDArray[np.bool_], n: int) -> Floats:
    """Weight of a drawn coalition's residual in the Shapley values of all residuals; float64[m].

    phi_i = (1/n) sum over s of mean residual * (membership - s/n) / (s/n (1 - s/n)). Sizes that were not
    drawn are spoken for by the nearest that was; at `known` sizes (bool[n+1]) nothing is left over.
    """
    count = np.bincount(sizes, minlength=n + 1)
    drawn = np.flatnonzero(count)
    share = np.zeros(n + 1)
    for size in range(1, n):
        if not known[size]:
            share[drawn[np.argmin(np.abs(drawn - size))]] += 1 / n
    p = sizes / n
    return np.asarray(share[sizes] / count[sizes] / (p * (1 - p)))
