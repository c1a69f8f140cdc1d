"""Each contributor's effect on the utility, from the values of all rounds' groups, for crowds of any size.

The model: a candidate's value is its round's level plus the weighted mean of its members' effects plus noise,
y = X b + e with X of `GroupHistory`, b ~ N(0, tau^2) and e ~ N(0, penalty tau^2). Given y,

    b = (X'X + penalty)^-1 X'y,    variance of b_i = tau^2 P_ii,    P = penalty (X'X + penalty)^-1.

The penalty and tau are those under which y is most likely, which needs y'(XX' + penalty)^-1 y and a log
determinant. Up to `EXACT_UP_TO` contributors all of it comes from the eigenvalues of X'X. Beyond, one Lanczos
process from X'y gives b and the quadratic form for every penalty at once, and further ones from vectors of random
signs give the log determinant and the diagonal of P within a standard error that is returned, too.

Nothing identifies a level common to everybody: effects sum to 0, and P is that of differences from the mean.
Identifiable are at most K - T effects' differences; with less than N - 1 comparisons P_ii stays near
1 - (K - T)/(N - 1) or above, however small the noise.

Source: not in the paper. Ridge regression with its penalty by maximum marginal likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from crowdsft.core.accounting.group_history import GroupHistory
from crowdsft.core.accounting.krylov import Krylov
from crowdsft.core.accounting.noise_likelihood import NoiseLikelihood
from crowdsft.core.seeds import derive_rng

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

EXACT_UP_TO = 1_000  # contributors; an eigendecomposition of this size takes a second
PROBES = 7  # with the values one block of eight columns: as wide as a line of the processor's cache
GROUP_PROBES = 3  # more of them where groups are fewer than contributors, for the penalty only
ROUNDING = 1e-24  # the largest eigenvalue of X'X where groups do not differ at all
SMALLEST = 1e-10  # eigenvalues below this share of the largest are zero
DIAGONAL_TOLERANCE = 0.03
STEPS_AT_ONCE = 5  # products between two looks at the penalty


@dataclass(frozen=True, slots=True)
class LinearEffects:
    """What the values say about N contributors.

    Args:
        effects: float64[N] with sum 0, in units of utility of a model made by one contributor alone.
        unknown: float64[N]; share of the variance between contributors that is left of each one's
            difference from their mean: 1 where nothing is known.
        unknown_error: Standard error of an entry of `unknown`, root mean square; 0 when computed exactly.
        unseen: float64[N]; part of `unknown` that no precision of the values would lower. Exact for small
            crowds; else a lower bound, from the number of comparisons and from who was never apart.
        variance: Variance of effects between contributors.
        penalty: Variance of a value's noise over `variance`.
        remainder: Share of the equations for `effects` that is not solved yet.
        products: Multiplications with X'X that it took.
    """

    effects: Floats
    unknown: Floats
    unknown_error: float
    unseen: Floats
    variance: float
    penalty: float
    remainder: float
    products: int

    @property
    def errors(self) -> Floats:
        """float64[N]: standard errors of `effects`."""
        return np.sqrt(self.variance * self.unknown)


def linear_effects(
    history: GroupHistory,
    *,
    step: float = 1.0,
    exact: bool | None = None,
    probes: int = PROBES,
    tolerance: float = 1e-4,
    most_products: int = 150,
) -> LinearEffects:
    """Estimate all effects.

    Args:
        history: At least one round.
        step: How far a candidate goes from the round's base to its members' mean, in (0, 1].
        exact: Whether to compute with dense matrices; None: up to `EXACT_UP_TO` contributors.
        probes: Vectors of random signs; the more, the smaller `unknown_error`. Signs go by what contributors
            took part in, not by their order.
        tolerance: Largest `remainder` to stop at; the default is far below what noise leaves open.
        most_products: Stop there in any case, with a larger `remainder`.
    """
    outcomes = history.less_round_means(history.values / step)
    dense = history.contributors <= EXACT_UP_TO if exact is None else exact
    if history.comparisons == 0 or history.contributors < 2 or not outcomes.any():
        return _nothing_seen(history)
    if dense:
        return _exact(history, outcomes)
    return _sampled(history, outcomes, probes=probes, tolerance=tolerance, most=most_products)


# --- dense ----------------------------------------------------------------------------------------------------


def _exact(history: GroupHistory, outcomes: Floats) -> LinearEffects:
    count = history.contributors
    power, directions = np.linalg.eigh(history.gather(history.differences(np.eye(count))))
    if power[-1] <= ROUNDING:
        return _nothing_seen(history)  # groups were made of the same: their values differ by noise alone
    is_real = power > SMALLEST * power[-1]
    power, directions = power[is_real], directions[:, is_real]
    along = directions.T @ history.gather(outcomes)
    likelihood = NoiseLikelihood(
        power=power,
        along=along**2,
        squares=float(outcomes @ outcomes),
        log_growth=lambda penalty: float(np.log1p(power / penalty).sum()),
        comparisons=history.comparisons,
        evidence=float(power.sum()),
        usual=float(power.sum()) / min(history.comparisons, count - 1),
    )
    penalty = likelihood.best_penalty()
    return LinearEffects(
        effects=directions @ (along / (power + penalty)),
        unknown=_of_differences(1 - (directions**2) @ (power / (power + penalty))),
        unknown_error=0.0,
        unseen=_of_differences(1 - (directions**2).sum(axis=1)),
        variance=likelihood.variance(penalty),
        penalty=penalty,
        remainder=0.0,
        products=1,
    )


def _of_differences(open_share: Floats) -> Floats:
    """Variances of differences from the mean, from those of effects, whose mean is never known."""
    count = len(open_share)
    return np.clip((open_share - 1 / count) / (1 - 1 / count), 0.0, 1.0)


def _nothing_seen(history: GroupHistory) -> LinearEffects:
    count = history.contributors
    return LinearEffects(
        effects=np.zeros(count),
        unknown=np.ones(count),
        unknown_error=0.0,
        unseen=np.ones(count),
        variance=0.0,
        penalty=float("inf"),
        remainder=0.0,
        products=0,
    )


# --- sampled --------------------------------------------------------------------------------------------------


def _sampled(
    history: GroupHistory, outcomes: Floats, *, probes: int, tolerance: float, most: int
) -> LinearEffects:
    order, twins = _order_by_seats(history)
    signs = np.empty((history.contributors, probes))
    signs[order] = derive_rng("signs of contributors").choice([-1.0, 1.0], size=signs.shape)
    signs -= signs.mean(axis=0)  # of the common level P leaves all
    starts = np.column_stack([history.gather(outcomes), signs, _starts_of_groups(history)])
    krylov = Krylov(lambda columns: history.gather(history.differences(columns)), starts, most_steps=most)
    evidence = history.evidence()
    while True:
        krylov.extend(min(STEPS_AT_ONCE, most - krylov.steps))
        likelihood = _likelihood(krylov, history, outcomes, probes=probes, evidence=float(evidence.sum()))
        penalty = likelihood.best_penalty()
        solved = krylov.remainder(0, penalty) <= tolerance and _diagonal_is_solved(krylov, penalty)
        if solved or krylov.steps >= most:
            break
    effects, remainder = krylov.solve(0, penalty)
    left = np.array([penalty * krylov.solve(1 + probe, penalty)[0] for probe in range(probes)])
    unknown, error = _diagonal(signs.T, left, evidence, twins)
    return LinearEffects(
        effects=effects - effects.mean(),
        unknown=np.minimum(unknown * history.contributors / (history.contributors - 1), 1.0),
        unknown_error=error,
        unseen=_seen_never(history, twins),
        variance=likelihood.variance(penalty),
        penalty=penalty,
        remainder=remainder,
        products=krylov.steps,
    )


def _diagonal_is_solved(krylov: Krylov, penalty: float) -> bool:
    """Whether what is missing of P z is small beside P z, for the first vector of signs z."""
    nodes, weights = krylov.quadrature(1)
    kept = float(np.sqrt(weights @ (penalty / (nodes + penalty)) ** 2))
    return krylov.remainder(1, penalty) <= DIAGONAL_TOLERANCE * kept


def _starts_of_groups(history: GroupHistory) -> Floats:
    """float64[N, s]: X' @ random signs of groups, where groups are fewer than contributors; else s = 0.

    The log determinant is found from random vectors in the smaller of two spaces, of groups or contributors.
    In the larger one X has a null space, and how much of a random vector lies in it is chance, which would
    be multiplied with the logarithm of the penalty.
    """
    if history.comparisons >= history.contributors:
        return np.empty((history.contributors, 0))
    rng = derive_rng("signs of groups")
    signs = history.less_round_means(rng.choice([-1.0, 1.0], size=(len(history.values), GROUP_PROBES)))
    return history.gather(signs * (np.sqrt(history.comparisons) / np.linalg.norm(signs, axis=0)))


def _order_by_seats(history: GroupHistory) -> tuple[Integers, Integers]:
    """An order of contributors that depends on their columns of W only, and int64[N]: a number for each
    distinct column."""
    marks = derive_rng("marks of groups").random(len(history.values))
    prints, begin = np.zeros(history.contributors), 0
    for block in history.blocks:
        prints += block @ marks[begin : begin + block.shape[1]]
        begin += block.shape[1]
    _, twins = np.unique(prints, return_inverse=True)
    return np.argsort(prints, kind="stable"), np.asarray(twins, dtype=np.int64)


def _likelihood(
    krylov: Krylov, history: GroupHistory, outcomes: Floats, *, probes: int, evidence: float
) -> NoiseLikelihood:
    power, weights = krylov.quadrature(0)
    is_real = power > SMALLEST * power.max()
    of_groups = range(1 + probes, len(krylov.lengths))
    nodes = [krylov.quadrature(column) for column in of_groups or range(1, 1 + probes)]

    def log_growth(penalty: float) -> float:
        if not of_groups:
            each = [weight @ np.log1p(node / penalty) for node, weight in nodes]
            return (history.contributors - 1) * float(np.mean(each))
        each = [
            krylov.lengths[column] ** 2 * (weight @ (np.log1p(node / penalty) / node))
            for column, (node, weight) in zip(of_groups, nodes, strict=True)
        ]
        return float(np.mean(each))

    return NoiseLikelihood(
        power=power[is_real],
        along=krylov.lengths[0] ** 2 * weights[is_real],
        squares=float(outcomes @ outcomes),
        log_growth=log_growth,
        comparisons=history.comparisons,
        evidence=evidence,
        usual=evidence / min(history.comparisons, history.contributors - 1),
    )


def _diagonal(signs: Floats, products: Floats, evidence: Floats, twins: Integers) -> tuple[Floats, float]:
    """float64[N]: the diagonal of P from P @ signs, and its standard error (root mean square).

    The mean of sign * (P sign) has the right expectation and too much noise. It is drawn to 1 / (1 + r
    evidence), r such that both have the same mean, as far as its scatter around that is no more than noise.
    On average over signs (P sign)_i^2 is (P^2)_ii, so that the noise's variance is ((P^2)_ii - P_ii^2) / probes.
    The standard error counts a scatter that would be hidden in the noise.

    Args:
        signs, products: float64[probes, N]; signs less their mean.
        evidence: float64[N].
        twins: int64[N]; equal where columns are equal; these get the same estimate.
    """
    probes, count = signs.shape
    seen = _mean_of_twins((signs * products).mean(axis=0), twins)
    squares = (products**2).mean(axis=0)
    expected = _expected(evidence, float(np.clip(seen.mean(), 1e-12, 1 - 1e-12)))
    noise = float(np.maximum(squares - expected**2, 0.0).mean()) / probes
    real = max(0.0, float(((seen - expected) ** 2).mean()) - noise)
    trust = real / (real + noise) if noise > 0 else 1.0
    found = np.clip(expected + trust * (seen - expected), 0.0, 1.0)
    hidden = (1 - trust) ** 2 * noise * np.sqrt(2 / count)
    return found, float(np.sqrt(trust * noise + hidden + noise / count))


def _expected(evidence: Floats, mean: float) -> Floats:
    """1 / (1 + r evidence) with the given mean."""

    def excess(log_rate: float) -> float:
        return float((1 / (1 + np.exp(log_rate) * evidence)).mean()) - mean

    usual = float(np.log(evidence.mean()))
    low, high = -usual - 60.0, -usual + 60.0
    if excess(high) >= 0:  # so many were never weighed that no rate reaches the mean
        return np.asarray(np.where(evidence > 0, 0.0, 1.0))
    return np.asarray(1 / (1 + np.exp(brentq(excess, low, high)) * evidence))


def _mean_of_twins(values: Floats, twins: Integers) -> Floats:
    return np.asarray((np.bincount(twins, weights=values) / np.bincount(twins))[twins])


def _seen_never(history: GroupHistory, twins: Integers) -> Floats:
    """float64[N]: lower bound of the share never seen: too few comparisons, or always together with twins."""
    together = np.bincount(twins)[twins]
    missing = max(0.0, 1 - history.comparisons / (history.contributors - 1))
    return np.maximum(missing, 1 - 1 / together)
