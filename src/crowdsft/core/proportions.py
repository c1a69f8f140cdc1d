"""Ranges around a share that was counted."""

from __future__ import annotations

import math
from statistics import NormalDist

from crowdsft.core.errors import InputError


def wilson_interval(successes: int, trials: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """The range in which the share lies that `successes` of `trials` point to.

    It stays within 0 and 1 and is honest about few trials: 4 of 4 may be a share of .51. Without a trial it is 0 to 1.

    Raises:
        InputError: for counts or a confidence that cannot be.

    Source: Wilson (1927), the score interval.
    """
    if not 0 <= successes <= trials or not 0 < confidence < 1:
        raise InputError(
            f"{successes} of {trials} at confidence {confidence} is no share; count 0 to {trials} successes, and take "
            "a confidence between 0 and 1."
        )
    if trials == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share, spread = successes / trials, z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    return max(0.0, middle - half), min(1.0, middle + half)
