"""What a campaign's ledger would have paid in a simulated tournament."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.evaluation import Utility
from crowdsft.core.rewards import BoundUtility, RewardPolicy
from crowdsft.simulation.history import History

Floats = NDArray[np.float64]

POINTS_PER_CONTRIBUTOR = 100  # whole points per round and contributor: fine enough to show differences


def ledger_balances(
    history: History, run: int, policy: RewardPolicy, *, evaluation: Utility, target: Floats, seed: int
) -> Floats:
    """float64[n]: balances (whole points) of one run after every round was settled and the campaign closed."""
    records = history.records(run)
    names = records[0].contributors
    balances = dict.fromkeys(names, 0)
    utility = BoundUtility(evaluation, target)
    budget = POINTS_PER_CONTRIBUTOR * len(names)
    last = len(records)
    for finished, closing in [*((t + 1, False) for t in range(last)), (last, True)]:
        settlement = policy.settle(
            records[:finished],
            balances=balances,
            budget_per_round=budget,
            utility=utility,
            seed=seed,
            closing=closing,
        )
        for award in settlement.awards:
            balances[award.contributor] += award.points
    return np.array([balances[name] for name in names], dtype=np.float64)
