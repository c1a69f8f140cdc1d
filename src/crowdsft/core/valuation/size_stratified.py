"""Shapley values by regression over sizes, corrected size by size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.valuation.base import Estimate
from crowdsft.core.valuation.designs import (
    Pairs,
    enumerated,
    fold_pairs,
    joined_plans,
    pair_sizes,
    random_of_sizes,
    require,
    with_complements,
)
from crowdsft.core.valuation.leverage import leave_out_errors
from crowdsft.core.valuation.permutation import first_rows, has_singles
from crowdsft.core.valuation.samples import Floats, Plan, Samples

RIDGES = tuple(10.0**exponent for exponent in np.arange(-12, 4.01, 1))


@dataclass(frozen=True, slots=True)
class SizeStratified:
    """phi_i = total/n + (1/n) sum over s of D_is, D_is = E[v | i in S] - E[v | i not in S] among |S| = s.

    Coalitions are drawn with their complements, sizes in proportion to 1/s; singles are exact when the
    budget reaches 3n + 2. Of a pair the difference counts: after its mean per size is removed it is a
    linear function of (membership - s/n), whose slopes change with the size as 1, 1/s and 1/s^2; ridge
    regression finds them. What a size shows beyond the fit is added as a contrast of residuals. Every
    part sums to 0 over the players, so the values sum to the total.

    Args:
        ridge: Ridge penalty relative to the design's mean square; None chooses it by leave-one-out error.
        correction: Share of the residual contrast that is added, 0 to 1; None chooses 0 or 1 by which has
            the smaller estimated error.
    """

    ridge: float | None = None
    correction: float | None = None
    name: ClassVar[str] = "size_stratified"
    efficient: ClassVar[bool] = True

    def plan(self, samples: Samples, evaluations: int, rng: np.random.Generator) -> Plan:
        """Ends, singles when they fit, then pairs.

        Raises:
            InputError: A first budget below 4.
        """
        n = samples.n
        if not len(samples):
            require(evaluations, 2 if n == 1 else 4, method="size_stratified", why="both ends and a pair")
        first = first_rows(samples, evaluations, room_for=n)
        known = has_singles(samples) or len(first) > 2
        sizes = pair_sizes(n, (evaluations - len(first)) // 2, smallest=2 if known else 1, rng=rng)
        return joined_plans(enumerated(first), with_complements(random_of_sizes(n, sizes, rng)))

    def estimate(self, samples: Samples) -> Estimate:
        """Slopes by ridge, residual contrasts, and errors from residuals that leave their own pair out."""
        nobody, everybody = samples.ends()
        n, total = samples.n, everybody - nobody
        pairs = fold_pairs(samples)
        if n == 1 or not len(pairs):
            return Estimate(np.full(n, total / n), np.full(n, 0.0 if n == 1 else np.inf))
        fit = _Fit.of(pairs, n, total)
        shrink = fit.shrink_best() if self.ridge is None else fit.shrink(self.ridge)
        shares = (0.0, 1.0) if self.correction is None else (self.correction,)
        found = [fit.estimate(shrink, share) for share in shares]
        best = min(found, key=lambda estimate: float((estimate.errors**2).sum()))
        return Estimate(total / n + best.values, best.errors, best.degrees)


@dataclass(frozen=True, slots=True)
class _Fit:
    """Ridge regression in the singular basis of the design: design = left * scale @ right.

    Args:
        left, scale, right: Singular value decomposition, p rows, 3n columns.
        functional: float64[n, 3n]; slopes to values (less total/n).
        contrast: float64[n, p]; residuals to values.
        target: float64[p]; differences less their mean by size.
        nuisance: Degrees of freedom that the means took.
    """

    left: Floats
    scale: Floats
    right: Floats
    functional: Floats
    contrast: Floats
    target: Floats
    nuisance: int

    @classmethod
    def of(cls, pairs: Pairs, n: int, total: float) -> _Fit:
        """The regression problem that `pairs` pose."""
        basis = _size_basis(np.arange(1, n // 2 + 1))
        share = np.where(2 * np.arange(1, n // 2 + 1) == n, 0.5, 1.0) / n
        at = basis[pairs.sizes - 1]
        design = (at[:, :, None] * pairs.centred[:, None, :]).reshape(len(pairs), -1)
        target, means, count = _less_means(pairs, n, total)
        design = design - means @ (means.T @ design)
        left, scale, right = np.linalg.svd(design, full_matrices=False)
        # A slope b on (membership - s/n) makes D = b - mean of the others' b = n/(n-1) (b - mean of b).
        functional = np.kron((share @ basis)[None], np.eye(n)) * n / (n - 1)
        contrast = _contrasts(pairs, n, share)
        return cls(left, scale, right, functional, contrast, target, count)

    def shrink(self, ridge: float) -> Floats:
        """Factor by which each singular direction is kept."""
        penalty = ridge * float((self.scale**2).mean())
        return np.asarray(self.scale**2 / (self.scale**2 + penalty + 1e-300))

    def shrink_best(self) -> Floats:
        """The ridge with the least leave-one-out error."""
        return min((self.shrink(ridge) for ridge in RIDGES), key=self._left_out)

    def _left_out(self, shrink: Floats) -> float:
        residuals, leverages = self._residuals(shrink)
        return float(((residuals / np.maximum(1 - leverages, 1e-3)) ** 2).mean())

    def _residuals(self, shrink: Floats) -> tuple[Floats, Floats]:
        fitted = self.left @ (shrink * (self.left.T @ self.target))
        return self.target - fitted, np.asarray((self.left**2) @ shrink)

    def estimate(self, shrink: Floats, share: float) -> Estimate:
        """Values less total/n when `share` of the residual contrast is added."""
        kept = np.divide(
            shrink, self.scale, out=np.zeros_like(shrink), where=self.scale > 1e-12 * self.scale[0]
        )
        solve = (self.functional @ self.right.T * kept) @ self.left.T
        if share:
            solve = solve + share * (self.contrast - (self.contrast @ self.left * shrink) @ self.left.T)
        residuals, leverages = self._residuals(shrink)
        free = float(shrink.sum()) + self.nuisance
        values = solve @ self.target
        return Estimate(values, *leave_out_errors(solve, residuals, leverages, free=free))


def _size_basis(sizes: NDArray[np.int64]) -> Floats:
    """How slopes may change with the size: 1, 1/s, 1/s^2; float64[k, 3], columns of mean square 1."""
    basis = np.stack([1.0 / sizes**power for power in range(3)], axis=1)
    return np.asarray(basis / np.sqrt((basis**2).mean(axis=0)))


def _less_means(pairs: Pairs, n: int, total: float) -> tuple[Floats, Floats, int]:
    """Differences less a smooth mean by size; an orthonormal basis of those means; how many they are."""
    lack = 1 - 2 * pairs.sizes / n
    raw = lack[:, None] * np.stack([1.0 / pairs.sizes**power for power in range(3)], axis=1)
    means, scale, _ = np.linalg.svd(raw, full_matrices=False)
    means = means[:, scale > 1e-9 * max(scale[0], 1e-300)] if len(pairs) > 8 else means[:, :0]
    target = pairs.differences + total * lack
    return target - means @ (means.T @ target), means, means.shape[1]


def _contrasts(pairs: Pairs, n: int, share: Floats) -> Floats:
    """float64[n, p]; by size, mean residual * (membership - s/n) over its variance, times a share."""
    count = np.bincount(pairs.sizes, minlength=len(share) + 1)
    p = pairs.sizes / n
    weight = share[pairs.sizes - 1] / (count[pairs.sizes] * p * (1 - p))
    return np.asarray((weight[:, None] * pairs.centred).T)
