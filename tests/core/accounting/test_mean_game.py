import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdsft.core.accounting.mean_game import MeanGame, shapley_of_means
from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.rewards import BoundUtility
from crowdsft.core.valuation import centroid_truth


def crowd(count, seed=0, dimensions=4):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 5, (count, dimensions)), rng.uniform(0, 5, dimensions)


def game_of(vectors, target, evaluation):
    utility = BoundUtility(UTILITIES.make(evaluation), target)
    return MeanGame(vectors, utility, float(utility(np.zeros((1, len(target))))[0]))


def by_definition(game):
    n, players = len(game.vectors), range(len(game.vectors))

    def value(coalition):
        return game.worth(game.vectors[list(coalition)].mean(axis=0)[None])[0] if coalition else game.nobody

    values = np.zeros(n)
    for i in players:
        for size in range(n):
            for coalition in itertools.combinations([j for j in players if j != i], size):
                weight = 1 / (n * math.comb(n - 1, size))
                values[i] += weight * (value((*coalition, i)) - value(coalition))
    return values


@pytest.mark.parametrize("evaluation", sorted(UTILITIES))
def test_small_games_are_exact(evaluation):
    game = game_of(*crowd(5), evaluation)
    assert shapley_of_means(game) == pytest.approx(by_definition(game), abs=1e-12)


@pytest.mark.parametrize("evaluation", sorted(UTILITIES))
@pytest.mark.parametrize("count", [13, 16, 40])
def test_large_games_agree_with_the_accurate_truth(evaluation, count):
    vectors, target = crowd(count, seed=count)
    truth = centroid_truth(
        vectors, target, evaluation=evaluation, rng=np.random.default_rng(1), permutations=1024
    ).values
    values = shapley_of_means(game_of(vectors, target, evaluation))
    assert np.linalg.norm(values - truth) < 0.05 * np.linalg.norm(truth - truth.mean())


@given(st.integers(1, 20), st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_values_add_up_and_follow_the_players(count, seed):
    vectors, target = crowd(count, seed)
    vectors[-1] = vectors[0]
    game = game_of(vectors, target, "l1")
    values = shapley_of_means(game)
    assert values.sum() == pytest.approx(game.worth(vectors.mean(axis=0)[None])[0] - game.nobody)
    assert values[-1] == pytest.approx(values[0], abs=1e-12)
    order = np.random.default_rng(seed).permutation(count)
    moved = shapley_of_means(game_of(vectors[order], target, "l1"))
    assert moved == pytest.approx(values[order], abs=1e-9)
