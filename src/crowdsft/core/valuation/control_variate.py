"""Shapley values of averaging games by permutations with control variates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from crowdsft.core.errors import InputError
from crowdsft.core.valuation.base import Estimate
from crowdsft.core.valuation.centroid import expected_controls
from crowdsft.core.valuation.permutation import (
    Permutation,
    Steps,
    Walks,
    block_errors,
    read_walks,
    spread_gap,
)
from crowdsft.core.valuation.samples import Floats, Plan, Samples

_WALKS_FOR_OWN_COEFFICIENTS = 24


@dataclass(frozen=True, slots=True)
class ControlVariate:
    """Permutations of a game whose coalitions are worth something of the mean of their members' vectors.

    What a mean does is known without evaluating it: by how much it moves along a gradient, and how its
    squared distance to a point changes. Marginals are regressed on both, size by size (over all sizes
    while there are few orders), and the fit's exact expectation replaces its sample mean. The game itself
    may be anything that is roughly a function of the mean: an evaluation of merged models, say.

    Args:
        vectors: float64[n, d]; what is averaged.
        target: float64[d]; the point of the squared distance.
        gradient: float64[d]; direction in which the game rises at the mean of all. None: regressed from
            the evaluated coalitions of at least a quarter of the players.

    Source: control variates, see for example Owen, "Monte Carlo theory, methods and examples", chapter 8.
    """

    vectors: Floats
    target: Floats
    gradient: Floats | None = None
    name: ClassVar[str] = "control_variate"
    efficient: ClassVar[bool] = True

    def plan(self, samples: Samples, evaluations: int, rng: np.random.Generator) -> Plan:
        """The same coalitions as plain permutations.

        Raises:
            InputError: A first budget below n + 1, or vectors of another number of players.
        """
        self._check(samples.n)
        return Permutation().plan(samples, evaluations, rng)

    def estimate(self, samples: Samples) -> Estimate:
        """Expectation of the fitted controls, plus mean residuals; errors from the spread of residuals."""
        self._check(samples.n)
        walks = read_walks(samples)
        n = samples.n
        if walks.count < 2 or n < 4:
            return Permutation().estimate(samples)
        away = self.vectors - self.target
        slope = self._slope(samples) if self.gradient is None else self.gradient
        steps, others = walks.steps, samples.sizes[walks.steps.lower]
        controls = _controls(samples, steps, away, slope)
        marginals = steps.marginals(samples.values)
        certain = (others == 0) | (others == n - 1)
        fit = _coefficients(controls, marginals, np.where(certain, -1, others), walks, n)
        coefficients = fit[others]
        predicted = coefficients[:, 0] + (coefficients[:, 1:] * controls).sum(axis=1)
        residual = np.where(certain, marginals, marginals - predicted)
        per_order = walks.exact_part() + _expected(fit, away, slope, n) + walks.per_order(residual)
        per_order = spread_gap(per_order, walks.total)
        return Estimate(per_order.mean(axis=0), *block_errors(per_order, walks.blocks))

    def _check(self, n: int) -> None:
        if self.vectors.shape[0] != n or self.target.shape != self.vectors.shape[1:]:
            raise InputError(
                f"control_variate was given vectors of shape {self.vectors.shape} and a target of shape "
                f"{self.target.shape} for a game of {n} players; expected ({n}, d) and (d,)."
            )

    def _slope(self, samples: Samples) -> Floats:
        large = samples.sizes * 4 >= samples.n
        rows = samples.coalitions[large].astype(np.float64)
        design = rows @ self.vectors / rows.sum(axis=1, keepdims=True)
        design = design - design.mean(axis=0)
        y = samples.values[large] - samples.values[large].mean()
        square = design.T @ design
        ridge = 1e-3 * np.trace(square) / len(square) + 1e-300
        return np.asarray(np.linalg.solve(square + ridge * np.eye(len(square)), design.T @ y))


def _controls(samples: Samples, steps: Steps, away: Floats, slope: Floats) -> Floats:
    """Change of slope.mean and of |mean - target|^2 in each step; float64[steps, 2]."""
    size = np.maximum(samples.sizes, 1)[:, None]
    mean = samples.coalitions.astype(np.float64) @ away / size
    along, squares = mean @ slope, (mean**2).sum(axis=1)
    both = np.stack([along, squares], axis=1)
    return np.asarray(both[steps.upper] - both[steps.lower])


def _coefficients(controls: Floats, marginals: Floats, others: Floats, walks: Walks, n: int) -> Floats:
    """Least squares on [1, controls]: by number of others when there are enough orders, else one slope."""
    fit = np.zeros((n, 3))
    inner = others >= 1
    if walks.count >= _WALKS_FOR_OWN_COEFFICIENTS:
        for size in np.unique(others[inner]):
            here = others == size
            fit[int(size)] = _least_squares(controls[here], marginals[here])
        return fit
    if inner.any():
        fit[1 : n - 1, 1:] = _least_squares(controls[inner], marginals[inner])[1:]
    return fit


def _least_squares(controls: Floats, marginals: Floats) -> Floats:
    design = np.column_stack([np.ones(len(controls)), controls])
    scale = np.abs(design).max(axis=0)
    scale[scale == 0] = 1.0
    return np.asarray(np.linalg.lstsq(design / scale, marginals)[0] / scale)


def _expected(fit: Floats, away: Floats, slope: Floats, n: int) -> Floats:
    """Sum over 1 .. n-2 others of the fit's expectation, each with probability 1/n; float64[n]."""
    linear, quadratic = expected_controls(away[None], slope[None], np.arange(1.0, n - 1))
    inner = fit[1 : n - 1]
    expected = inner[:, :1] + inner[:, 1:2] * linear[0] + inner[:, 2:] * quadratic[0]
    return np.asarray(expected.sum(axis=0) / n)
