"""Bayesian linear algebra under a prior of several parts: their sizes from data, then the posterior."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.lapack import dpotri
from scipy.optimize import minimize

from crowdsft.core.valuation.game_prior import EVEN, ODD, OWN, Part
from crowdsft.core.valuation.samples import Floats

_JITTER = 1e-10
# Log sizes of the parts: a normal prior, ten times weaker below than above, so that a part can vanish.
_USUAL_SHARE, _SPREAD_ABOVE, _SPREAD_BELOW = 0.01, 3.0, 30.0
# Density proportional to the standard deviation keeps players' own effects from vanishing by chance
# (Chung et al., 2013: a variance estimated as zero makes intervals that are far too short).
_LIFT = 0.5
_SMALLEST_LOG, _LARGEST_LOG = -22.0, 5.0


@dataclass(frozen=True, slots=True)
class Observed:
    """Values seen of a random function over coalitions.

    Args:
        member: float64[m, n]; distinct coalitions, neither nobody nor everybody.
        sizes: int64[m].
        values: float64[m].
    """

    member: Floats
    sizes: NDArray[np.int64]
    values: Floats

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, keep: NDArray[np.int64]) -> Observed:
        """Some of the rows."""
        return Observed(self.member[keep], self.sizes[keep], self.values[keep])


@dataclass(frozen=True, slots=True)
class Posterior:
    """Values of the players less their mean, given what was observed.

    Args:
        values: float64[n]; they sum to 0.
        variance: float64[n].
        weights: float64[m]; inverse covariance times (observed - mean).
        inverse: float64[m, m]; inverse covariance of what was observed, or None when not asked for.
    """

    values: Floats
    variance: Floats
    weights: Floats
    inverse: Floats | None


def fit_shares(parts: Sequence[Part], seen: Observed, *, offset: float) -> Floats:
    """Size of each part, by maximum posterior likelihood; float64[parts].

    Args:
        parts: The prior.
        seen: Rows to judge by; a few hundred are enough.
        offset: Known mean of the values.

    Returns:
        Factors by which the parts' tables are to be multiplied.

    The prior of the log sizes keeps parts small about which the data say nothing.
    """
    y = seen.values - offset
    scale = float((y**2).mean())
    if scale == 0.0:
        return np.zeros(len(parts))
    powers = _kinds(seen, {part.kind for part in parts})
    grid = np.ix_(seen.sizes, seen.sizes)
    stack = np.stack([(part.table[grid] * powers[part.kind]).ravel() for part in parts])
    heights = np.stack([row.reshape(len(y), -1).trace() / len(y) for row in stack])
    alive = heights > 0
    stack = stack[alive] / heights[alive, None]
    lift = np.array([_LIFT if part.kind == 1 else 0.0 for part in parts])[alive]
    start = np.full(len(stack), -np.log(len(stack)))
    found = minimize(
        _minus_log_posterior,
        start,
        args=(stack, y / np.sqrt(scale), lift),
        jac=True,
        method="L-BFGS-B",
        bounds=[(_SMALLEST_LOG, _LARGEST_LOG)] * len(stack),
        options={"maxiter": 60},
    )
    shares = np.zeros(len(parts))
    shares[alive] = np.exp(found.x) * scale / heights[alive]
    return shares


def _minus_log_posterior(logs: Floats, stack: Floats, y: Floats, lift: Floats) -> tuple[float, Floats]:
    shares = np.exp(logs)
    covariance = (shares @ stack).reshape(len(y), len(y))
    covariance[np.diag_indices(len(y))] += _JITTER
    above = logs - np.log(_USUAL_SHARE)
    spread = np.where(above > 0, _SPREAD_ABOVE, _SPREAD_BELOW)
    factor = cho_factor(covariance, lower=True, check_finite=False)
    weights = cho_solve(factor, y, check_finite=False)
    inverse = _inverse(factor[0])
    value = (
        0.5 * y @ weights
        + np.log(np.diag(factor[0])).sum()
        + 0.5 * ((above / spread) ** 2).sum()
        - lift @ logs
    )
    slope = 0.5 * shares * (stack @ (inverse - np.outer(weights, weights)).ravel())
    return float(value), slope + above / spread**2 - lift


def _inverse(lower: Floats) -> Floats:
    """Inverse from a lower Cholesky factor."""
    half, _ = dpotri(lower, lower=1)
    half = np.tril(half)
    return np.asarray(half + np.tril(half, -1).T)


def posterior(
    parts: Sequence[Part],
    shares: Floats,
    seen: Observed,
    *,
    offset: float,
    differences: bool,
    want_inverse: bool,
) -> Posterior:
    """The players' values given what was observed, be it values of coalitions or differences of pairs."""
    n = seen.member.shape[1]
    covariance = _covariance(parts, shares, seen)
    covariance[np.diag_indices(len(covariance))] += (
        _JITTER * float(((seen.values - offset) ** 2).mean()) + 1e-300
    )
    shapley = np.asarray(sum(share * part.shapley for share, part in zip(shares, parts, strict=True)))
    cross = shapley[seen.sizes][:, None] * (seen.member - (seen.sizes / n)[:, None])
    factor = cho_factor(covariance, lower=True, overwrite_a=True, check_finite=False)
    solved = cho_solve(factor, np.column_stack([seen.values - offset, cross]), check_finite=False)
    prior = shapley[1:n].sum() / n / (2 if differences else 1)
    variance = prior - np.einsum("mi,mi->i", cross, solved[:, 1:])
    inverse = _inverse(factor[0]) if want_inverse else None
    return Posterior(cross.T @ solved[:, 0], np.maximum(variance, 0.0), solved[:, 0], inverse)


def _covariance(parts: Sequence[Part], shares: Floats, seen: Observed) -> Floats:
    powers = _kinds(seen, {part.kind for part in parts})
    grid = np.ix_(seen.sizes, seen.sizes)
    covariance = np.zeros((len(seen.sizes), len(seen.sizes)))
    for kind, power in powers.items():
        table = sum(s * part.table for s, part in zip(shares, parts, strict=True) if part.kind == kind)
        covariance += np.asarray(table)[grid] * power
    return covariance


def _kinds(seen: Observed, kinds: set[int | str]) -> dict[int | str, Floats]:
    """For each kind of part, what its table is multiplied by; float64[m, m] (order 0: 1)."""
    n = seen.member.shape[1]
    p = seen.sizes / n
    spread = np.sqrt(n * p * (1 - p))
    overlap = seen.member @ seen.member.T - np.outer(seen.sizes, p)
    overlap /= np.outer(spread, spread)
    alike = overlap > 1 - 1e-9
    opposed = overlap < -1 + 1e-9
    made: dict[int | str, Callable[[], Floats]] = {
        0: lambda: np.ones((1, 1)),
        1: lambda: overlap,
        2: lambda: overlap**2,
        3: lambda: overlap**3,
        OWN: lambda: np.asarray(alike, dtype=np.float64),
        ODD: lambda: np.asarray(alike, dtype=np.float64) - opposed,
        EVEN: lambda: np.asarray(alike, dtype=np.float64) + opposed,
    }
    return {kind: make() for kind, make in made.items() if kind in kinds}
