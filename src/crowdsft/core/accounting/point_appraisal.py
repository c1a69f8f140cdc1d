"""Appraisal of contributors that are points of a space in which models are weighted means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.accounting.due import Worth
from crowdsft.core.accounting.mean_game import (
    COALITIONS,
    ENUMERATE_UP_TO,
    SAMPLING_ERROR,
    MeanGame,
    shapley_of_means,
)
from crowdsft.core.accounting.mixing import PLAIN, Mixing

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

Game = Literal["centroid", "round", "both"]
GAMES: tuple[Game, ...] = ("centroid", "round", "both")


@dataclass(frozen=True, slots=True)
class PointAppraisal:
    """Shapley values of the games that the contributors' points play.

    Args:
        points: float64[N, D]; vectors, or whatever else is averaged when models are.
        worth_of: Utility of models float64[..., D], float64[...].
        mixing: From means of points to models.
        nobody: Utility of the empty coalition in the centroid game.
        bases: float64[T, D]; each round's base.
        step: How far a candidate goes from the base to the mean of its members; in (0, 1].
        errors: float64[N]; standard errors of what one contributor alone adds to the utility.
        clusters, suspects: int64[N]; see `Appraisal`.
        unknown, unseen: float64[N]; see `Appraisal`.
        game: "centroid": a coalition is worth the utility of its members' mean, nobody is worth `nobody`.
            "round": it is worth the candidate that it would have made from the round's base, and nobody
            is worth that base. "both": half of the budget each.
        traits: float64[N, k]; what makes contributors equal; their points when None.
        coalitions: Effort, see `shapley_of_means`.
    """

    points: Floats
    worth_of: Callable[[Floats], Floats]
    nobody: float
    bases: Floats
    step: float
    errors: Floats
    clusters: Integers
    suspects: Integers
    unknown: Floats
    unseen: Floats
    game: Game = "centroid"
    traits: Floats | None = None
    coalitions: int = COALITIONS
    mixing: Mixing = PLAIN
    _centroid_values: dict[bytes, Floats] = field(default_factory=dict, repr=False, compare=False)

    def worths(self, round_index: int, players: Integers, clusters: Integers) -> tuple[Worth, ...]:
        """See `Appraisal.worths`; a cluster's point is the mean of its members'."""
        points = _mean_of_clusters(self.points, clusters)[players]
        effect = effect_to_value(len(players)) * _mean_of_clusters(self.errors, clusters)[players]
        found = []
        if self.game in ("centroid", "both"):
            found.append(_with_sampling_error(self._of_centroid(points, players), effect))
        if self.game in ("round", "both"):
            found.append(
                _with_sampling_error(self._of_round(round_index, points, players), self.step * effect)
            )
        return tuple(found)

    def _of_centroid(self, points: Floats, players: Integers) -> Floats:
        """The centroid game does not depend on the round, only on who took part."""
        key = points.tobytes() + players.tobytes()
        if key not in self._centroid_values:
            game = MeanGame(
                points,
                lambda means: self.worth_of(self.mixing.taken_back(means)),
                self.nobody,
                self._traits(players),
            )
            self._centroid_values[key] = shapley_of_means(game, coalitions=self.coalitions)
        return self._centroid_values[key]

    def _of_round(self, round_index: int, points: Floats, players: Integers) -> Floats:
        base = self.bases[round_index]
        game = MeanGame(
            points,
            lambda means: self.worth_of((1 - self.step) * base + self.step * self.mixing.taken_back(means)),
            float(self.worth_of(base[None])[0]),
            self._traits(players),
        )
        return shapley_of_means(game, coalitions=self.coalitions)

    def _traits(self, players: Integers) -> Floats | None:
        return None if self.traits is None else self.traits[players]


def _mean_of_clusters(values: Floats, clusters: Integers) -> Floats:
    """Everybody's value replaced by the mean over the own cluster; values float64[N] or float64[N, D]."""
    if (clusters == np.arange(len(clusters))).all():
        return values
    sums = np.zeros_like(values)
    np.add.at(sums, clusters, values)
    sizes = np.bincount(clusters, minlength=len(clusters))
    means: Floats = (sums.T / np.maximum(sizes, 1)).T
    return means[clusters]


def _with_sampling_error(values: Floats, errors: Floats) -> Worth:
    """Values of large games are sampled themselves."""
    if len(values) <= ENUMERATE_UP_TO:
        return Worth(values, errors)
    return Worth(values, np.sqrt(errors**2 + (SAMPLING_ERROR * values.std()) ** 2))


def effect_to_value(players: int) -> float:
    """k in phi_i - mean = k (effect_i - mean): how an effect on the mean shows in a Shapley value.

    Exact when the utility is linear: phi_i = [a_i + (H_n - 1)(a_i - mean of the others' a)] / n.
    Alone, a player's value is the whole game's and does not depend on its own effect's error.
    """
    if players < 2:
        return 0.0
    harmonic = float((1 / np.arange(1, players + 1)).sum())
    return (1 + (harmonic - 1) * players / (players - 1)) / players
