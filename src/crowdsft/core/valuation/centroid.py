"""Accurate Shapley values of averaging games whose average is cheap: contributors as vectors.

The game: a coalition S is worth the utility of the mean of its members' vectors, and nobody is worth
the utility of the zero vector. The utility is minus the L2 or L1 distance to a target, or the inner
product with it.

- "dot" has a closed form: phi_i = [a_i + (H_n - 1) (a_i - mean of the others' a)] / n, a_i = u_i . e.
- Up to 16 contributors, all 2^n coalitions are evaluated.
- Otherwise phi_i is a mean over t = 0 .. n-1 of the expected marginal of i for t random others. Sizes
  0, 1, n-2 and n-1 are enumerated. In between random coalitions are drawn, many small and few large
  ones (in proportion to 1/size, because the spread of marginals falls with size). Each shows one
  marginal of *every* contributor: of joining for those outside, of staying for those inside. Per t,
  marginals are regressed on two controls whose expectations are known in closed form: the step along
  the gradient at the grand mean, and the change of the squared distance to the target. A value is the
  expectation of the fit plus the contributor's mean residual; what is missing to efficiency is spread
  evenly.

Source: the Shapley values of the paper's third experiment; the paper estimates them by KernelSHAP,
which at 100 contributors is mostly noise.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import InputError
from crowdsft.core.valuation.result import Valuation

Floats = NDArray[np.float64]
CentroidUtility = Literal["l2", "l1", "dot"]

ENUMERATE_UP_TO = 16
COALITIONS_PER_PERMUTATION = {"l2": 2, "l1": 4}
_CHUNK_ELEMENTS = 200_000


def centroid_truth(
    vectors: Floats,
    target: Floats,
    *,
    evaluation: CentroidUtility,
    rng: np.random.Generator,
    permutations: int = 128,
) -> Valuation:
    """Shapley values of the centroid game; standard errors around 1 % of the values' spread by default.

    Args:
        vectors: float64[n, d]; one row per contributor.
        target: float64[d].
        evaluation: "l2", "l1" (minus a distance) or "dot" (inner product).
        rng: Chance for the sampled sizes; not used for "dot" or up to 16 contributors.
        permutations: Effort; 2 (L1: 4) times as many coalitions are drawn, and each shows a marginal of
            every contributor.

    Returns:
        A Valuation with values and errors float64[n]; errors are 0 where the values are exact.

    Raises:
        InputError: Shapes that do not fit, numbers that are not finite, or an unknown evaluation.
    """
    vectors, target = np.asarray(vectors, dtype=np.float64), np.asarray(target, dtype=np.float64)
    values, errors = centroid_truth_batch(
        vectors[None], target[None], evaluation=evaluation, rng=rng, permutations=permutations
    )
    ends = _utility(np.stack([vectors.mean(axis=0), np.zeros_like(target)]), target, evaluation)
    return Valuation(
        method="centroid_truth",
        values=values[0],
        errors=errors[0],
        evaluations=centroid_evaluations(len(vectors), evaluation, permutations=permutations),
        total=float(ends[0] - ends[1]),
    )


def centroid_truth_batch(
    vectors: Floats,
    targets: Floats,
    *,
    evaluation: CentroidUtility,
    rng: np.random.Generator,
    permutations: int = 128,
) -> tuple[Floats, Floats]:
    """Shapley values of R centroid games of one shape at once.

    Args:
        vectors: float64[R, n, d].
        targets: float64[R, d].
        evaluation: "l2", "l1" or "dot".
        rng: Chance for the sampled sizes.
        permutations: Effort, as in `centroid_truth`.

    Returns:
        Values and standard errors, both float64[R, n].

    Raises:
        InputError: Shapes that do not fit, numbers that are not finite, or an unknown evaluation.
    """
    vectors, targets = np.asarray(vectors, dtype=np.float64), np.asarray(targets, dtype=np.float64)
    _check(vectors, targets, evaluation, permutations)
    if evaluation == "dot":
        return _inner_product(vectors, targets)
    runs, n, _ = vectors.shape
    values, errors = np.zeros((runs, n)), np.zeros((runs, n))
    coalitions = 2**n if n <= ENUMERATE_UP_TO else COALITIONS_PER_PERMUTATION[evaluation] * permutations
    step = max(1, _CHUNK_ELEMENTS // (coalitions * n))
    for start in range(0, runs, step):
        part = slice(start, start + step)
        if n <= ENUMERATE_UP_TO:
            values[part] = _enumerated(vectors[part], targets[part], evaluation)
        else:
            sizes = _sizes_to_draw(n, coalitions)
            values[part], errors[part] = _sampled(vectors[part], targets[part], evaluation, sizes, rng)
    return values, errors


def _check(vectors: Floats, targets: Floats, evaluation: str, permutations: int) -> None:
    if evaluation not in ("l2", "l1", "dot"):
        raise InputError(f"there is no centroid utility named {evaluation!r}. Allowed: dot, l1, l2.")
    if vectors.ndim != 3 or targets.ndim != 2 or targets.shape != (vectors.shape[0], vectors.shape[2]):
        raise InputError(
            f"vectors [runs, contributors, dimensions] have shape {vectors.shape} and targets "
            f"[runs, dimensions] {targets.shape}; runs and dimensions must agree."
        )
    if vectors.shape[1] == 0:
        raise InputError("there are no contributors: give at least one vector.")
    if not (np.isfinite(vectors).all() and np.isfinite(targets).all()):
        raise InputError("vectors and targets must be finite numbers; replace missing entries first.")
    if permutations < 1:
        raise InputError(f"permutations is {permutations}; it must be at least 1.")


def centroid_evaluations(n: int, evaluation: CentroidUtility, *, permutations: int = 128) -> int:
    """How many coalitions `centroid_truth` looks at for n contributors."""
    if evaluation == "dot":
        return n + 2
    if n <= ENUMERATE_UP_TO:
        return 1 << n
    drawn = len(_sizes_to_draw(n, COALITIONS_PER_PERMUTATION[evaluation] * permutations))
    return 2 + 2 * n + n * (n - 1) + drawn * (n + 1)


def _utility(points: Floats, target: Floats, evaluation: str) -> Floats:
    """Utility of points[..., d] under target[..., d], broadcast against each other."""
    if evaluation == "dot":
        return np.asarray((points * target).sum(axis=-1))
    if evaluation == "l1":
        return -np.asarray(np.abs(points - target).sum(axis=-1))
    return -np.asarray(np.sqrt(((points - target) ** 2).sum(axis=-1)))


def _inner_product(vectors: Floats, targets: Floats) -> tuple[Floats, Floats]:
    """Closed form for the inner product; exact."""
    n = vectors.shape[1]
    worth = np.einsum("rnd,rd->rn", vectors, targets)
    if n == 1:
        return worth, np.zeros_like(worth)
    harmonic = (1 / np.arange(1, n + 1)).sum()
    others = (worth.sum(axis=1, keepdims=True) - worth) / (n - 1)
    return (worth + (harmonic - 1) * (worth - others)) / n, np.zeros_like(worth)


@lru_cache(maxsize=4)
def _all_coalitions(n: int) -> tuple[Floats, Floats]:
    """Averaging weights float64[2^n, n] of every coalition, and Shapley weights float64[2^n, n]."""
    member = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    size = member.sum(axis=1)
    factorial = np.cumprod(np.concatenate([[1.0], np.arange(1.0, n + 1)]))
    inside = factorial[np.maximum(size - 1, 0)] * factorial[n - size] / factorial[n]
    outside = factorial[size] * factorial[np.maximum(n - size - 1, 0)] / factorial[n]
    weights = np.where(member == 1, inside[:, None], -outside[:, None])
    return member / np.maximum(size, 1)[:, None], weights


def _enumerated(vectors: Floats, targets: Floats, evaluation: str) -> Floats:
    averaging, weights = _all_coalitions(vectors.shape[1])
    worth = np.stack([_utility(averaging @ u, e, evaluation) for u, e in zip(vectors, targets, strict=True)])
    return np.asarray(worth @ weights)


def _sizes_to_draw(n: int, coalitions: int) -> NDArray[np.int64]:
    """Ascending sizes of the coalitions to draw: 2 .. n-2, each at least once, in proportion to 1/size."""
    sizes = np.arange(2, n - 1)
    share = 1 / sizes
    repeats = np.maximum(np.round(share / share.sum() * coalitions), 1).astype(np.int64)
    return np.repeat(sizes, repeats)


def _sampled(
    vectors: Floats, targets: Floats, evaluation: str, sizes: NDArray[np.int64], rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Enumerated ends and sampled middle; values and standard errors float64[R, n]."""
    n = vectors.shape[1]
    away = vectors - targets[:, None]
    total = _utility(vectors.mean(axis=1), targets, evaluation) - _utility(
        np.zeros_like(targets), targets, evaluation
    )
    ends = _enumerated_ends(vectors, targets, evaluation)
    middle, variance = _sampled_middle(away, evaluation, sizes, rng)
    values = (ends + middle) / n
    values += ((total - values.sum(axis=1)) / n)[:, None]
    return values, np.sqrt(variance) / n


def _enumerated_ends(vectors: Floats, targets: Floats, evaluation: str) -> Floats:
    """float64[R, n]; sum of the expected marginals to coalitions of 0, 1, n-2 and n-1 others."""
    n = vectors.shape[1]
    away = vectors - targets[:, None]
    total = away.sum(axis=1, keepdims=True)
    nobody = _utility(np.zeros_like(targets), targets, evaluation)[:, None]
    alone, everyone = _minus_norm(away, evaluation), _minus_norm(total, evaluation) / n
    without = _minus_norm(total - away, evaluation) / (n - 1)
    nothing = np.zeros_like(total)
    pairs = _other_pair_sums(nothing, away, 1.0, evaluation) / 2
    without_pairs = _other_pair_sums(total, away, -1.0, evaluation) / (n - 2)
    others_alone = alone.sum(axis=1, keepdims=True) - alone
    others_without = without.sum(axis=1, keepdims=True) - without
    second, last_but_one = pairs - others_alone, others_without - without_pairs
    return np.asarray(alone - nobody + everyone - without + (second + last_but_one) / (n - 1))


def _minus_norm(away: Floats, evaluation: str) -> Floats:
    """Minus the L1 or L2 norm over the last axis."""
    if evaluation == "l1":
        return -np.asarray(np.abs(away).sum(axis=-1))
    return -np.asarray(np.sqrt(np.einsum("...d,...d->...", away, away)))


def _other_pair_sums(start: Floats, away: Floats, sign: float, evaluation: str) -> Floats:
    """float64[R, n]; for each i the sum over j != i of -norm(start + sign (away_i + away_j))."""
    n = away.shape[1]
    first = start + sign * away
    norms = _neighbour_norms(first, away, np.full((away.shape[0], n, n), sign), evaluation)
    return np.asarray(norms.sum(axis=2) - np.einsum("rii->ri", norms))


def _neighbour_norms(sums: Floats, away: Floats, sign: Floats, evaluation: str) -> Floats:
    """float64[R, m, n]; -norm(sums[r, k] + sign[r, k, i] away[r, i])."""
    if evaluation == "l2":
        return -np.sqrt(np.maximum(_neighbour_squares(sums, away, sign), 0.0))
    norms = np.zeros(sign.shape)
    for axis in range(away.shape[2]):
        norms -= np.abs(sums[:, :, None, axis] + sign * away[:, None, :, axis])
    return norms


def _neighbour_squares(sums: Floats, away: Floats, sign: Floats) -> Floats:
    """float64[R, m, n]; |sums[r, k] + sign[r, k, i] away[r, i]|^2, by one matrix product."""
    cross = sums @ away.transpose(0, 2, 1)
    own = np.einsum("rnd,rnd->rn", away, away)[:, None]
    return np.asarray(2 * sign * cross + own + np.einsum("rmd,rmd->rm", sums, sums)[:, :, None])


def _sampled_middle(
    away: Floats, evaluation: str, sizes: NDArray[np.int64], rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Sum over t = 2 .. n-3 of expected marginals to t others, and its variance; both float64[R, n]."""
    runs, n, _ = away.shape
    member = np.zeros((runs, len(sizes), n), dtype=np.bool_)
    first = np.broadcast_to(np.arange(n) < sizes[:, None], member.shape)
    np.put_along_axis(member, rng.random(member.shape).argsort(axis=2), first, axis=2)
    sign = np.where(member, -1.0, 1.0)
    slope = _gradient(away.mean(axis=1), evaluation)
    marginals, linear, quadratic = _marginals(away, evaluation, slope, sizes, member, sign)
    mean_linear, mean_quadratic = expected_controls(away, slope, np.arange(2.0, n - 2))
    steps = _StepSums(member, sizes)
    fit = _fit_controls(steps, marginals, linear, quadratic)
    residual = (
        marginals - steps.spread(fit[0]) - steps.spread(fit[1]) * linear - steps.spread(fit[2]) * quadratic
    )
    middle = fit[0].sum(axis=1)[:, None] + np.einsum("rt,rtn->rn", fit[1], mean_linear)
    middle += np.einsum("rt,rtn->rn", fit[2], mean_quadratic)
    count = steps.per_player(np.ones_like(residual))
    at_least_one = np.maximum(count, 1)
    middle += (steps.per_player(residual) / at_least_one).sum(axis=1)
    squares = steps.per_player(residual**2)
    pooled = squares.sum(axis=2, keepdims=True) / np.maximum(count.sum(axis=2, keepdims=True) - 3, 1)
    variance = (squares + pooled) / at_least_one
    return middle, (variance / at_least_one).sum(axis=1)


def _gradient(mean_away: Floats, evaluation: str) -> Floats:
    """float64[R, d]; gradient of the utility at the grand mean."""
    if evaluation == "l1":
        return -np.sign(mean_away)
    length = np.linalg.norm(mean_away, axis=1, keepdims=True)
    return -np.asarray(mean_away / np.maximum(length, 1e-300))


def _marginals(
    away: Floats,
    evaluation: str,
    slope: Floats,
    sizes: NDArray[np.int64],
    member: NDArray[np.bool_],
    sign: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Marginals, their linear and their quadratic control; each float64[R, m, n].

    Row k shows v(S + i) - v(S) for those outside coalition k and v(S) - v(S - i) for those inside.
    """
    size = sizes.astype(np.float64)
    next_size = size[:, None] + sign
    sums = member.astype(np.float64) @ away
    norms = _neighbour_norms(sums, away, sign, evaluation)
    squares = _neighbour_squares(sums, away, sign)
    own = (_minus_norm(sums, evaluation) / size)[:, :, None]
    own_squares = (np.einsum("rmd,rmd->rm", sums, sums) / size**2)[:, :, None]
    along = np.einsum("rmd,rd->rm", sums, slope)
    step = np.einsum("rnd,rd->rn", away, slope)[:, None]
    linear = (along[:, :, None] + sign * step) / next_size - (along / size)[:, :, None]
    return sign * (norms / next_size - own), sign * linear, sign * (squares / next_size**2 - own_squares)


def expected_controls(away: Floats, slope: Floats, sizes: Floats) -> tuple[Floats, Floats]:
    """Expectations of two controls for each contributor joining t random others.

    Args:
        away: float64[R, n, d]; vectors less the target, n >= 3.
        slope: float64[R, d]; the direction of the linear control.
        sizes: float64[T]; numbers t of others, at least 1.

    Returns:
        Expected change of slope.(mean of the members), and of |mean of the members - target|^2; both
        float64[R, T, n].
    """
    n = away.shape[1]
    t = sizes[:, None]
    others = (away.sum(axis=1, keepdims=True) - away) / (n - 1)
    own = np.einsum("rnd,rnd->rn", away, away)[:, None]
    mean_square = np.einsum("rnd,rnd->rn", others, others)[:, None]
    spread = (own.sum(axis=2, keepdims=True) - own - (n - 1) * mean_square) / (n - 2)
    variance = spread / t * (1 - t / (n - 1))
    cross = np.einsum("rnd,rnd->rn", others, away)[:, None]
    joined = (t**2 * (mean_square + variance) + 2 * t * cross + own) / (t + 1) ** 2
    linear = np.einsum("rnd,rd->rn", away - others, slope)[:, None] / (t + 1)
    return linear, joined - mean_square - variance


class _StepSums:
    """Sums over the samples of one step t -> t+1, t = 2 .. n-3, whether seen from below or from above."""

    def __init__(self, member: NDArray[np.bool_], sizes: NDArray[np.int64]) -> None:
        self.inside = member
        self.starts = np.flatnonzero(np.diff(sizes, prepend=0))
        self.row_of = sizes - 2

    def per_player(self, samples: Floats) -> Floats:
        """samples float64[R, m, n] -> float64[R, t, n]."""
        below = np.add.reduceat(np.where(self.inside, 0.0, samples), self.starts, axis=1)
        above = np.add.reduceat(np.where(self.inside, samples, 0.0), self.starts, axis=1)
        return np.asarray(below[:, :-1] + above[:, 1:])

    def in_all(self, samples: Floats) -> Floats:
        """samples float64[R, m, n] -> float64[R, t]."""
        above = np.where(self.inside, samples, 0.0).sum(axis=2)
        below = samples.sum(axis=2) - above
        above, below = (np.add.reduceat(part, self.starts, axis=1) for part in (above, below))
        return np.asarray(below[:, :-1] + above[:, 1:])

    def spread(self, per_step: Floats) -> Floats:
        """per_step float64[R, t] -> float64[R, m, n]; samples of no step (from size 2 down, n-2 up) get 0."""
        padded = np.pad(per_step, ((0, 0), (1, 1)))
        below, above = padded[:, 1:][:, self.row_of, None], padded[:, :-1][:, self.row_of, None]
        return np.where(self.inside, above, below)


def _fit_controls(
    steps: _StepSums, marginals: Floats, linear: Floats, quadratic: Floats
) -> tuple[Floats, Floats, Floats]:
    """Least squares per step of the marginals on [1, linear, quadratic]; each coefficient float64[R, t]."""
    count = steps.in_all(np.ones_like(marginals))
    y, a, b = (steps.in_all(x) / count for x in (marginals, linear, quadratic))
    centred = [x - steps.spread(mean) for x, mean in ((marginals, y), (linear, a), (quadratic, b))]
    aa, bb, ab = (steps.in_all(centred[i] * centred[j]) for i, j in ((1, 1), (2, 2), (1, 2)))
    ay, by = steps.in_all(centred[1] * centred[0]), steps.in_all(centred[2] * centred[0])
    determinant = aa * bb - ab**2
    solvable = determinant > 1e-9 * aa * bb
    determinant = np.where(solvable, determinant, 1.0)
    single = np.where(aa > 0, ay / np.where(aa > 0, aa, 1.0), 0.0)
    slope_a = np.where(solvable, (bb * ay - ab * by) / determinant, single)
    slope_b = np.where(solvable, (aa * by - ab * ay) / determinant, 0.0)
    return y - slope_a * a - slope_b * b, slope_a, slope_b
