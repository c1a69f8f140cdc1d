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
    history: History,
    run: int,
    policy: RewardPolicy,
    *,
    evaluation: Utility,
    target: Floats,
    seed: int,
    every: int = 1,
) -> Floats:
    """float64[n]: balances (whole points) of one run after the campaign was settled and closed.

    Args:
        history: The tournaments.
        run: Which of them.
        policy: The reward policy.
        evaluation: The utility.
        target: float64[d].
        seed: Settles ties.
        every: Settle after every so many rounds and after the last. A campaign settles after each; policies
            that estimate everything anew in each settlement may be settled more seldom to save time. Must
            be 1 for policies that pay each round by itself.
    """
    records = history.records(run)
    names = records[0].contributors
    balances = dict.fromkeys(names, 0)
    utility = BoundUtility(evaluation, target)
    budget = POINTS_PER_CONTRIBUTOR * len(names)
    last = len(records)
    settled = [finished for finished in range(1, last + 1) if finished % every == 0 or finished == last]
    for finished, closing in [*((finished, False) for finished in settled), (last, True)]:
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
