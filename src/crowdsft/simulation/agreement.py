"""How well points agree with Shapley values, for many runs at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]


def pearson(first: Floats, second: Floats) -> Floats:
    """float64[R]: correlation of the rows of float64[R, n] twice; NaN where a row is constant."""
    a = first - first.mean(axis=1, keepdims=True)
    b = second - second.mean(axis=1, keepdims=True)
    length = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    product: Floats = (a * b).sum(axis=1)
    is_constant = (np.ptp(first, axis=1) == 0) | (np.ptp(second, axis=1) == 0)
    result = np.full(len(length), np.nan)
    np.divide(product, length, out=result, where=~is_constant & (length > 0))
    return result


def spearman(first: Floats, second: Floats) -> Floats:
    """float64[R]: correlation of the rows' ranks (equal values share the mean rank); NaN where constant."""
    return pearson(rankdata(first, axis=1), rankdata(second, axis=1))
