"""Agreement, floors, truths and estimates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.optimize import minimize

from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.grouping import GROUPINGS
from crowdsft.core.weighting import WEIGHTINGS
from crowdsft.simulation import SimulationSettings, World, draw_world, simulate_tournament
from crowdsft.simulation.agreement import pearson, spearman
from crowdsft.simulation.estimates import (
    contrasts,
    decoded_contributors,
    decoded_estimates,
    ridge,
    ridge_estimates,
)
from crowdsft.simulation.floor import distance_to_hull, floor_distances
from crowdsft.simulation.truth import accurate_truth, kernel_shap_truth
from crowdsft.simulation.world import run_seeds

VECTORS = np.random.default_rng(1).uniform(0, 5, size=(31, 5))


def world_of(users: int, runs: int = 3) -> World:
    return draw_world(VECTORS, users=users, seeds=run_seeds(2, runs))


def test_correlations_are_scipys() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 5, size=(2, 6, 9)).astype(float)
    for run in range(6):
        assert pearson(first, second)[run] == pytest.approx(stats.pearsonr(first[run], second[run])[0])
        assert spearman(first, second)[run] == pytest.approx(stats.spearmanr(first[run], second[run])[0])


def test_constant_points_have_no_correlation() -> None:
    first, second = np.array([[1.0, 1.0, 1.0], [1.0, 2.0, 3.0]]), np.array([[1.0, 2.0, 3.0]] * 2)
    for correlation in (pearson, spearman):
        found = correlation(first, second)
        assert np.isnan(found[0])
        assert found[1] == pytest.approx(1)


def test_floors_by_hand() -> None:
    square = np.array([[0.0, 0.0], [1, 0], [0, 1], [1, 1]])
    assert distance_to_hull(square, np.array([0.3, 0.6])) == pytest.approx(0, abs=1e-12)
    assert distance_to_hull(square, np.array([0.5, 3.0])) == pytest.approx(2)
    assert distance_to_hull(square, np.array([4.0, 5.0])) == pytest.approx(5)
    assert distance_to_hull(np.array([[2.0, 2.0]]), np.array([2.0, 2.0])) == 0


@given(
    corners=arrays(float, (5, 3), elements=st.floats(-5, 5)),
    target=arrays(float, 3, elements=st.floats(-5, 5)),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_no_mixture_is_nearer_than_the_floor(corners: np.ndarray, target: np.ndarray, seed: int) -> None:
    floor = distance_to_hull(corners, target)
    mixtures = np.random.default_rng(seed).dirichlet(np.full(5, 0.3), size=200) @ corners
    assert floor <= np.linalg.norm(mixtures - target, axis=1).min() + 1e-7


def test_floors_are_those_of_a_general_solver() -> None:
    world = world_of(8)
    for run, floor in enumerate(floor_distances(world)):
        corners = np.vstack([world.contributors[run], world.starts[run]])
        found = minimize(
            lambda w, run=run, corners=corners: ((w @ corners - world.targets[run]) ** 2).sum(),
            np.full(9, 1 / 9),
            bounds=[(0, 1)] * 9,
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
            options={"ftol": 1e-14, "maxiter": 500},
        )
        assert floor == pytest.approx(np.sqrt(found.fun), abs=1e-4)


@pytest.mark.parametrize("weighting", sorted(WEIGHTINGS))
@pytest.mark.parametrize("evaluation", ["l2", "l1", "dot"])
def test_decoding_finds_the_contributors(evaluation: str, weighting: str) -> None:
    world = world_of(14)
    history = simulate_tournament(
        world,
        SimulationSettings(
            groups=3,
            rounds=40,
            evaluation=UTILITIES.make(evaluation),
            weighting=WEIGHTINGS.make(weighting, **({"rate": 0.02} if weighting[0] == "e" else {})),
        ),
    )
    np.testing.assert_allclose(decoded_contributors(history, step=0.1), world.contributors, atol=1e-2)
    estimates = decoded_estimates(history, world.targets, evaluation=evaluation, step=0.1)
    np.testing.assert_allclose(estimates, accurate_truth(world, evaluation), atol=1e-2)


def test_values_alone_are_enough_for_the_inner_product() -> None:
    """Linear effects of values are exact there, but for a common shift."""
    world = world_of(14)
    history = simulate_tournament(
        world, SimulationSettings(groups=3, rounds=40, evaluation=UTILITIES.make("dot"))
    )
    estimates = ridge_estimates(history, world.targets, evaluation="dot", step=0.1)
    truth = accurate_truth(world, "dot")
    off = estimates - truth
    np.testing.assert_allclose(off - off.mean(axis=1, keepdims=True), 0, atol=1e-3)


def test_estimates_beat_rank_points() -> None:
    world = world_of(30, runs=6)
    played = SimulationSettings(groups=3, grouping=GROUPINGS.make("random"))
    history = simulate_tournament(world, played)
    truth = accurate_truth(world, "l2")
    rank = spearman(history.points, truth).mean()
    values = spearman(ridge_estimates(history, world.targets, evaluation="l2", step=0.1), truth).mean()
    decoded = spearman(decoded_estimates(history, world.targets, evaluation="l2", step=0.1), truth).mean()
    assert rank < values < decoded
    assert values > 0.85
    assert decoded > 0.99


def test_contrasts_keep_differences_and_drop_the_mean() -> None:
    rng = np.random.default_rng(0)
    rounds = rng.normal(size=(2, 5, 4, 3))
    found = contrasts(rounds)
    assert found.shape == (2, 15, 3)
    centred = rounds - rounds.mean(axis=2, keepdims=True)
    np.testing.assert_allclose((found**2).sum(axis=(1, 2)), (centred**2).sum(axis=(1, 2, 3)))
    np.testing.assert_allclose(contrasts(rounds + rng.normal(size=(2, 5, 1, 3))).shape, found.shape)
    np.testing.assert_allclose(contrasts(rounds + 7.0), found, atol=1e-12)


def test_ridge_shrinks_as_much_as_noise_asks_for() -> None:
    rng = np.random.default_rng(0)
    rows, effects = rng.normal(size=(1, 60, 40)), rng.normal(size=(1, 40, 1))
    exact = ridge(rows, rows @ effects)
    np.testing.assert_allclose(exact, effects, atol=1e-3)
    noisy = rows @ effects + 6 * rng.normal(size=(1, 60, 1))
    shrunk = ridge(rows, noisy)
    plain = np.linalg.lstsq(rows[0], noisy[0], rcond=None)[0]
    assert ((shrunk[0] - effects[0]) ** 2).sum() < 0.7 * ((plain - effects[0]) ** 2).sum()


def test_runs_with_one_expert_share_their_truth() -> None:
    world = world_of(3, runs=20)
    truth = accurate_truth(world, "l1")
    for expert in set(world.experts.tolist()):
        same = truth[world.experts == expert]
        np.testing.assert_array_equal(same, np.broadcast_to(same[0], same.shape))
    value = UTILITIES.make("l1").utility
    everyone = value(world.contributors.mean(axis=1), world.targets)
    nobody = value(np.zeros_like(world.targets), world.targets)
    np.testing.assert_allclose(truth.sum(axis=1), everyone - nobody)


def test_kernel_shap_is_exact_for_few_contributors() -> None:
    pytest.importorskip("shap", reason="KernelSHAP needs the package shap (the [experiments] extra)")
    world = world_of(6)
    np.testing.assert_allclose(kernel_shap_truth(world, "l2"), accurate_truth(world, "l2"), atol=1e-6)
    one, again = (kernel_shap_truth(world_of(20, runs=1), "l2", samples=300) for _ in range(2))
    np.testing.assert_array_equal(one, again)
