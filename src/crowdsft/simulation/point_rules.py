"""Points as running numbers that can steer a simulated tournament: one rule per reward policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from crowdsft.core.registry import Table
from crowdsft.simulation.estimates import Floats, decoded_estimates, ridge_estimates
from crowdsft.simulation.history import History
from crowdsft.simulation.truth import EvaluationName


class PointRule(Protocol):
    """The points after a round. They start at 1 for everybody, as in the paper.

    A rule whose `adds_up` is False depends on the whole history and not on earlier points, so it needs to be
    asked only when somebody looks at the points.
    """

    adds_up: ClassVar[bool]

    def after_round(self, points: Floats, played: History, targets: Floats) -> Floats:
        """float64[R, n]: points after the last round of `played`.

        Args:
            points: float64[R, n]; points before it.
            played: The rounds so far, the newest included.
            targets: float64[R, d].
        """
        ...


@dataclass(frozen=True, slots=True)
class RankPoints:
    """In a round whose best candidate beat the model, the best of G groups gets G, the next G - 1, the last 1.

    Where another candidate was taken by mistake, it changes places with the best.

    Source: experiment 3. The paper's text pays marginal gains; its published numbers fit these points, not
    the gains, not G - 1 .. 0, and with two groups not the plain order either.
    """

    adds_up: ClassVar[bool] = True

    def after_round(self, points: Floats, played: History, targets: Floats) -> Floats:
        """See `PointRule.after_round`; of equal values the first group's is the better rank."""
        values = played.values[:, -1]
        order = np.argsort(-values, axis=1, kind="stable")
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.arange(values.shape[1])[None, :], axis=1)
        [mistaken] = np.nonzero((played.winners[:, -1] >= 0) & (played.winners[:, -1] != order[:, 0]))
        taken, best = played.winners[mistaken, -1], order[mistaken, 0]
        ranks[mistaken, best], ranks[mistaken, taken] = ranks[mistaken, taken], 0
        return points + _to_members((values.shape[1] - ranks).astype(np.float64), played)


@dataclass(frozen=True, slots=True)
class MarginalPoints:
    """In such a round every group gets its candidate's gain over the model, negative for a loss.

    Source: the paper's text.
    """

    adds_up: ClassVar[bool] = True

    def after_round(self, points: Floats, played: History, targets: Floats) -> Floats:
        """See `PointRule.after_round`."""
        return points + _to_members(played.values[:, -1] - played.base_values[:, -1, None], played)


@dataclass(frozen=True, slots=True)
class RidgeHistoryPoints:
    """Shapley values estimated from all rounds' values. Source: not in the paper."""

    evaluation: EvaluationName
    step: float = 0.1
    adds_up: ClassVar[bool] = False

    def after_round(self, points: Floats, played: History, targets: Floats) -> Floats:
        """See `PointRule.after_round`."""
        return ridge_estimates(played, targets, evaluation=self.evaluation, step=self.step)


@dataclass(frozen=True, slots=True)
class DecodedShapleyPoints:
    """Shapley values of contributors decoded from all rounds' embeddings. Source: not in the paper."""

    evaluation: EvaluationName
    step: float = 0.1
    adds_up: ClassVar[bool] = False

    def after_round(self, points: Floats, played: History, targets: Floats) -> Floats:
        """See `PointRule.after_round`."""
        return decoded_estimates(played, targets, evaluation=self.evaluation, step=self.step)


POINT_RULES: Table[PointRule] = Table(
    "point rule",
    {
        "rank": RankPoints,
        "marginal": MarginalPoints,
        "ridge_history": RidgeHistoryPoints,
        "decoded_shapley": DecodedShapleyPoints,
    },
)


def make_point_rule(name: str, *, evaluation: EvaluationName, step: float = 0.1) -> PointRule:
    """The rule called `name`, told what it needs to know about the game."""
    if POINT_RULES[name].adds_up:
        return POINT_RULES.make(name)
    return POINT_RULES.make(name, evaluation=evaluation, step=step)


def _to_members(of_groups: Floats, played: History) -> Floats:
    """float64[R, n]: what groups got (float64[R, G]), to each member; nothing where no candidate was better."""
    earned = np.take_along_axis(of_groups, played.assigned[:, -1].astype(np.int64), axis=1)
    improved = played.winners[:, -1] >= 0
    return np.where(improved[:, None], earned, 0.0)
