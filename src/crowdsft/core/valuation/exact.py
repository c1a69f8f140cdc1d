"""Shapley values from all 2^n coalitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from crowdsft.core.errors import InputError
from crowdsft.core.valuation.base import Estimate
from crowdsft.core.valuation.designs import all_coalitions, enumerated, not_seen, require
from crowdsft.core.valuation.samples import Floats, Plan, Samples

LARGEST_EXACT = 20


@dataclass(frozen=True, slots=True)
class Exact:
    """Evaluate every coalition; no error. Up to 20 players.

    Source: Shapley (1953): phi_i = sum over S without i of |S|! (n-|S|-1)! / n! (v(S + i) - v(S)).
    """

    name: ClassVar[str] = "exact"
    efficient: ClassVar[bool] = True

    def plan(self, samples: Samples, evaluations: int, rng: np.random.Generator) -> Plan:
        """Every coalition not yet evaluated.

        Raises:
            InputError: More than 20 players, or a budget below 2^n.
        """
        if samples.n > LARGEST_EXACT:
            raise InputError(
                f"exact values of {samples.n} players would take 2^{samples.n} evaluations; "
                f"the limit is {LARGEST_EXACT} players. Use method 'auto'."
            )
        coalitions = not_seen(all_coalitions(samples.n), samples)
        require(evaluations, len(coalitions), method="exact", why=f"2^{samples.n} coalitions")
        return enumerated(coalitions)

    def estimate(self, samples: Samples) -> Estimate:
        """Shapley values by the definition."""
        values = exact_values(table_of(samples), samples.n)
        return Estimate(values, np.zeros(samples.n))


def table_of(samples: Samples) -> Floats:
    """Values of all coalitions in binary order, float64[2^n].

    Raises:
        InputError: A coalition was not evaluated.
    """
    place = samples.coalitions @ (1 << np.arange(samples.n))
    table = np.full(1 << samples.n, np.nan)
    table[place] = samples.values
    missing = int(np.isnan(table).sum())
    if missing:
        raise InputError(
            f"exact values need all {len(table)} coalitions and {missing} were not evaluated. "
            "Give a larger budget, or use method 'auto'."
        )
    return table


def exact_values(table: Floats, n: int) -> Floats:
    """Shapley values float64[n] of a game given as float64[2^n], bit i of the place being player i."""
    sizes = np.array([place.bit_count() for place in range(1 << n)])
    factorial = np.cumprod(np.concatenate([[1.0], np.arange(1.0, n + 1)]))
    joins = factorial[sizes] * factorial[np.maximum(n - 1 - sizes, 0)] / factorial[n]
    values = np.zeros(n)
    for player in range(n):
        # One axis per side of the player's bit: [higher bits, the bit, lower bits].
        split = table.reshape(-1, 2, 1 << player)
        weight = joins.reshape(-1, 2, 1 << player)[:, 0]
        values[player] = (weight * (split[:, 1] - split[:, 0])).sum()
    return values
