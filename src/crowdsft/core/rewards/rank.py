"""Points by rank: the paper's rule as its code pays it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.evidence import RoundRecord
from crowdsft.core.rewards.base import PointUtility, Settlement
from crowdsft.core.rewards.own_rounds import member_shares, settle_own_rounds


@dataclass(frozen=True, slots=True)
class Rank:
    """The best of G groups gets G, the next G - 1, the last 1; groups of equal value share the mean rank.

    Each round's budget is split by group points x weight in the group.

    Source: the code behind the paper's experiment 3: G - rank with the best of rank 0, so that the last group
    gets 1; the published numbers fit G ... 1 and not G - 1 ... 0. Different from it: points are whole parts
    of a budget, rounds within the noise are paid later instead of never, and a candidate that was taken by
    mistake does not change places with the best (`simulation.point_rules.RankPoints` lets it, as the published
    numbers need).
    """

    def settle(
        self,
        history: Sequence[RoundRecord],
        *,
        balances: Mapping[str, int],
        budget_per_round: int,
        utility: PointUtility | None,
        seed: int,
        closing: bool = False,
    ) -> Settlement:
        """See `RewardPolicy.settle`; `utility` is not used."""
        return settle_own_rounds(
            history,
            lambda record: member_shares(record, rank_points(record)),
            balances=balances,
            budget_per_round=budget_per_round,
            seed=seed,
            closing=closing,
        )


def rank_points(record: RoundRecord) -> NDArray[np.float64]:
    """float64[G]: G - rank by value, from G (the best, of rank 0) to 1 (the last), ties at the mean rank."""
    values = record.values
    better = (values[None, :] > values[:, None]).sum(axis=1)
    equal = (values[None, :] == values[:, None]).sum(axis=1)
    mean_rank = better + (equal - 1) / 2
    return np.asarray(len(values) - mean_rank, dtype=np.float64)
