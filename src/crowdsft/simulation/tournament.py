"""Rounds of grouping, moving, measuring, choosing and paying, for many runs at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.grouping import BalancedDesign, Design, blank_design
from crowdsft.core.seeds import derive_seed
from crowdsft.core.weighting import no_merit, within_groups
from crowdsft.simulation.history import History
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
    history = _empty_history(runs, rounds, groups, contributors, dimensions)
    targets = world.targets[:, None, :]
    noise_factor = settings.noise * spread_between_groups(
        world.contributors, groups=groups, step=settings.step
    )
    design = _first_design(settings, runs, contributors)
    merit = no_merit(runs, contributors)
    model, points = world.starts, history.points
    history.models[:, 0] = model
    for t in range(rounds):
        assigned = settings.grouping.assign(
            points, groups=groups, round_number=t + 1, rounds=rounds, rng=rng, history=design
        )
        influence = settings.weighting.weights(np.maximum(points, 0.0), merit.sums)
        weights = within_groups(influence, assigned, groups)
        candidates = model[:, None, :] + settings.step * (weights @ world.contributors - model[:, None, :])
        measured = np.concatenate([candidates, model[:, None, :]], axis=1)
        if settings.noise:
            measured = measured + rng.standard_normal(measured.shape) @ np.swapaxes(noise_factor, 1, 2)
        utilities = settings.evaluation.utility(measured, targets)
        values, base_values = utilities[:, :-1], utilities[:, -1]
        winners = _choose(values, base_values, settings.mistake_chance, rng)
        improved = winners >= 0

        history.assigned[:, t], history.influence[:, t] = assigned, influence
        history.shares[:, t] = np.take_along_axis(weights, assigned[:, None, :], axis=1)[:, 0]
        history.values[:, t], history.base_values[:, t] = values, base_values
        history.embeddings[:, t], history.base_embeddings[:, t] = measured[:, :-1], measured[:, -1]
        history.winners[:, t] = winners

        model = np.where(improved[:, None], candidates[np.arange(runs), winners], model)
        history.models[:, t + 1] = model
        earned = settings.round_points.of_groups(values, base_values)
        points += np.where(improved[:, None], np.take_along_axis(earned, assigned, axis=1), 0.0)
        merit = merit.after(values, weights > 0)
        if design is not None:
            design = design.after(weights)
    return history


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


def _empty_history(runs: int, rounds: int, groups: int, contributors: int, dimensions: int) -> History:
    return History(
        assigned=np.empty((runs, rounds, contributors), dtype=np.int16),
        shares=np.empty((runs, rounds, contributors)),
        influence=np.empty((runs, rounds, contributors)),
        values=np.empty((runs, rounds, groups)),
        base_values=np.empty((runs, rounds)),
        embeddings=np.empty((runs, rounds, groups, dimensions)),
        base_embeddings=np.empty((runs, rounds, dimensions)),
        winners=np.empty((runs, rounds), dtype=np.int16),
        models=np.empty((runs, rounds + 1, dimensions)),
        points=np.ones((runs, contributors)),
    )
