"""Strengths of models from blind pairwise votes, with intervals.

A voter sees two outputs for one prompt and says which is better, or that they are the same. Model j beats model
k with probability 1 / (1 + exp(s_k - s_j)) (Bradley and Terry, 1952); a tie counts as half a win for both. A
weak prior keeps strengths finite where one model won every vote.

Source: not in the paper, which selects by distance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import InputError

Floats = NDArray[np.float64]

PRIOR = 0.1  # precision of a normal prior on each strength around their mean: a tenth of a vote or so
STEPS = 100
ENOUGH_VOTERS = 5  # below, how much voters differ cannot be told from their votes


@dataclass(frozen=True, slots=True)
class Ballot:
    """One vote.

    Args:
        voter: Who; votes of one voter are not independent.
        first, second: Models, numbered from 0; 0 is the base.
        result: 1 when the first is better, 0 when they are the same, -1 when the second is better.
    """

    voter: str
    first: int
    second: int
    result: int


@dataclass(frozen=True, slots=True)
class Strengths:
    """How m models compare.

    Args:
        gains: float64[m]; strength of each less that of model 0: log odds of being preferred to it.
        covariance: float64[m, m]; of the gains (row and column 0 are 0).
        wins: float64[m]; ties count half.
        comparisons: int64[m]; votes that the model was in.
    """

    gains: Floats
    covariance: Floats
    wins: Floats
    comparisons: NDArray[np.int64]

    def errors(self) -> Floats:
        """float64[m]: standard errors of the gains."""
        return np.sqrt(np.maximum(np.diagonal(self.covariance), 0.0))

    def difference_error(self, first: int, second: int) -> float:
        """Standard error of the difference between two models' strengths."""
        c = self.covariance
        return float(np.sqrt(max(c[first, first] + c[second, second] - 2 * c[first, second], 0.0)))

    def intervals(self, confidence: float) -> Floats:
        """float64[m, 2]: lower and upper ends around the gains."""
        half = NormalDist().inv_cdf(0.5 + confidence / 2) * self.errors()
        return np.stack([self.gains - half, self.gains + half], axis=1)


def strengths(ballots: Sequence[Ballot], *, models: int) -> Strengths:
    """Bradley-Terry strengths of `models` models.

    The variance of each is the larger of two: one that takes votes as independent, and one that takes voters as
    independent (sandwich estimator by voter), so that a few busy voters do not look like a crowd.

    Args:
        ballots: In any order.
        models: m, at least 2, the base (0) included.

    Raises:
        InputError: when a ballot names a model twice or one that does not exist, or its result is not -1, 0 or 1.
    """
    for ballot in ballots:
        _check(ballot, models)
    first = np.array([ballot.first for ballot in ballots], dtype=np.int64)
    second = np.array([ballot.second for ballot in ballots], dtype=np.int64)
    share = np.array([(ballot.result + 1) / 2 for ballot in ballots], dtype=np.float64)
    values, hessian = _fit(first, second, share, models)
    inverse = np.asarray(np.linalg.inv(hessian), dtype=np.float64)
    contrast = np.eye(models) - np.eye(models)[[0]]  # every strength less the base's
    covariance = contrast @ inverse @ contrast.T
    by_voter = _sandwich(ballots, first, second, share, values, inverse)
    if by_voter is not None:
        covariance = _wider(covariance, contrast @ by_voter @ contrast.T)
    wins = np.asarray(
        np.bincount(first, share, models) + np.bincount(second, 1 - share, models), dtype=np.float64
    )
    counts = np.bincount(first, minlength=models) + np.bincount(second, minlength=models)
    return Strengths(values - values[0], covariance, wins, counts)


def _check(ballot: Ballot, models: int) -> None:
    known = range(models)
    if ballot.first == ballot.second or ballot.first not in known or ballot.second not in known:
        raise InputError(
            f"a ballot compares models {ballot.first} and {ballot.second}; name two of the {models} different ones."
        )
    if ballot.result not in (-1, 0, 1):
        raise InputError(f"a ballot's result is {ballot.result}; it must be -1, 0 or 1.")


def _fit(
    first: NDArray[np.int64], second: NDArray[np.int64], share: Floats, models: int
) -> tuple[Floats, Floats]:
    """The most likely strengths (sum 0) and the Hessian there, by Newton's method with halved steps."""
    values = np.zeros(models)
    best = _unlikelihood(values, first, second, share)
    for _ in range(STEPS):
        gradient, hessian = _derivatives(values, first, second, share)
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while (found := _unlikelihood(values - size * step, first, second, share)) > best + 1e-12:
            size /= 2
        values, best = values - size * step, found
        if np.abs(step).max() < 1e-10:
            break
    return values, _derivatives(values, first, second, share)[1]


def _unlikelihood(
    values: Floats, first: NDArray[np.int64], second: NDArray[np.int64], share: Floats
) -> float:
    margins = values[first] - values[second]
    votes = np.logaddexp(0.0, -margins) @ share + np.logaddexp(0.0, margins) @ (1 - share)
    return float(votes + 0.5 * PRIOR * values @ values)


def _derivatives(
    values: Floats, first: NDArray[np.int64], second: NDArray[np.int64], share: Floats
) -> tuple[Floats, Floats]:
    models = len(values)
    chance = 1 / (1 + np.exp(values[second] - values[first]))
    gradient = (
        PRIOR * values
        + np.bincount(first, chance - share, models)
        - np.bincount(second, chance - share, models)
    )
    curvature = chance * (1 - chance)
    hessian = PRIOR * np.eye(models)
    np.add.at(hessian, (first, first), curvature)
    np.add.at(hessian, (second, second), curvature)
    np.add.at(hessian, (first, second), -curvature)
    np.add.at(hessian, (second, first), -curvature)
    return gradient, hessian


def _sandwich(
    ballots: Sequence[Ballot],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    share: Floats,
    values: Floats,
    inverse: Floats,
) -> Floats | None:
    voters, of_ballot = np.unique([ballot.voter for ballot in ballots], return_inverse=True)
    if len(voters) < ENOUGH_VOTERS:
        return None
    surprise = share - 1 / (1 + np.exp(values[second] - values[first]))
    scores = np.zeros((len(voters), len(values)))
    np.add.at(scores, (of_ballot, first), surprise)
    np.add.at(scores, (of_ballot, second), -surprise)
    middle = scores.T @ scores * len(voters) / (len(voters) - 1)
    return np.asarray(inverse @ middle @ inverse)


def _wider(one: Floats, other: Floats) -> Floats:
    """The first covariance, stretched so that no variance is below that of the second."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.sqrt(np.maximum(np.diagonal(other) / np.diagonal(one), 1.0))
    stretch = np.where(np.isfinite(ratio), ratio, 1.0)
    return np.asarray(one * stretch[:, None] * stretch)
