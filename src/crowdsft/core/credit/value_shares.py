"""From the values of candidates that one contributor each has trained: how much of each one's work helps."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crowdsft.core.errors import InputError

Floats = NDArray[np.float64]

REACH = 1.2
"""A candidate of a few steps does not show all that its data hold: what it gained is taken this many times."""
LEAST, MOST = 0.03, 0.90


def shares_from_values(values: ArrayLike, *, base: float, best: float) -> Floats:
    """float64[n] in [LEAST, MOST]: the part of each contributor's work that is taken to help.

    The way from the base's value to the best possible one is the whole; a contributor's candidate went part
    of it. Nobody is taken to be hopeless or perfect after one look.

    Args:
        values: float64[n]; utility (higher is better) of the candidate that each contributor alone trained.
        base: Utility of the model that they all started from.
        best: Utility of a perfect model: 0 where utility is minus a distance.

    Raises:
        InputError: A value is not finite, or `best` is not above `base`.
    """
    reached = np.asarray(values, dtype=np.float64)
    if not (np.isfinite(reached).all() and np.isfinite([base, best]).all()):
        raise InputError("a value is not a finite number; check the candidates' evaluation.")
    if best <= base:
        raise InputError(
            f"the base's value is {base} and the best possible one {best}; nothing is to be gained."
        )
    shares: Floats = np.clip(REACH * (reached - base) / (best - base), LEAST, MOST)
    return shares
