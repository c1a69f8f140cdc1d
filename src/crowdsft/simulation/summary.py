"""One simulated setting from beginning to end, in figures."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.grouping import GROUPINGS
from crowdsft.core.rewards import REWARDS
from crowdsft.core.weighting import Weighting
from crowdsft.simulation.agreement import pearson, spearman
from crowdsft.simulation.floor import floor_distances
from crowdsft.simulation.history import History
from crowdsft.simulation.ledger import ledger_balances
from crowdsft.simulation.point_rules import make_point_rule
from crowdsft.simulation.settings import SimulationSettings
from crowdsft.simulation.tournament import simulate_tournament
from crowdsft.simulation.truth import EvaluationName, accurate_truth
from crowdsft.simulation.world import World, draw_world, run_seeds

Floats = NDArray[np.float64]

SETTLEMENTS = 10  # of a ledger whose policy estimates everything anew each time


@dataclass(frozen=True, slots=True)
class RunFigures:
    """One run; correlations are None where all points are equal and there is none."""

    seed: int
    pearson: float | None
    spearman: float | None
    final_distance: float
    floor_distance: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over runs; of the ledger, over the runs for which it was played (None where there are none).

    Agreement is between points and accurate Shapley values of the centroid game.

    Distances are Euclidean whatever the evaluation, as published. The floor is the distance of the target to
    the convex hull of the contributors and the start: no tournament of this kind ends nearer.
    """

    pearson_mean: float | None
    spearman_mean: float | None
    spearman_min: float | None
    ledger_spearman_mean: float | None
    final_distance_mean: float
    floor_distance_mean: float
    effective_contributors_mean: float
    seconds: float
    per_run: tuple[RunFigures, ...]

    def as_json(self) -> dict[str, Any]:
        """A mapping of plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Played:
    """A simulated setting with everything that its figures come from.

    Args:
        settings: What was played.
        world, history: The runs.
        truth: float64[R, n]; accurate Shapley values.
        balances: float64[min(R, ledger_runs), n]; what the ledger paid.
        floors: float64[R]; see `Figures`.
        figures: All of it in figures.
    """

    settings: SimulationSettings
    world: World
    history: History
    truth: Floats
    balances: Floats
    floors: Floats
    figures: Figures


def run_simulation(
    vectors: Floats,
    *,
    users: int,
    groups: int,
    rounds: int,
    runs: int,
    grouping: str,
    evaluation: EvaluationName,
    rewards: str,
    weighting: Weighting,
    noise: float,
    seed: int,
    ledger_runs: int = 3,
) -> Played:
    """Simulate `runs` tournaments by names from the tables, and measure them.

    The ledger is played for the first `ledger_runs` of them only: each of its settlements estimates
    everything anew, which takes longer than the tournament.

    Raises:
        InputError: for names, numbers or vectors that cannot be used.
    """
    began = time.perf_counter()
    settings = SimulationSettings(
        groups=groups,
        rounds=rounds,
        grouping=GROUPINGS.make(grouping),
        evaluation=UTILITIES.make(evaluation),
        point_rule=make_point_rule(rewards, evaluation=evaluation),
        weighting=weighting,
        noise=noise,
    )
    world = draw_world(vectors, users=users, seeds=run_seeds(seed, runs))
    history = simulate_tournament(world, settings)
    truth = accurate_truth(world, evaluation)
    balances = _balances(history, world, settings, rewards, ledger_runs)
    linear, ranked = pearson(history.points, truth), spearman(history.points, truth)
    final, floor = history.distances(world.targets)[:, -1], floor_distances(world)
    figures = Figures(
        pearson_mean=_mean(linear),
        spearman_mean=_mean(ranked),
        spearman_min=_number(ranked[np.isfinite(ranked)].min(initial=np.inf)),
        ledger_spearman_mean=_mean(spearman(balances, truth[: len(balances)])),
        final_distance_mean=float(final.mean()),
        floor_distance_mean=float(floor.mean()),
        effective_contributors_mean=float(history.effective_contributors().mean()),
        seconds=time.perf_counter() - began,
        per_run=tuple(
            RunFigures(seed, _number(linear[run]), _number(ranked[run]), float(final[run]), float(floor[run]))
            for run, seed in enumerate(world.seeds)
        ),
    )
    return Played(settings, world, history, truth, balances, floor, figures)


def _balances(
    history: History, world: World, settings: SimulationSettings, rewards: str, ledger_runs: int
) -> Floats:
    """float64[min(R, ledger_runs), n]: what the ledger would have paid."""
    policy = REWARDS.make(rewards)
    every = 1 if settings.point_rule.adds_up else max(1, settings.rounds // SETTLEMENTS)
    balances = [
        ledger_balances(
            history,
            run,
            policy,
            evaluation=settings.evaluation,
            target=world.targets[run],
            seed=seed,
            every=every,
        )
        for run, seed in enumerate(world.seeds[:ledger_runs])
    ]
    return np.array(balances).reshape(len(balances), history.points.shape[1])


def _mean(values: Floats) -> float | None:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else None


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
