"""How often each contribution is trained on: the best of all so far, and a little of everybody's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Keeping:
    """Keeps the best part of the contributions and explores with the rest.

    Args:
        share: Part of all contributions so far that is kept, in (0, 1].
        floor: Part of the training that goes evenly to all contributions, kept or not, so that nobody is
            silenced for good and a wrong score can be found out; in [0, 1].
    """

    share: float = 0.25
    floor: float = 0.05

    def __post_init__(self) -> None:
        if not (0 < self.share <= 1 and 0 <= self.floor <= 1):
            raise InputError(
                f"share is {self.share} and floor {self.floor}; both are parts: share in (0, 1], floor in [0, 1]."
            )

    def kept(self, scores: Floats) -> NDArray[np.bool_]:
        """bool[m]: the best part by score, at least one; of equal scores the first."""
        kept = np.zeros(len(scores), dtype=bool)
        count = max(1, int(self.share * len(scores)))
        kept[np.argsort(-scores, kind="stable")[:count]] = True
        return kept

    def weights(self, scores: Floats) -> Floats:
        """float64[m] of sum 1; every entry is at least floor / m."""
        return weights_of(self.kept(scores), floor=self.floor)


def weights_of(kept: NDArray[np.bool_], *, floor: float) -> Floats:
    """float64[m] of sum 1: what is kept shares 1 - floor evenly, and everything shares the rest; see `Keeping`."""
    whole = kept if kept.any() else np.ones(len(kept), dtype=bool)
    weights: Floats = (1 - floor) * whole / whole.sum() + floor / len(kept)
    return weights


def drawn(weights: Floats, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """int64[count]: indices in proportion to `weights`, each floor or ceiling of its expected number of times.

    Systematic sampling in random order: of all ways to draw in proportion the one with the least chance in it.

    Raises:
        InputError: No weight is positive, or one is negative.
    """
    if not len(weights) or weights.min() < 0 or not weights.sum() > 0:
        raise InputError("nothing can be drawn: weights must not be negative, and one must be positive.")
    order = rng.permutation(len(weights))
    ends = np.cumsum(weights[order] / weights.sum())
    places = np.searchsorted(ends, (np.arange(count) + rng.random()) / count, side="right")
    return np.asarray(order[np.minimum(places, np.flatnonzero(weights[order])[-1])], dtype=np.int64)
