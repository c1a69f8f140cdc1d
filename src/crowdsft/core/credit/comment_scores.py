"""A score for each contribution: how likely it is to help, from what is known of it and of its contributor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crowdsft.core.errors import InputError

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scoring:
    """What counts how much.

    The gain of a contribution is what its log-likelihood per token rises from the first base to a model that
    has come nearer to the target and was not trained on it. Gains are measured by another model each round,
    so they count in standard deviations of their round.

    Args:
        own: Weight of the contribution's own gain.
        contributor: Weight of the mean gain of all its contributor's work, which is less noisy.
    """

    own: float = 1.5
    contributor: float = 3.0

    def scores(self, gains: ArrayLike, *, rounds: Indices, contributors: Indices, shares: Floats) -> Floats:
        """float64[m]: higher is better; monotone in the gain and in the contributor's share.

        Args:
            gains: float64[m]; NaN where no model was fit to measure it: then the contributor alone counts.
            rounds: int64[m]; gains with equal numbers were measured by the same yardstick.
            contributors: int64[m], in [0, n).
            shares: float64[n] in (0, 1); part of each contributor's work that is taken to help.

        Raises:
            InputError: Lengths differ, or a share is not inside (0, 1).
        """
        measured = np.asarray(gains, dtype=np.float64)
        if not measured.shape == rounds.shape == contributors.shape:
            raise InputError(
                f"gains, rounds and contributors have {measured.shape}, {rounds.shape} and "
                f"{contributors.shape} entries; there must be one of each for every contribution."
            )
        if not ((shares > 0) & (shares < 1)).all():
            raise InputError("a contributor's share must lie between 0 and 1, ends excluded.")
        standard = standardised(measured, rounds)
        known = ~np.isnan(measured)
        counts = np.bincount(contributors[known], minlength=len(shares))
        sums = np.bincount(contributors[known], standard[known], minlength=len(shares))
        means = np.divide(sums, counts, out=np.zeros(len(shares)), where=counts > 0)
        prior = np.log(shares / (1 - shares))
        found: Floats = self.own * standard + (self.contributor * means + prior)[contributors]
        return found


def standardised(gains: Floats, rounds: Indices) -> Floats:
    """float64[m]: gains less their round's mean, over their round's standard deviation; 0 where unknown."""
    result = np.zeros(len(gains))
    known = ~np.isnan(gains)
    for number in np.unique(rounds[known]):
        here = known & (rounds == number)
        spread = gains[here].std()
        if spread > 0:
            result[here] = (gains[here] - gains[here].mean()) / spread
    return result
