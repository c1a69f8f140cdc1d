"""Measurement noise in the units in which groups differ."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def spread_between_groups(contributors: Floats, *, groups: int, step: float) -> Floats:
    """float64[R, d, d]: a factor F; F z with standard normal z varies as a random group's candidate does.

    The covariance of the mean of s out of n vectors is their covariance times (1 - s/n)/s; a candidate
    moves `step` of the way there.

    Args:
        contributors: float64[R, n, d].
        groups: Number of groups; s = n / groups.
        step: As in `SimulationSettings`.
    """
    runs, count, dimensions = contributors.shape
    if count < 2 or groups < 2:
        return np.zeros((runs, dimensions, dimensions))
    centred = contributors - contributors.mean(axis=1, keepdims=True)
    covariance = np.swapaxes(centred, 1, 2) @ centred / (count - 1)
    variance_share = (1 - 1 / groups) * groups / count
    values, directions = np.linalg.eigh(covariance)
    factor: Floats = directions * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    factor *= step * np.sqrt(variance_share)
    return factor
