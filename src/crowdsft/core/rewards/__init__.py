"""Reward policies: from the evidence of finished rounds to whole points."""

from __future__ import annotations

from crowdsft.core.registry import Table
from crowdsft.core.rewards.base import Award, BoundUtility, PointUtility, RewardPolicy, Settlement
from crowdsft.core.rewards.decoded_shapley import DecodedShapley
from crowdsft.core.rewards.marginal import Marginal
from crowdsft.core.rewards.rank import Rank
from crowdsft.core.rewards.ridge_history import RidgeHistory

REWARDS: Table[RewardPolicy] = Table(
    "reward policy",
    {
        "rank": Rank,
        "marginal": Marginal,
        "ridge_history": RidgeHistory,
        "linear_history": "crowdsft.core.rewards.linear_history:LinearHistory",
        "decoded_shapley": DecodedShapley,
        "in_run_split": "crowdsft.core.rewards.in_run_split:InRunSplit",
    },
)

__all__ = [
    "REWARDS",
    "Award",
    "BoundUtility",
    "DecodedShapley",
    "Marginal",
    "PointUtility",
    "Rank",
    "RewardPolicy",
    "RidgeHistory",
    "Settlement",
]
