"""Grouping policies: who fine-tunes a candidate together in a round."""

from __future__ import annotations

from crowdsft.core.grouping.balanced_design import BalancedDesign
from crowdsft.core.grouping.base import Grouping
from crowdsft.core.grouping.dealt import Dealt
from crowdsft.core.grouping.design import Design, blank_design, design_from_records
from crowdsft.core.grouping.epsilon_greedy import EpsilonGreedy
from crowdsft.core.grouping.interleaved import Interleaved
from crowdsft.core.grouping.paper_forms import EpsilonGreedyPaper, InterleavedPaper
from crowdsft.core.grouping.random_split import RandomSplit
from crowdsft.core.registry import Table

GROUPINGS: Table[Grouping] = Table(
    "grouping",
    {
        "random": RandomSplit,
        "epsilon_greedy": EpsilonGreedy,
        "interleaved": Interleaved,
        "balanced_design": BalancedDesign,
        "dealt": Dealt,
        "epsilon_greedy_paper": EpsilonGreedyPaper,
        "interleaved_paper": InterleavedPaper,
    },
)

__all__ = [
    "GROUPINGS",
    "BalancedDesign",
    "Dealt",
    "Design",
    "EpsilonGreedy",
    "EpsilonGreedyPaper",
    "Grouping",
    "Interleaved",
    "InterleavedPaper",
    "RandomSplit",
    "blank_design",
    "design_from_records",
]
