"""Shapley values by weighted least squares over coalitions drawn by their leverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from crowdsft.core.valuation.base import Estimate
from crowdsft.core.valuation.designs import (
    both_ends,
    enumerated,
    fold_pairs,
    joined_plans,
    not_seen,
    random_of_sizes,
    require,
    with_complements,
)
from crowdsft.core.valuation.samples import Floats, Plan, Samples


@dataclass(frozen=True, slots=True)
class Leverage:
    """Kernel-weighted regression of values on membership; every size is drawn equally often, in pairs.

    Drawing sizes alike is drawing coalitions by their leverage in the regression whose solution is the
    Shapley value. A coalition of size s stands for all C(n, s) of them and has kernel weight
    (n-1) / (C(n, s) s (n-s)), so that a drawn one weighs 1 / (s (n-s)). The values are held to their sum.

    Source: Musco and Witter, "Provably accurate Shapley value estimation via leverage score sampling" (2025).
    """

    name: ClassVar[str] = "leverage"
    efficient: ClassVar[bool] = True

    def plan(self, samples: Samples, evaluations: int, rng: np.random.Generator) -> Plan:
        """Both ends, then pairs of complements.

        Raises:
            InputError: A budget below 4 on the first call.
        """
        n = samples.n
        ends = not_seen(both_ends(n), samples)
        if not len(samples):
            require(
                evaluations, len(ends) + (2 if n > 1 else 0), method="leverage", why="both ends and a pair"
            )
        pairs = max(0, evaluations - len(ends)) // 2 if n > 1 else 0
        sizes = rng.integers(1, n, size=pairs) if n > 1 else np.zeros(0, dtype=np.int64)
        return joined_plans(enumerated(ends), with_complements(random_of_sizes(n, sizes, rng)))

    def estimate(self, samples: Samples) -> Estimate:
        """Least squares solution of least norm; errors from residuals that leave their own pair out."""
        nobody, everybody = samples.ends()
        n, total = samples.n, everybody - nobody
        pairs = fold_pairs(samples)
        if n == 1 or not len(pairs):
            return Estimate(np.full(n, total / n), np.full(n, 0.0 if n == 1 else np.inf))
        weight = 1 / np.sqrt(pairs.sizes * (n - pairs.sizes))
        design = weight[:, None] * pairs.centred
        # Of a pair only the difference depends on the values: v(S) - v(rest) = total (2s/n - 1) + 2 z.b
        target = weight * (pairs.differences - total * (2 * pairs.sizes / n - 1)) / 2
        solve = np.linalg.pinv(design, rcond=1e-10)
        leverages = np.einsum("mn,nm->m", design, solve)
        residuals = target - design @ (solve @ target)
        values = total / n + solve @ target
        return Estimate(values, *leave_out_errors(solve, residuals, leverages, free=n - 1.0))


def leave_out_errors(
    solve: Floats, residuals: Floats, leverages: Floats, *, free: float
) -> tuple[Floats, float]:
    """Standard errors of a linear fit under independent rows, from residuals that leave their own row out.

    Args:
        solve: float64[n, m]; the values are solve @ target.
        residuals: float64[m]; target less fit.
        leverages: float64[m]; derivative of each row's fit by its own target.
        free: Free coefficients. With no more rows than these there is nothing to judge by: infinite errors.

    Returns:
        Errors float64[n], and their degrees of freedom.

    Source: MacKinnon and White (1985), the HC3 estimator.
    """
    degrees = len(residuals) - free
    if degrees < 1:
        return np.full(len(solve), np.inf), 1.0
    left_out = residuals / np.maximum(1 - leverages, 1e-3)
    return np.sqrt((solve**2) @ left_out**2), float(degrees)
