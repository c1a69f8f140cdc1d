"""Of whom each measured model is made.

A group's candidate lies `step` of the way from the round's base to its members' weighted mean:
candidate = (1 - step) base + step W u. As every base is the first one or an earlier candidate, each measured
model is a weighted mean of the contributors' vectors and of the model that the campaign started from, with
weights that are known. With step = 1 a candidate is the mean of its members and the base does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.accounting.crowd import Crowd
from crowdsft.core.evidence import RoundRecord

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Measured:
    """All measured models of a history, one row each: a round's base, then its candidates.

    Args:
        made_of: float64[K, N + 1]; weights of the contributors, and of the first base in the last column;
            every row sums to 1.
        round_of: int64[K]; index of the round in which the row was measured.
        bases: float64[T, N + 1]; of what each round's base is made.
    """

    made_of: Floats
    round_of: Integers
    bases: Floats


def compose(history: Sequence[RoundRecord], crowd: Crowd, *, step: float) -> Measured:
    """Follow the winners through `history`.

    Args:
        history: Rounds, oldest first.
        crowd: Its contributors.
        step: In (0, 1].
    """
    base = np.zeros(len(crowd) + 1)
    base[-1] = 1.0
    left_by = {0: base}  # round number -> of what the model it left is made
    rows, bases = [], []
    for record, weights in zip(history, crowd.weights, strict=False):
        if record.starts_from is not None:
            base = left_by[record.starts_from]
        candidates = (1 - step) * base + step * np.pad(weights, ((0, 0), (0, 1)))
        rows.append(np.vstack([base, candidates]))
        bases.append(base)
        if record.winner is not None:
            base = candidates[record.winner]
        elif record.merged is not None:
            base = record.merged @ candidates
        left_by[record.round_number] = base
    round_of = np.repeat(np.arange(len(history)), [len(block) for block in rows])
    return Measured(made_of=np.concatenate(rows), round_of=round_of, bases=np.array(bases))
