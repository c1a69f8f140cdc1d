"""How far a candidate goes from the base to its members' mean, when nobody says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.accounting import decoding, value_model
from crowdsft.core.accounting.composition import Measured, compose
from crowdsft.core.accounting.crowd import Crowd
from crowdsft.core.evidence import RoundRecord

Floats = NDArray[np.float64]

COARSE = (1.0, 0.7, 0.5, 0.35, 0.25, 0.18, 0.125, 0.09, 0.06, 0.04)
MOST_REFINEMENTS = 15  # each tries both sides of the best step at a third of the distance
FLAT = 0.5  # log likelihood; where both neighbours of a step are as likely as this, it is fine enough
CLEARLY = 2.0  # log likelihood by which a step must beat 1, which needs no knowledge of the base
FIRST_ROWS = 96  # measured models looked at: the base moves most in the first rounds, and more cost time


def most_likely_step(history: Sequence[RoundRecord], crowd: Crowd, values: Floats) -> float:
    """The step under which the embeddings, or where there are none the values, are most likely.

    Args:
        history: Rounds, oldest first.
        crowd: Its contributors.
        values: float64[K]; of each round's base, then its candidates.
    """
    if all(has_embeddings(record) for record in history):
        return step_of_embeddings(history, crowd)
    return step_of_values(history, crowd, values)


def step_of_embeddings(history: Sequence[RoundRecord], crowd: Crowd) -> float:
    """The step under which the embeddings of the first rounds are most likely."""
    first = _first_rounds(history)
    embeddings = stacked_embeddings(first)
    return _search(
        lambda step: decoding.unlikelihood_of(compose(first, crowd, step=step).made_of, embeddings)
    )


def step_of_values(history: Sequence[RoundRecord], crowd: Crowd, values: Floats) -> float:
    """The step under which the values of the first rounds are most likely; less exact than embeddings."""
    first = _first_rounds(history)

    def unlikelihood(step: float) -> float:
        measured: Measured = compose(first, crowd, step=step)
        seen = values[: len(measured.made_of)]
        return value_model.least_unlikelihood(measured.made_of, seen, measured.round_of)

    return _search(unlikelihood)


def has_embeddings(record: RoundRecord) -> bool:
    """Whether the base's and all candidates' embeddings are known."""
    return record.embeddings is not None and record.base_embedding is not None


def stacked_embeddings(history: Sequence[RoundRecord]) -> Floats:
    """float64[K, d]: of each round's base, then its candidates, where all are known."""
    return np.concatenate(
        [
            np.vstack([record.base_embedding, record.embeddings])
            for record in history
            if record.base_embedding is not None and record.embeddings is not None
        ]
    )


def _first_rounds(history: Sequence[RoundRecord]) -> Sequence[RoundRecord]:
    return history[: max(2, FIRST_ROWS // (1 + len(history[0].values)))]


def _search(unlikelihood: Callable[[float], float]) -> float:
    """The step in (0, 1] of least unlikelihood; 1 when none is clearly more likely than 1.

    The search stops where a finer step makes no difference: soon under noise, late without.
    """
    found = {step: round(unlikelihood(step), 6) for step in COARSE}
    best = min(found, key=found.__getitem__)
    if found[best] > found[1.0] - CLEARLY:
        return 1.0
    gap = float(np.log(COARSE[0] / COARSE[-1])) / (len(COARSE) - 1)
    for _ in range(MOST_REFINEMENTS):
        gap /= 3
        sides = (best * float(np.exp(-gap)), min(1.0, best * float(np.exp(gap))))
        found.update({step: round(unlikelihood(step), 6) for step in sides})
        if max(found[step] for step in sides) - found[best] < FLAT:
            break
        best = min(found, key=found.__getitem__)
    return best
