"""Who becomes the next base: the best candidate, if it is better than the base beyond noise.

All candidates and the base answered the same prompts with common random numbers, so utilities are paired by
row, and the noise of a difference is the standard error of the paired differences.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import EvaluationError

Floats = NDArray[np.float64]
Outcome = Literal["improved", "tie_broken", "no_improvement", "guarded"]


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Mean of paired differences and its standard error."""

    mean: float
    standard_error: float

    def exceeds(self, standard_errors: float) -> bool:
        """Whether the mean is above zero by more than `standard_errors` of its standard errors."""
        return self.mean > standard_errors * self.standard_error and self.mean > 0

    def falls_short(self, standard_errors: float) -> bool:
        """Whether the mean is below zero by more than `standard_errors` of its standard errors."""
        return self.mean < -standard_errors * self.standard_error and self.mean < 0


@dataclass(frozen=True, slots=True)
class Selection:
    """The outcome of a round.

    Args:
        winner: Index of the candidate that becomes the next base, or None: the base stays.
        outcome: "improved": one candidate stood out. "tie_broken": several were within noise of each other and
            the likelihood of the expert answers (or, without it, the higher utility) decided.
            "no_improvement": nobody was better than the base beyond noise. "guarded": all who were are barred.
        contenders: Candidates that were better than the base beyond noise and within noise of the best.
        barred: Candidates that were better than the base beyond noise, but that a guard does not let win.
    """

    winner: int | None
    outcome: Outcome
    contenders: tuple[int, ...]
    barred: tuple[int, ...] = ()


def paired_difference(a: Floats, b: Floats) -> PairedDifference:
    """Of `a - b`, float64[m] each, m >= 2, row by row."""
    differences = a - b
    return PairedDifference(
        float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))
    )


def select_winner(
    base: Floats,
    candidates: Floats,
    *,
    likelihoods: Floats | None = None,
    improvement_standard_errors: float = 2.0,
    tie_standard_errors: float = 2.0,
    harmful: Collection[int] = (),
) -> Selection:
    """Choose the next base.

    Args:
        base: float64[m], utilities of the base's outputs on the selection sample (higher is better).
        candidates: float64[J, m], utilities of each candidate's outputs, rows paired with `base`.
        likelihoods: float64[J], mean log-likelihood per token of the expert answers under each candidate.
        improvement_standard_errors: How many paired standard errors a candidate must be above the base.
        tie_standard_errors: Candidates whose distance to the best is within this many count as tied.
        harmful: Candidates that do worse than the base where a guard looks; they cannot win.

    Raises:
        EvaluationError: when a utility is not a finite number, or rows do not pair.

    Source: paper section III (the best candidate replaces the base); the tests against noise are ours.
    """
    _check(base, candidates, likelihoods)
    better = [
        index
        for index, utilities in enumerate(candidates)
        if paired_difference(utilities, base).exceeds(improvement_standard_errors)
    ]
    if not better:
        return Selection(None, "no_improvement", ())
    barred = tuple(index for index in better if index in harmful)
    better = [index for index in better if index not in barred]
    if not better:
        return Selection(None, "guarded", (), barred)
    best = max(better, key=lambda index: float(candidates[index].mean()))
    tied = tuple(
        index
        for index in better
        if index == best
        or not paired_difference(candidates[best], candidates[index]).exceeds(tie_standard_errors)
    )
    if len(tied) == 1:
        return Selection(best, "improved", tied, barred)
    if likelihoods is None:
        return Selection(best, "tie_broken", tied, barred)
    return Selection(max(tied, key=lambda index: float(likelihoods[index])), "tie_broken", tied, barred)


def _check(base: Floats, candidates: Floats, likelihoods: Floats | None) -> None:
    if base.ndim != 1 or candidates.ndim != 2 or candidates.shape[1] != len(base) or len(base) < 2:
        raise EvaluationError(
            f"Selection needs the same outputs, at least two, of the base and of every candidate; "
            f"got shapes {base.shape} and {candidates.shape}."
        )
    if not np.isfinite(base).all():
        raise EvaluationError(
            "A utility of the base model is not a finite number; check the embedding and the target."
        )
    for index, utilities in enumerate(candidates):
        if not np.isfinite(utilities).all():
            raise EvaluationError(
                f"A utility of candidate {index} is not a finite number; "
                "check its training, the embedding and the target."
            )
    if likelihoods is not None and not np.isfinite(likelihoods).all():
        raise EvaluationError(
            "A likelihood of the expert answers is not a finite number; check the candidates' training."
        )
