"""Weightings: how much each contributor counts in the training of a group."""

from __future__ import annotations

from crowdsft.core.registry import Table
from crowdsft.core.weighting.base import Weighting, effective_number, within_groups
from crowdsft.core.weighting.exponentiated_gradient import ExponentiatedGradient
from crowdsft.core.weighting.merit import Merit, merit_from_records, no_merit
from crowdsft.core.weighting.points_squared import PointsSquared
from crowdsft.core.weighting.uniform import Uniform

WEIGHTINGS: Table[Weighting] = Table(
    "weighting",
    {
        "uniform": Uniform,
        "points_squared": PointsSquared,
        "exponentiated_gradient": ExponentiatedGradient,
    },
)

__all__ = [
    "WEIGHTINGS",
    "ExponentiatedGradient",
    "Merit",
    "PointsSquared",
    "Uniform",
    "Weighting",
    "effective_number",
    "merit_from_records",
    "no_merit",
    "within_groups",
]
