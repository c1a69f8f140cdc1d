"""The method for every game and every budget."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from crowdsft.core.valuation.base import Estimate
from crowdsft.core.valuation.designs import all_coalitions, enumerated
from crowdsft.core.valuation.exact import LARGEST_EXACT, exact_values, table_of
from crowdsft.core.valuation.gaussian import GaussianProcess
from crowdsft.core.valuation.samples import Plan, Samples, pack


@dataclass(frozen=True, slots=True)
class Auto:
    """All coalitions where the budget reaches that far, Gaussian process regression where it does not.

    Any budget from 2 evaluations on will do, and what was seen is never thrown away: once all 2^n
    coalitions have come together, by whatever calls and merges, the values are exact.
    """

    sampled: GaussianProcess = field(default_factory=GaussianProcess)
    name: ClassVar[str] = "auto"
    efficient: ClassVar[bool] = True

    def plan(self, samples: Samples, evaluations: int, rng: np.random.Generator) -> Plan:
        """The missing coalitions when they all fit, else those of the Gaussian process.

        Raises:
            InputError: A first budget below 2.
        """
        n = samples.n
        if n <= LARGEST_EXACT and (1 << n) - len(samples) <= evaluations:
            seen = set(pack(samples.coalitions))
            coalitions = all_coalitions(n)
            fresh = np.array([key not in seen for key in pack(coalitions)], dtype=bool)
            if fresh.sum() <= evaluations:
                return enumerated(coalitions[fresh])
        return self.sampled.plan(samples, evaluations, rng)

    def estimate(self, samples: Samples) -> Estimate:
        """Exact when every coalition was seen, else the posterior of the Gaussian process."""
        n = samples.n
        if n <= LARGEST_EXACT and len(samples) >= 1 << n and len(set(pack(samples.coalitions))) == 1 << n:
            return Estimate(exact_values(table_of(samples), n), np.zeros(n))
        return self.sampled.estimate(samples)
