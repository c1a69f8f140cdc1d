"""Points by marginal gain: the paper's rule as its text pays it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.evidence import RoundRecord
from crowdsft.core.rewards.base import PointUtility, Settlement
from crowdsft.core.rewards.own_rounds import member_shares, settle_own_rounds


@dataclass(frozen=True, slots=True)
class Marginal:
    """A group gets what its candidate gained in utility over the base, nothing for a loss.

    Each round's budget is split by group points x weight in the group; equally when no group gained.

    Source: the paper's description of rewards (marginal improvement over the base model).
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
            lambda record: member_shares(record, gains(record)),
            balances=balances,
            budget_per_round=budget_per_round,
            seed=seed,
            closing=closing,
        )


def gains(record: RoundRecord) -> NDArray[np.float64]:
    """float64[G]: utility gained over the base, 0 for a loss."""
    result: NDArray[np.float64] = np.maximum(0.0, record.values - record.base_value)
    return result
