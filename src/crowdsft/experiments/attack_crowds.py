"""Crowds with attackers in them, in the vector-space world of experiment 3.

A contributor is a vector: where a model trained on it alone would end. Attackers submit vectors that are worth
little, or somebody else's, or the same one under many names, or change them when it pays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.rewards import DecodedShapley

Floats = NDArray[np.float64]

RATINGS = (0.0, 5.0)
RESET_EVERY = 8  # rounds after which a whitewasher comes back under a new name


@dataclass(frozen=True, slots=True)
class Scene:
    """What attackers can know when a campaign begins.

    Args:
        honest: float64[n, d]; vectors of the honest contributors.
        own: float64[k, d]; what the attackers would submit if they were honest.
        target: float64[d].
        rounds: Length of the campaign.
        rng: Chance.
    """

    honest: Floats
    own: Floats
    target: Floats
    rounds: int
    rng: np.random.Generator


@dataclass(frozen=True, slots=True)
class Move:
    """What the attackers submit in one round.

    Args:
        names: One per attacker.
        vectors: float64[k, d].
        copied_from: For attackers whose texts are near-identical to those of somebody accepted earlier: the
            attacker's name -> that contributor's name.
    """

    names: tuple[str, ...]
    vectors: Floats
    copied_from: Mapping[str, str]


Play = Callable[[int, Floats], Move]  # (round index, current model) -> move


@dataclass(frozen=True, slots=True)
class Attack:
    """A way to attack: its key, what it is in words, and how it is begun.

    `one_of_many`: the k attackers are one person, who is to earn no more than with one name.
    `has_victims`: the work of the first k honest contributors is copied.
    """

    key: str
    words: str
    begin: Callable[[Scene], Play]
    one_of_many: bool = False
    has_victims: bool = False


def _still(vectors: Callable[[Scene], Floats]) -> Callable[[Scene], Play]:
    """Attackers who submit the same in every round."""

    def begin(scene: Scene) -> Play:
        chosen = vectors(scene)
        return lambda round_index, model: Move(_names(len(chosen)), chosen, {})

    return begin


def _names(count: int) -> tuple[str, ...]:
    return tuple(f"attacker{number:02}" for number in range(count))


def honest_name(number: int) -> str:
    """Name of the honest contributor `number`."""
    return f"honest{number:02}"


def _random(scene: Scene) -> Floats:
    return np.asarray(scene.rng.uniform(*RATINGS, scene.own.shape))


def _inverted(scene: Scene) -> Floats:
    return np.asarray(sum(RATINGS) - scene.own)


def _zeros(scene: Scene) -> Floats:
    return np.zeros_like(scene.own)


def _copiers(scene: Scene) -> Play:
    """Others' vectors in words of one's own, from the second round on: what is copied has been there before."""
    names, vectors = _names(len(scene.own)), scene.honest[: len(scene.own)]

    def play(round_index: int, model: Floats) -> Move:
        return Move(names, vectors, {}) if round_index else Move((), vectors[:0], {})

    return play


def _copiers_of_texts(scene: Scene) -> Play:
    """Others' texts, which their likeness gives away."""
    names, vectors = _names(len(scene.own)), scene.honest[: len(scene.own)]
    victims = {name: honest_name(number) for number, name in enumerate(names)}
    return lambda round_index, model: Move(names, vectors, victims)


def _clones(noise: float) -> Callable[[Scene], Floats]:
    """Copies of the attackers' best vector, each off by `noise` of its length."""

    def vectors(scene: Scene) -> Floats:
        off = scene.rng.normal(size=scene.own.shape)
        off *= noise * np.linalg.norm(_best(scene)) / np.linalg.norm(off, axis=1, keepdims=True)
        off[0] = 0.0
        return np.asarray(_best(scene) + off)

    return vectors


def _best(scene: Scene) -> Floats:
    """Of what the attackers could honestly submit, what is nearest to the target."""
    distances = np.linalg.norm(scene.own - scene.target, axis=1)
    return np.asarray(scene.own[np.argmin(distances)])


def _ring(scene: Scene) -> Floats:
    """Everybody submits the mean of all that the ring could write."""
    return np.repeat(scene.own.mean(axis=0, keepdims=True), len(scene.own), axis=0)


def _free_riders(scene: Scene) -> Play:
    """Outputs of the current model, submitted as own texts."""
    names = _names(len(scene.own))
    return lambda round_index, model: Move(names, np.repeat(model[None], len(names), axis=0), {})


def _coasters(scene: Scene) -> Play:
    """Good work until trusted, nothing afterwards."""
    names, good = _names(len(scene.own)), scene.own + 0.5 * (scene.target - scene.own)
    return lambda round_index, model: Move(
        names, good if round_index < scene.rounds // 2 else np.zeros_like(good), {}
    )


def _alternators(scene: Scene) -> Play:
    """Good work in every other round: estimates that take everybody as constant see work of middling quality."""
    names, good = _names(len(scene.own)), scene.own + 0.5 * (scene.target - scene.own)
    return lambda round_index, model: Move(names, np.zeros_like(good) if round_index % 2 else good, {})


def _boosters(scene: Scene) -> Floats:
    """Nine pull away from the target, so that the tenth, who pulls towards it, is missed the more."""
    away = scene.own - 0.5 * (scene.target - scene.honest.mean(axis=0))
    away[0] = _best(scene) + 0.5 * (scene.target - _best(scene))
    return np.asarray(np.clip(away, *RATINGS))


def _whitewashers(scene: Scene) -> Play:
    """Worthless work under names that are given up before they are known."""
    vectors = _random(scene)

    def play(round_index: int, model: Floats) -> Move:
        life = round_index // RESET_EVERY
        return Move(tuple(f"{name}-{life}" for name in _names(len(vectors))), vectors, {})

    return play


def _evaders(scene: Scene) -> Floats:
    """Copies of one vector, as near to each other as they can be without being taken for clones.

    The attacker knows the rule: copies at 8 % of the usual distance between contributors are one.
    """
    pairs = scene.honest[:, None] - scene.honest[None]
    usual = np.median(np.linalg.norm(pairs, axis=2)[np.triu_indices(len(scene.honest), k=1)])
    off = (
        np.linalg.qr(scene.rng.normal(size=scene.own.shape).T)[0].T
        * 1.2
        * DecodedShapley().cluster_radius
        * usual
        / np.sqrt(2)
    )
    return np.asarray(_best(scene) + off)


ATTACKS = (
    Attack("random", "random vectors", _still(_random)),
    Attack("inverted", "the opposite of what one would say", _still(_inverted)),
    Attack("zeros", "nothing at all", _still(_zeros)),
    Attack("copies", "others' work in other words", _copiers, has_victims=True),
    Attack("copied_texts", "others' texts, copied", _copiers_of_texts, has_victims=True),
    Attack("clones", "exact clones of one", _still(_clones(0.0)), one_of_many=True),
    Attack("clones_1", "clones, 1 % noise", _still(_clones(0.01)), one_of_many=True),
    Attack("clones_2", "clones, 2 % noise", _still(_clones(0.02)), one_of_many=True),
    Attack("clones_5", "clones, 5 % noise", _still(_clones(0.05)), one_of_many=True),
    Attack("clones_10", "clones, 10 % noise", _still(_clones(0.10)), one_of_many=True),
    Attack("free_riders", "outputs of the current model", _free_riders),
    Attack("ring", "a ring that pools its texts", _still(_ring)),
    Attack("coasters", "good work, then nothing", _coasters),
    Attack("alternators", "good work in every other round", _alternators),
    Attack("boosters", "nine who make the tenth look good", _still(_boosters)),
    Attack("whitewashers", "new names every 8 rounds", _whitewashers),
    Attack("evaders", "clones just beyond the radius", _still(_evaders), one_of_many=True),
)
