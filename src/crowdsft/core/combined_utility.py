"""Several judges' utilities as one: in common units, on common rows, added up by weight.

A judge's rows are divided by the spread of the first base's rows, so that a weight says how many of those spreads
count as one. Judges may have looked at other numbers of rows (a language model at fewer outputs, the likelihood at
expert answers); their rows are stretched so that every mean and every standard error stays what it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import EvaluationError

Floats = NDArray[np.float64]

NO_SPREAD = 1e-12


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one judge says about all models of a round.

    Args:
        rows: float64[J + 1, m]; the base first; column i of all models belongs together.
        weight: The judge's share of all weight, in [0, 1].
        scale: What the rows are divided by; positive.
    """

    rows: Floats
    weight: float
    scale: float


def spread_of(base: Floats) -> float:
    """The unit of a judge: the standard deviation of the base's rows, float64[m].

    1 where the rows do not differ, as with a judge that compares each model with the base: a win is 1 then.
    """
    spread = float(base.std(ddof=1))
    return spread if spread > NO_SPREAD else 1.0


def stretched(rows: Floats, count: int) -> Floats:
    """Rows float64[..., n] as float64[..., count], n <= count, means and standard errors of means kept.

    Row i stays at place i, so that what two judges say about the same output stays paired; the places behind are
    filled with the mean. The map is linear: differences of stretched rows are stretched differences.
    """
    n = rows.shape[-1]
    if n == count:
        return rows
    mean = rows.mean(axis=-1, keepdims=True)
    factor = np.sqrt(count * (count - 1) / (n * (n - 1)))
    wide = np.repeat(mean, count, axis=-1)
    wide[..., :n] = mean + factor * (rows - mean)
    return wide


def combined(opinions: Sequence[Opinion]) -> Floats:
    """float64[J + 1, m]: the weighted sum in common units; m is the largest number of rows of any judge with weight.

    Raises:
        EvaluationError: No judge has weight.
    """
    counted = [opinion for opinion in opinions if opinion.weight > 0]
    if not counted:
        raise EvaluationError("no judge has weight; give one a weight in judging.weights.")
    count = max(opinion.rows.shape[-1] for opinion in counted)
    parts = [opinion.weight / opinion.scale * stretched(opinion.rows, count) for opinion in counted]
    return np.asarray(np.sum(parts, axis=0))
