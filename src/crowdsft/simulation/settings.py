"""The settings of a simulated tournament."""

from __future__ import annotations

from dataclasses import dataclass, field

from crowdsft.core.errors import Fault, SettingsError
from crowdsft.core.evaluation import Euclidean, Utility
from crowdsft.core.grouping import BalancedDesign, Grouping, RandomSplit
from crowdsft.core.weighting import ExponentiatedGradient, PointsSquared, Uniform, Weighting
from crowdsft.simulation.point_rules import PointRule, RankPoints


@dataclass(frozen=True, slots=True)
class SimulationSettings:
    """How a simulated tournament is played.

    Args:
        groups: Groups per round, at least 1.
        rounds: Rounds, at least 1.
        grouping: Who is in a group together.
        evaluation: The utility that candidates are compared by.
        point_rule: The points that groupings and weightings by points go by during the tournament.
        weighting: How much each contributor counts in the own group's centroid.
        step: How far a candidate moves from the model towards its group's centroid, in (0, 1].
        mistake_chance: Probability that another candidate than the best is taken, in [0, 1].
        noise: How far the measurement of a candidate's embedding is off, in units of the spread between
            equally weighted random groups, at least 0.

    Raises:
        SettingsError: listing every setting that is out of range.

    Source: experiment 3; its step is 0.1 and its mistake_chance 0.05. `noise` is ours.
    """

    groups: int = 2
    rounds: int = 100
    grouping: Grouping = field(default_factory=RandomSplit)
    evaluation: Utility = field(default_factory=Euclidean)
    point_rule: PointRule = field(default_factory=RankPoints)
    weighting: Weighting = field(default_factory=Uniform)
    step: float = 0.1
    mistake_chance: float = 0.05
    noise: float = 0.0

    def __post_init__(self) -> None:
        checks = [
            ("groups", self.groups >= 1, f"is {self.groups}, but there must be at least 1"),
            ("rounds", self.rounds >= 1, f"is {self.rounds}, but there must be at least 1"),
            ("step", 0 < self.step <= 1, f"is {self.step}, but must lie above 0 and at most at 1"),
            ("mistake_chance", 0 <= self.mistake_chance <= 1, f"is {self.mistake_chance}, not a probability"),
            ("noise", self.noise >= 0, f"is {self.noise}, but must be at least 0"),
        ]
        faults = [Fault(where, problem) for where, is_right, problem in checks if not is_right]
        if faults:
            raise SettingsError(faults, source="the simulation settings")

    @property
    def points_steer(self) -> bool:
        """Whether points may change what happens; policies that are not known here are taken to look at them."""
        ignore_points = (RandomSplit, BalancedDesign), (Uniform, ExponentiatedGradient)
        return not (
            isinstance(self.grouping, ignore_points[0]) and isinstance(self.weighting, ignore_points[1])
        )

    @property
    def needs_merit(self) -> bool:
        """Whether the weighting may look at merit, which costs more than the rest of a round."""
        return not isinstance(self.weighting, (Uniform, PointsSquared))
