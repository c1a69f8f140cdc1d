"""How much contributors differ: what an unknown contributor's effect has to be measured against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TRUSTED_AFTER = 8  # comparisons between groups after which both estimates of the spread count the same


def prudent_spread(estimated: float, weights: Sequence[Floats], effects: Sequence[Floats]) -> float:
    """Variance of contributors' effects, from an estimate that may have mistaken them for noise.

    As long as few groups have been compared, no estimate can tell differences between contributors from
    noise; then all differences between groups count as differences between contributors, so that nobody
    looks known who is not. The more comparisons, the more the estimate is trusted.

    Args:
        estimated: The estimate.
        weights: float64[G, N] of each round.
        effects: float64[G] of each round; what the groups' means add to the utility.
    """
    squares = sum(float(((effect - effect.mean()) ** 2).sum()) for effect in effects)
    shares = sum(float(((weight - weight.mean(axis=0)) ** 2).sum()) for weight in weights)
    comparisons = sum(len(effect) - 1 for effect in effects)
    trust = comparisons / (comparisons + TRUSTED_AFTER)
    most = squares / shares if shares > 0 else estimated
    return trust * estimated + (1 - trust) * max(most, estimated)


def spread_between(effects: Floats, unknown: Floats) -> float:
    """Variance of effects float64[N] between contributors, corrected for what shrinkage took of them.

    Args:
        effects: Estimates that are drawn to their mean where little is known.
        unknown: float64[N]; share of each effect that is open.
    """
    known = float((1 - unknown).sum())
    return float(((effects - effects.mean()) ** 2).sum()) / known if known > 1e-9 else 0.0
