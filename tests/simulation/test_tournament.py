"""Tournaments: against a plain loop, against laws, and against the published numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from crowdsft.core.errors import InputError, SettingsError
from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.grouping import GROUPINGS
from crowdsft.core.seeds import derive_seed
from crowdsft.core.weighting import WEIGHTINGS
from crowdsft.simulation import (
    POINT_RULES,
    History,
    SimulationSettings,
    World,
    draw_world,
    make_point_rule,
    simulate_tournament,
)
from crowdsft.simulation.agreement import pearson
from crowdsft.simulation.floor import floor_distances
from crowdsft.simulation.noise import spread_between_groups
from crowdsft.simulation.streams import RunStreams
from crowdsft.simulation.truth import accurate_truth
from crowdsft.simulation.vectors import read_vectors
from crowdsft.simulation.world import run_seeds

VECTORS = np.random.default_rng(0).uniform(0, 5, size=(21, 6))


def small_world(runs: int = 4, users: int = 12) -> World:
    return draw_world(VECTORS, users=users, seeds=run_seeds(3, runs))


def paper_settings(grouping: str, evaluation: str, groups: int, **changes: object) -> SimulationSettings:
    return SimulationSettings(
        groups=groups,
        grouping=GROUPINGS.make(grouping),
        evaluation=UTILITIES.make(evaluation),
        weighting=WEIGHTINGS.make("points_squared"),
        **changes,  # type: ignore[arg-type]
    )


def plain_loop(world: World, run: int, settings: SimulationSettings) -> tuple[np.ndarray, np.ndarray]:
    """One run as the paper tells it, contributor by contributor; only chance is drawn as the package does."""
    people, target, model = world.contributors[run], world.targets[run], world.starts[run]
    rng = RunStreams([derive_seed(world.seeds[run], "rounds")])
    points = np.ones(len(people))
    path = [model]
    for number in range(1, settings.rounds + 1):
        assigned = settings.grouping.assign(
            points[None], groups=settings.groups, round_number=number, rounds=settings.rounds, rng=rng
        )[0]
        candidates = []
        for group in range(settings.groups):
            members = [i for i in range(len(people)) if assigned[i] == group]
            centroid = sum(points[i] ** 2 * people[i] for i in members) / sum(points[i] ** 2 for i in members)
            candidates.append(model + settings.step * (centroid - model))
        values = [float(settings.evaluation.utility(c, target)) for c in candidates]
        now = float(settings.evaluation.utility(model, target))
        best = max(range(settings.groups), key=values.__getitem__)
        mistake, which = rng.random((1, 2))[0]
        if values[best] > now:
            order = sorted(range(settings.groups), key=lambda group: -values[group])
            chosen = best
            if mistake < settings.mistake_chance:
                chosen = (best + 1 + int(which * (settings.groups - 1))) % settings.groups
            place = order.index(chosen)
            order[0], order[place] = order[place], order[0]
            for i in range(len(people)):
                points[i] += settings.groups - order.index(assigned[i])
            model = candidates[chosen]
        path.append(model)
    return np.array(path), points


@pytest.mark.parametrize("evaluation", sorted(UTILITIES))
@pytest.mark.parametrize("grouping", ["random", "epsilon_greedy_paper", "interleaved_paper"])
def test_many_runs_at_once_are_the_plain_loop(grouping: str, evaluation: str) -> None:
    world = small_world()
    settings = paper_settings(grouping, evaluation, 3, rounds=30, mistake_chance=0.2)
    history = simulate_tournament(world, settings)
    for run in range(4):
        path, points = plain_loop(world, run, settings)
        np.testing.assert_allclose(history.models[run], path, atol=1e-9)
        np.testing.assert_allclose(history.points[run], points)


@pytest.mark.parametrize("weighting", sorted(WEIGHTINGS))
@pytest.mark.parametrize("grouping", sorted(GROUPINGS))
def test_a_run_alone_is_the_run_beside_others(grouping: str, weighting: str) -> None:
    settings = SimulationSettings(
        groups=3,
        rounds=8,
        grouping=GROUPINGS.make(grouping),
        weighting=WEIGHTINGS.make(weighting),
        noise=0.5,
    )
    together = simulate_tournament(small_world(), settings)
    world = small_world()
    alone = simulate_tournament(draw_world(VECTORS, users=12, seeds=world.seeds[2:3]), settings)
    np.testing.assert_allclose(alone.models[0], together.models[2], atol=1e-12)
    np.testing.assert_array_equal(alone.assigned[0], together.assigned[2])


@pytest.mark.parametrize("rule", sorted(POINT_RULES))
@pytest.mark.parametrize("evaluation", ["l2", "l1", "dot"])
def test_no_tournament_goes_below_the_floor(rule: str, evaluation: str) -> None:
    world = small_world()
    settings = paper_settings(
        "interleaved", evaluation, 4, rounds=15, point_rule=make_point_rule(rule, evaluation=evaluation)
    )
    history = simulate_tournament(world, settings)
    assert (history.distances(world.targets) >= floor_distances(world)[:, None] - 1e-9).all()
    assert np.isfinite(history.points).all()


def test_without_mistakes_and_noise_the_utility_never_falls() -> None:
    world = small_world()
    history = simulate_tournament(world, paper_settings("random", "l1", 3, mistake_chance=0.0))
    assert (np.diff(history.base_values, axis=1) >= -1e-12).all()
    stays = history.winners < 0
    best = history.values.max(axis=2)
    np.testing.assert_array_equal(stays, best <= history.base_values)


def test_mistakes_happen_as_often_as_they_should() -> None:
    world = draw_world(VECTORS, users=12, seeds=run_seeds(1, 100))
    history = simulate_tournament(world, paper_settings("random", "dot", 3, mistake_chance=0.25))
    improved = history.winners >= 0
    wrong = history.winners != history.values.argmax(axis=2)
    assert wrong[improved].mean() == pytest.approx(0.25, abs=0.02)


def test_noise_is_as_large_as_random_groups_differ() -> None:
    rng = np.random.default_rng(0)
    contributors = rng.normal(size=(1, 20, 3)) @ np.array([[2, 1, 0], [0, 1, 0], [0, 0, 0.5]])
    factor = spread_between_groups(contributors, groups=4, step=0.1)[0]
    assigned = GROUPINGS.make("random").assign(
        np.ones((20_000, 20)), groups=4, round_number=1, rounds=1, rng=rng
    )
    means = np.einsum("rn,nd->rd", assigned == 0, contributors[0]) / 5
    np.testing.assert_allclose(factor @ factor.T, 0.01 * np.cov(means.T), atol=2e-4)


def test_noise_touches_what_is_measured_and_not_the_model() -> None:
    world = small_world()
    history = simulate_tournament(world, SimulationSettings(groups=3, rounds=5, noise=1.0))
    assert not np.allclose(history.base_embeddings, history.models[:, :-1])
    for run, t in np.argwhere(history.winners >= 0):
        step = history.models[run, t + 1] - history.models[run, t]
        winner = history.weights(int(run))[t, history.winners[run, t]]
        expected = 0.1 * (winner @ world.contributors[run] - history.models[run, t])
        np.testing.assert_allclose(step, expected, atol=1e-12)


def test_records_tell_what_happened() -> None:
    world = small_world()
    history = simulate_tournament(world, paper_settings("interleaved_paper", "l2", 5, rounds=40))
    records = history.records(1)
    assert [record.round_number for record in records] == list(range(1, 41))
    for t, record in enumerate(records):
        np.testing.assert_allclose(record.weights.sum(axis=1), 1)
        assert record.embeddings is not None
        assert record.base_embedding is not None
        moved = record.base_embedding + 0.1 * (record.weights @ world.contributors[1] - record.base_embedding)
        np.testing.assert_allclose(record.embeddings, moved)
        winner = history.winners[1, t]
        assert record.winner == (None if winner < 0 else winner)
        assert record.significant == (winner >= 0)
        assert record.contributors == tuple(sorted(record.contributors))
    assert {record.winner for record in records} >= {None, 0}


def test_settings_that_cannot_be_used() -> None:
    with pytest.raises(SettingsError) as caught:
        SimulationSettings(groups=0, rounds=0, step=0.0, mistake_chance=2.0, noise=-1.0)
    assert len(caught.value.faults) == 5
    with pytest.raises(InputError, match="13 groups"):
        simulate_tournament(small_world(), SimulationSettings(groups=13))


PUBLISHED_CELLS = [
    ("random", "l2", 10, 3),
    ("epsilon_greedy", "l2", 10, 5),
    ("interleaved", "l1", 10, 4),
    ("epsilon_greedy", "dot", 10, 3),
    ("random", "l1", 50, 5),
    ("interleaved", "dot", 100, 2),
]


@pytest.mark.parametrize(("grouping", "evaluation", "users", "groups"), PUBLISHED_CELLS)
def test_published_numbers(
    shared_data: Path, grouping: str, evaluation: str, users: int, groups: int
) -> None:
    """Within 3.5 standard errors of the published means; points of 10 users, whose KernelSHAP is exact."""
    long_names = {"l2": "l2_norm", "l1": "l1_norm", "dot": "dot_product"}
    with (shared_data / "reference_simulation_results.csv").open() as file:
        [published] = [
            row
            for row in csv.DictReader(file)
            if (row["grouping"], row["evaluation"]) == (grouping, long_names[evaluation])
            and (int(row["num_users"]), int(row["num_groups"])) == (users, groups)
        ]
    world = draw_world(
        read_vectors(shared_data / "movielens_genre_means.csv"),
        users=users,
        seeds=run_seeds(11, 100),
        start_range=(0.0, 5.0),
    )
    name = grouping if grouping == "random" else f"{grouping}_paper"
    history = simulate_tournament(world, paper_settings(name, evaluation, groups))
    measured = {"final_distance": history.distances(world.targets)[:, -1]}
    if users == 10:
        measured["pearson"] = pearson(history.points, accurate_truth(world, evaluation))
    for column, values in measured.items():
        error = values.std(ddof=1) * np.sqrt(1 / 50 + 1 / len(values))
        assert abs(values.mean() - float(published[column])) < 3.5 * error


def test_a_history_cut_short_is_the_shorter_tournament() -> None:
    world = small_world()
    long = simulate_tournament(world, SimulationSettings(groups=3, rounds=9)).until(4)
    short = simulate_tournament(world, SimulationSettings(groups=3, rounds=4))
    for name in ("assigned", "values", "embeddings", "models", "winners"):
        np.testing.assert_array_equal(getattr(long, name), getattr(short, name))
    assert isinstance(long, History)
