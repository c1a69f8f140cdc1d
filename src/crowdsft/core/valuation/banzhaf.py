"""Banzhaf values by maximum sample reuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from crowdsft.core.valuation.base import Estimate
from crowdsft.core.valuation.designs import both_ends, enumerated, joined_plans, not_seen, require
from crowdsft.core.valuation.samples import ENUMERATED, Plan, Samples


@dataclass(frozen=True, slots=True)
class MsrBanzhaf:
    """Mean value of random coalitions with the player minus the mean without; every sample serves everybody.

    A Banzhaf value weighs all coalitions alike, so most have about n/2 members. It is no division of v(all).

    Source: Wang and Jia, "Data Banzhaf" (2023), maximum sample reuse.
    """

    name: ClassVar[str] = "msr_banzhaf"
    efficient: ClassVar[bool] = False

    def plan(self, samples: Samples, evaluations: int, rng: np.random.Generator) -> Plan:
        """Both ends, then coalitions in which everybody is a member with probability one half.

        Raises:
            InputError: A budget below 6 on the first call.
        """
        ends = not_seen(both_ends(samples.n), samples)
        if not len(samples):
            require(evaluations, len(ends) + 4, method="msr_banzhaf", why="both ends and four coalitions")
        count = max(0, evaluations - len(ends))
        drawn = Plan(rng.random((count, samples.n)) < 0.5, np.arange(count, dtype=np.int64))
        return joined_plans(enumerated(ends), drawn)

    def estimate(self, samples: Samples) -> Estimate:
        """Differences of means, with the standard errors of two samples."""
        drawn = samples.blocks != ENUMERATED
        inside, y = samples.coalitions[drawn].astype(np.float64), samples.values[drawn]
        means, variances = [], []
        for member in (inside, 1 - inside):
            count = np.maximum(member.sum(axis=0), 1)
            mean = y @ member / count
            squares = (member * (y[:, None] - mean) ** 2).sum(axis=0)
            means.append(mean)
            variances.append(squares / np.maximum(count - 1, 1) / count)
        degrees = max(1.0, len(y) / 2 - 1)
        return Estimate(means[0] - means[1], np.sqrt(variances[0] + variances[1]), degrees)
