"""The vector-space world of the paper's third experiment: contributors are vectors, a model is a point.

Many runs of one setting are simulated at once, as arrays with a leading axis for the run.
"""

from __future__ import annotations

from crowdsft.simulation.history import History
from crowdsft.simulation.point_rules import POINT_RULES, PointRule, make_point_rule
from crowdsft.simulation.settings import SimulationSettings
from crowdsft.simulation.tournament import simulate_tournament
from crowdsft.simulation.world import World, draw_world

__all__ = [
    "POINT_RULES",
    "History",
    "PointRule",
    "SimulationSettings",
    "World",
    "draw_world",
    "make_point_rule",
    "simulate_tournament",
]
