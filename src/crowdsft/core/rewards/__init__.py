"""Reward policies: from the evidence of finished rounds to whole points."""

from __future__ import annotations

from crowdsft.core.registry import Table
from crowdsft.core.rewards.base import Award, BoundUtility, PointUtility, RewardPolicy, Settlement
from crowdsft.core.rewards.marginal import Marginal
from crowdsft.core.rewards.rank import Rank

REWARDS: Table[RewardPolicy] = Table("reward policy", {"rank": Rank, "marginal": Marginal})

__all__ = [
    "REWARDS",
    "Award",
    "BoundUtility",
    "Marginal",
    "PointUtility",
    "Rank",
    "RewardPolicy",
    "Settlement",
]
