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
        unlikelihood: Minus the log likelihood of the embeddings; lower is better.
    """

    vectors: Floats
    covariance: Floats
    unlikelihood: float


def decode(made_of: Floats, embeddings: Floats) -> Decoded:
    """Solve embeddings = made_of @ [vectors; first base] by ridge regression towards the vectors' mean.

    The penalty is the ratio of variances, noise over contributors, under which the embeddings are most
    likely; each dimension has its own variance and all share the ratio.

    Args:
        made_of: float64[K, N + 1]; rows with sum 1, see `Measured`.
        embeddings: float64[K, d].

    Source: not in the paper. Ridge regression, its penalty by maximum marginal likelihood.
    """
    count = made_of.shape[1] - 1
    people = made_of[:, :count]
    common = COMMON_SCALE * np.stack([people.sum(axis=1), made_of[:, -1]], axis=1)
    centre = embeddings.mean(axis=0)
    U, s, Vt = np.linalg.svd(np.hstack([people, common]), full_matrices=False)
    is_real = s > SMALLEST * s[0]
    U, s, Vt = U[:, is_real], s[is_real], Vt[is_real]
    outcome = embeddings - centre
    seen = U.T @ outcome
    unseen = np.maximum((outcome**2).sum(axis=0) - (seen**2).sum(axis=0), 0.0)
    unlikelihood, penalty = most_likely_penalty(s**2, seen**2, unseen, rows=len(outcome))
    shrunk = s / (s**2 + penalty)
    solution = Vt.T @ (shrunk[:, None] * seen)
    open_share = np.eye(count) - (Vt[:, :count].T * (s * shrunk)) @ Vt[:, :count]
    return Decoded(
        vectors=centre + COMMON_SCALE * solution[count] + solution[:count],
        covariance=_centred(open_share),
        unlikelihood=unlikelihood,
    )


def unlikelihood_of(made_of: Floats, embeddings: Floats) -> float:
    """`Decoded.unlikelihood`, without decoding; cheaper when there are few rows."""
    people, first = made_of[:, :-1], made_of[:, -1:]
    common = COMMON_SCALE * np.hstack([people.sum(axis=1, keepdims=True), first])
    power, directions = np.linalg.eigh(people @ people.T + common @ common.T)
    outcome = directions.T @ (embeddings - embeddings.mean(axis=0))
    is_real = power > SMALLEST**2 * power[-1]
    seen, unseen = outcome[is_real] ** 2, (outcome[~is_real] ** 2).sum(axis=0)
    return most_likely_penalty(power[is_real], seen, unseen, rows=len(outcome))[0]


def most_likely_penalty(power: Floats, seen: Floats, unseen: Floats, *, rows: int) -> tuple[float, float]:
    """The penalty under which outcomes are most likely, and minus the log likelihood there.

    Outcomes of dimension k are normal with covariance v_k (B B' + penalty I), every v_k at its best.

    Args:
        power: float64[r]; the non-zero eigenvalues of B B'.
        seen: float64[r, d]; squared outcomes along them.
        unseen: float64[d]; summed squared outcomes in the rows' other directions.
        rows: Number of outcomes, at least r.

    Returns:
        Minus the log likelihood, up to a constant; the penalty, in units of `power`.
    """
    tried = PENALTIES * power.max()
    denominators = power[:, None] + tried  # [r, p]
    lengths = (1 / denominators).T @ seen + unseen / tried[:, None]  # [p, d]
    floor = np.finfo(np.float64).tiny
    volume = np.log(denominators).sum(axis=0) + (rows - len(power)) * np.log(tried)
    varies = (seen.sum(axis=0) + unseen) > floor
    unlikely = 0.5 * rows * np.log(np.maximum(lengths[:, varies], floor)).sum(axis=1)
    unlikely += 0.5 * varies.sum() * volume
    best = int(np.argmin(unlikely))
    return float(unlikely[best]), float(tried[best])


def _centred(matrix: Floats) -> Floats:
    """C M C with C = I - 1/N: from effects to differences from their mean."""
    part = matrix - matrix.mean(axis=0)
    result: Floats = part - part.mean(axis=1, keepdims=True)
    return result
