"""The method for every game and budget."""

import numpy as np
import pytest

from crowdsft.core.valuation import METHODS, Samples, value_game
from crowdsft.core.valuation import games as solved
from tests.core.valuation.solved_games import relative_error, solved_games


def error_of(name, game, budget, seeds=3):
    truth = game.shapley()
    found = [value_game(game, METHODS.make(name), budget, np.random.default_rng(s)) for s in range(seeds)]
    return np.mean([relative_error(valuation.values, truth) for valuation in found])


@pytest.mark.parametrize("budget", [2, 3, 5, 10, 11, 21, 40, 41, 100])
def test_any_budget_will_do(budget):
    game = solved_games(10)["coverage"]
    found = value_game(game, METHODS.make("auto"), budget, np.random.default_rng(0))
    assert found.evaluations <= budget
    assert np.isfinite(found.values).all()
    assert found.efficiency_gap <= 1e-9


def test_all_coalitions_make_it_exact_however_they_came_together():
    game = solved_games(7)["table"]
    first = value_game(game, METHODS.make("auto"), 60, np.random.default_rng(0))
    assert (first.errors > 0).any()
    whole = value_game(game, METHODS.make("auto"), 400, np.random.default_rng(0), start=first)
    np.testing.assert_allclose(whole.values, game.shapley(), atol=1e-12)
    assert (whole.errors == 0).all()
    assert whole.evaluations < 60 + 128


@pytest.mark.parametrize("kind", ["additive", "graph"])
def test_effects_of_players_and_pairs_are_found_without_error(kind):
    game = solved_games(30)[kind]
    found = value_game(game, METHODS.make("auto"), 75, np.random.default_rng(0))
    np.testing.assert_allclose(found.values, game.shapley(), atol=1e-9)


@pytest.mark.parametrize("kind", ["centroid l2", "centroid l1", "airport", "unanimity", "nearest neighbours"])
@pytest.mark.parametrize("budget", [75, 150])
def test_few_evaluations_go_further_than_in_simple_methods(kind, budget):
    game = solved_games(30, seed=5)[kind]
    best = min(error_of(name, game, budget) for name in ("permutation", "leverage"))
    assert error_of("auto", game, budget) <= 1.3 * best


def test_an_average_is_recognised():
    rng = np.random.default_rng(0)
    game = solved.CentroidGame(rng.uniform(0, 5, (40, 10)), rng.uniform(0, 5, 10), "l2")
    assert error_of("auto", game, 200) < 0.05


def test_more_single_rows_than_one_fit_takes_are_no_obstacle():
    # No pairs among the samples at all: the first rows are fitted.
    game = solved_games(30)["coverage"]
    method = METHODS.make("gaussian_process", most_rows=60)
    rows = np.random.default_rng(0).random((100, 30)) < 0.5
    rows = np.concatenate([np.array([[False] * 30, [True] * 30]), rows])
    seen = Samples(rows, game(rows), np.concatenate([[-1, -1], np.arange(100)]), 102)
    found = method.estimate(seen)
    assert np.isfinite(found.values).all()
    assert abs(found.values.sum() - (seen.values[1] - seen.values[0])) <= 1e-9


def test_few_evaluations_are_not_worth_less_than_equal_shares_by_much():
    for kind in ("unanimity", "nearest neighbours", "coverage"):
        assert error_of("auto", solved_games(30, seed=5)[kind], 45, seeds=4) <= 1.1, kind


@pytest.mark.slow
@pytest.mark.parametrize("budget", [500, 2000])
def test_intervals_cover(budget):
    covered = []
    for kind, game in solved_games(40, seed=9).items():
        if kind == "voting":  # worth of a vote is decided by a few coalitions among 2^40
            continue
        found = value_game(game, METHODS.make("auto"), budget, np.random.default_rng(0))
        low, high = found.intervals().T
        covered.append(((low - 1e-9 <= game.shapley()) & (game.shapley() <= high + 1e-9)).mean())
    assert np.mean(covered) >= 0.93
