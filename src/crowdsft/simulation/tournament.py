"""Rounds of grouping, moving, measuring, choosing and paying, for many runs at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.evaluation import Utility
from crowdsft.core.grouping import BalancedDesign, Design, blank_design
from crowdsft.core.seeds import derive_seed
from crowdsft.core.weighting import no_merit, within_groups
from crowdsft.simulation.history import History, empty_history
from crowdsft.simulation.noise import spread_between_groups
from crowdsft.simulation.settings import SimulationSettings
from crowdsft.simulation.streams import RunStreams
from crowdsft.simulation.world import World

Floats = NDArray[np.float64]


def simulate_tournament(world: World, settings: SimulationSettings) -> History:
    """Play the tournament in every run of `world`.

    In each round every group's candidate is a step from the model towards the weighted mean of its members.
    When the best candidate measures better than the model, it becomes the model (by mistake another one)
    and every group's members get points.

    Raises:
        InputError: when there are more groups than contributors, or a grouping leaves one empty.
        EvaluationError: when a utility is not a finite number.

    Source: experiment 3.
    """
    runs, contributors, dimensions = world.contributors.shape
    rounds, groups = settings.rounds, settings.groups
    rng = RunStreams([derive_seed(seed, "rounds") for seed in world.seeds])
    history = empty_history(runs, rounds, groups, contributors, dimensions)
    measure = _Measurement.of(world, settings)
    design = _first_design(settings, runs, contributors)
    merit = no_merit(runs, contributors)
    model, points = world.starts, np.ones((runs, contributors))
    history.models[:, 0] = model
    for t in range(rounds):
        assigned = settings.grouping.assign(
            points, groups=groups, round_number=t + 1, rounds=rounds, rng=rng, history=design
        )
        influence = settings.weighting.weights(np.maximum(points, 0.0), merit.sums)
        weights = within_groups(influence, assigned, groups)
        candidates = model[:, None, :] + settings.step * (weights @ world.contributors - model[:, None, :])
        embeddings, values = measure(np.concatenate([candidates, model[:, None, :]], axis=1), rng)
        winners = _choose(values[:, :-1], values[:, -1], settings.mistake_chance, rng)
        history.write_round(t, assigned, weights, influence, embeddings, values, winners)
        improved = (winners >= 0)[:, None]
        model = np.where(improved, candidates[np.arange(runs), winners], model)
        history.models[:, t + 1] = model
        if settings.point_rule.adds_up or settings.points_steer or t + 1 == rounds:
            points = settings.point_rule.after_round(points, history.until(t + 1), world.targets)
        if settings.needs_merit:
            merit = merit.after(values[:, :-1], weights)
        if design is not None:
            design = design.after(weights)
    history.points[:] = points
    return history


@dataclass(frozen=True, slots=True)
class _Measurement:
    """Measures models: adds noise to their embeddings and evaluates what it sees."""

    evaluation: Utility
    targets: Floats
    noise: Floats | None

    @classmethod
    def of(cls, world: World, settings: SimulationSettings) -> _Measurement:
        noise = None
        if settings.noise:
            spread = spread_between_groups(world.contributors, groups=settings.groups, step=settings.step)
            noise = settings.noise * np.swapaxes(spread, 1, 2)
        return cls(settings.evaluation, world.targets[:, None, :], noise)

    def __call__(self, models: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Measured embeddings float64[R, m, d] and utilities float64[R, m] of models float64[R, m, d]."""
        if self.noise is not None:
            models = models + rng.standard_normal(models.shape) @ self.noise
        return models, self.evaluation.utility(models, self.targets)


def _choose(
    values: Floats, base_values: Floats, mistake_chance: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """int64[R]: the candidate that becomes the model, -1 where none is better than the model."""
    runs, groups = values.shape
    best = np.argmax(values, axis=1)
    chance = rng.random((runs, 2))
    if groups > 1:
        other = (best + 1 + (chance[:, 1] * (groups - 1)).astype(np.int64)) % groups
        chosen = np.where(chance[:, 0] < mistake_chance, other, best)
    else:
        chosen = best
    return np.where(values.max(axis=1) > base_values, chosen, -1)


def _first_design(settings: SimulationSettings, runs: int, contributors: int) -> Design | None:
    """A design is kept only for the grouping that looks at it; it costs more than the rest of a round."""
    if not isinstance(settings.grouping, BalancedDesign):
        return None
    return blank_design(runs, contributors)
