"""Appraisal by a linear model of the utility: Shapley values in closed form, for crowds of any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.accounting.crowd import Crowd
from crowdsft.core.accounting.due import Worth
from crowdsft.core.accounting.group_history import GroupHistory
from crowdsft.core.accounting.linear_effects import LinearEffects, linear_effects
from crowdsft.core.accounting.point_appraisal import effect_to_value

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LinearAppraisal:
    """Shapley values where a coalition is worth `level` plus the mean effect of its members.

    phi_i = (v(all) - v(nobody)) / n + k (effect_i - mean effect), k as in `effect_to_value`. Nobody is joined
    with anybody: those who share texts are one contributor of the history already.

    Args:
        found: The effects.
        level: Utility of a model made by contributors of mean effect.
        nobody: Utility of the empty coalition.
        widening: Factor on standard errors, for what the model cannot know about itself.
    """

    found: LinearEffects
    level: float
    nobody: float
    widening: float = 1.0

    @property
    def clusters(self) -> Integers:
        """int64[N]: everybody alone."""
        return np.arange(len(self.found.effects))

    @property
    def suspects(self) -> Integers:
        """int64[N]: everybody alone."""
        return self.clusters

    @property
    def unknown(self) -> Floats:
        """float64[N]; see `Appraisal`."""
        return self.found.unknown

    @property
    def unseen(self) -> Floats:
        """float64[N]; see `Appraisal`."""
        return self.found.unseen

    def worths(self, round_index: int, players: Integers, clusters: Integers) -> tuple[Worth, ...]:
        """See `Appraisal.worths`; the same game in every round."""
        effects = self.found.effects[players]
        mean = float(effects.mean())
        rate = effect_to_value(len(players))
        total = self.level + mean - self.nobody
        values = total / len(players) + rate * (effects - mean)
        return (Worth(values, self.widening * rate * self.found.errors[players]),)


def appraise_linearly(
    history: GroupHistory, *, nobody: float, step: float = 1.0, widening: float = 1.0
) -> LinearAppraisal:
    """Everything that the values of `history` say under a linear model.

    Args:
        history: At least one round.
        nobody: Utility of the empty coalition.
        step: How far a candidate goes from the round's base to its members' mean, in (0, 1].
        widening: See `LinearAppraisal`; 1 where the utility is linear.
    """
    found = linear_effects(history, step=step)
    bases = history.bases[history.round_of]
    whole_way = bases + (history.values - bases) / step
    level = float((whole_way - history.group_means(found.effects)).mean())
    return LinearAppraisal(found, level, nobody, widening)


def crowd_of(history: GroupHistory, names: Sequence[str]) -> Crowd:
    """The crowd of a sparse history, without its dense weights: enough for `amounts_due`.

    Args:
        history: Rounds.
        names: N contributors, sorted.
    """
    return Crowd(names=tuple(names), bystanders=(), weights=(), present=history.present())
