"""Contributors' own vectors, decoded from the embeddings of what groups of them made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PENALTIES = 10.0 ** np.arange(-20, 4.1, 0.5)  # variance of noise over that of contributors, relative
SMALLEST = 1e-10  # singular values below this share of the largest are zero
COMMON_SCALE = 10.0  # prior spread of the common mean and the first base, over that of contributors


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the embeddings say about contributors.

    Args:
        vectors: float64[N, d]; who is not identified yet lies nearer to the mean of all.
        covariance: float64[N, N]; of the errors of contributors' differences from their mean, in units of
            the variance between contributors: about 1 on the diagonal where nothing is known, 0 where
            everything is.
        unseen: float64[N]; the part of the covariance's diagonal that no amount of precision would
            lower: directions in which the measured mixtures do not differ.
        unlikelihood: Minus the log likelihood of the embeddings; lower is better.
    """

    vectors: Floats
    covariance: Floats
    unseen: Floats
    unlikelihood: float


def decode(made_of: Floats, embeddings: Floats) -> Decoded:
    """Solve embeddings = made_of @ [vectors; first base] by ridge regression towards the vectors' mean.

    The penalty is the ratio of variances, noise over contributors, under which the embeddings are most
    likely.

    Args:
        made_of: float64[K, N + 1]; rows with sum 1, see `Measured`.
        embeddings: float64[K, d].

    Source: not in the paper. Ridge regression, its penalty by maximum marginal likelihood.
    """
    solved = _solve(made_of, embeddings)
    count = made_of.shape[1] - 1
    directions = solved.right[:, :count]
    shrunk = solved.size / (solved.size**2 + solved.penalty)
    solution = solved.right.T @ (shrunk[:, None] * solved.seen)
    open_share = np.eye(count) - (directions.T * (solved.size * shrunk)) @ directions
    return Decoded(
        vectors=embeddings.mean(axis=0) + COMMON_SCALE * solution[count] + solution[:count],
        covariance=_centred(open_share),
        unseen=np.diagonal(_centred(np.eye(count) - directions.T @ directions)).copy(),
        unlikelihood=solved.unlikelihood,
    )


def unlikelihood_of(made_of: Floats, embeddings: Floats) -> float:
    """`Decoded.unlikelihood`, without decoding."""
    return _solve(made_of, embeddings).unlikelihood


def predictions_without_own(made_of: Floats, embeddings: Floats) -> Floats:
    """float64[K, d]: what the other rows say about each row (leaving one out, in closed form)."""
    solved = _solve(made_of, embeddings)
    kept = solved.size**2 / (solved.size**2 + solved.penalty)
    centre = embeddings.mean(axis=0)
    fitted = centre + (solved.left * kept) @ solved.seen
    leverage = (solved.left**2) @ kept + 1 / len(embeddings)
    return np.asarray(embeddings - (embeddings - fitted) / np.maximum(1 - leverage, 1e-9)[:, None])


@dataclass(frozen=True, slots=True)
class _Solved:
    """Singular values float64[r], left vectors float64[K, r], right ones float64[r, N + 2], outcomes along the
    left ones float64[r, d]."""

    left: Floats
    size: Floats
    right: Floats
    seen: Floats
    penalty: float
    unlikelihood: float


def _solve(made_of: Floats, embeddings: Floats) -> _Solved:
    people, first = made_of[:, :-1], made_of[:, -1:]
    common = COMMON_SCALE * np.hstack([people.sum(axis=1, keepdims=True), first])
    left, size, right = np.linalg.svd(np.hstack([people, common]), full_matrices=False)
    is_real = size > SMALLEST * size[0]
    left, size, right = left[:, is_real], size[is_real], right[is_real]
    outcome = embeddings - embeddings.mean(axis=0)
    seen = left.T @ outcome
    unseen = ((outcome - left @ seen) ** 2).sum(axis=0)  # not a difference of squares: that would be rounding
    unlikelihood, penalty = most_likely_penalty(
        size**2, seen**2, unseen, rows=len(outcome), tried=PENALTIES * size[0] ** 2
    )
    return _Solved(left, size, right, seen, penalty, unlikelihood)


def most_likely_penalty(
    power: Floats, seen: Floats, unseen: Floats, *, rows: int, tried: Floats
) -> tuple[float, float]:
    """The penalty under which outcomes are most likely, and minus the log likelihood there.

    Outcomes are normal in each dimension with covariance v (B B' + penalty I), v at its best. One v for all
    dimensions: with one each, a dimension in which nobody differs and nothing is noisy would decide alone.
    The ratio of noise to what is seen has a prior density falling with its square.

    Args:
        power: float64[r]; the non-zero eigenvalues of B B'.
        seen: float64[r, d]; squared outcomes along them.
        unseen: float64[d]; summed squared outcomes in the rows' other directions.
        rows: Number of outcomes, at least r.
        tried: float64[p]; penalties to choose from.

    Returns:
        Minus the log likelihood, up to a constant; the penalty, in units of `power`.
    """
    denominators = power[:, None] + tried  # [r, p]
    lengths = (1 / denominators).T @ seen + unseen / tried[:, None]  # [p, d]
    floor = np.finfo(np.float64).tiny
    volume = np.log(denominators).sum(axis=0) + (rows - len(power)) * np.log(tried)
    values = rows * seen.shape[1]
    unlikely = 0.5 * values * np.log(np.maximum(lengths.sum(axis=1), floor)) + 0.5 * seen.shape[1] * volume
    unlikely += 2 * np.log1p(
        tried / np.median(power[power > SMALLEST * power.max()])
    )  # few outcomes must not pass for pure noise
    best = int(np.argmin(unlikely))
    return float(unlikely[best]), float(tried[best])


def _centred(matrix: Floats) -> Floats:
    """C M C with C = I - 1/N: from effects to differences from their mean."""
    part = matrix - matrix.mean(axis=0)
    result: Floats = part - part.mean(axis=1, keepdims=True)
    return result
