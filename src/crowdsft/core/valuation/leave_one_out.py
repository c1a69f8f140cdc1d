"""Leave-one-out values: what would be lost without each player."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from crowdsft.core.valuation.base import Estimate
from crowdsft.core.valuation.designs import both_ends, enumerated, not_seen, require
from crowdsft.core.valuation.samples import Plan, Samples


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """v(all) - v(all but i): n + 2 evaluations, exact, but not a division of the total."""

    name: ClassVar[str] = "leave_one_out"
    efficient: ClassVar[bool] = False

    def plan(self, samples: Samples, evaluations: int, rng: np.random.Generator) -> Plan:
        """Both ends and everybody but one.

        Raises:
            InputError: A budget below n + 2.
        """
        wanted = np.concatenate([both_ends(samples.n), ~np.eye(samples.n, dtype=bool)])
        if samples.n == 1:
            wanted = wanted[:2]
        coalitions = not_seen(wanted, samples)
        require(evaluations, len(coalitions), method="leave_one_out", why="everybody, nobody, all but one")
        return enumerated(coalitions)

    def estimate(self, samples: Samples) -> Estimate:
        """The loss without each player."""
        _, everybody = samples.ends()
        values = np.zeros(samples.n)
        for row in np.flatnonzero(samples.sizes == samples.n - 1):
            values[np.argmin(samples.coalitions[row])] = everybody - samples.values[row]
        return Estimate(values, np.zeros(samples.n))
