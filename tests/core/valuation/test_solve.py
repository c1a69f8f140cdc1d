"""Budgets, progress and what is said when a game fails."""

import numpy as np
import pytest

from crowdsft.core.errors import EvaluationError, InputError
from crowdsft.core.valuation import (
    METHODS,
    Evaluations,
    Progress,
    Seconds,
    StandardError,
    Valuation,
    merge,
    value_game,
)
from tests.core.valuation.solved_games import solved_games


class Failing:
    """An additive game of 5 players that misbehaves once 1 and 3 are together."""

    n = 5

    def __init__(self, answer):
        self.answer = answer

    def __call__(self, coalitions):
        values = coalitions.sum(axis=1).astype(float)
        bad = coalitions[:, 1] & coalitions[:, 3]
        if bad.any() and isinstance(self.answer, Exception):
            raise self.answer
        values[bad] = self.answer if not isinstance(self.answer, Exception) else 0.0
        return values


@pytest.mark.parametrize("name", ["auto", "permutation", "leverage", "exact"])
@pytest.mark.parametrize("answer", [np.nan, np.inf, ValueError("no such model")])
def test_a_failing_game_is_an_error_that_names_a_coalition(name, answer):
    with pytest.raises(EvaluationError, match=r"coalition \{(0, )?1, (2, )?3(, 4)?\}"):
        value_game(Failing(answer), METHODS.make(name), 64, np.random.default_rng(0))


def test_a_game_that_answers_in_another_shape_is_refused():
    class Scalar:
        n = 3

        def __call__(self, coalitions):
            return 1.0

    with pytest.raises(EvaluationError, match=r"shape \(\); it must answer with one number each"):
        value_game(Scalar(), METHODS.make("exact"), 8, np.random.default_rng(0))


def test_seconds_stop_a_slow_game():
    now = [0.0]
    game = solved_games(30)["airport"]

    class Slow:
        n = 30

        def __call__(self, coalitions):
            now[0] += len(coalitions)
            return game(coalitions)

    budget = Seconds(100.0)
    found = value_game(Slow(), METHODS.make("auto"), budget, np.random.default_rng(0), clock=lambda: now[0])
    assert 60 <= found.evaluations <= 160
    assert found.efficiency_gap <= 1e-9


def test_seconds_need_a_clock():
    with pytest.raises(InputError, match="clock"):
        value_game(solved_games(5)["airport"], METHODS.make("auto"), Seconds(1), np.random.default_rng(0))


def test_a_wanted_standard_error_is_reached():
    game = solved_games(24)["unanimity"]
    found = value_game(game, METHODS.make("permutation"), StandardError(0.05), np.random.default_rng(0))
    assert found.errors.max() <= 0.05
    sooner = StandardError(0.05) | Evaluations(100)
    assert value_game(game, METHODS.make("permutation"), sooner, np.random.default_rng(0)).evaluations <= 100


def test_budgets_combine():
    early, late = Evaluations(10), Evaluations(20)
    at_ten = Progress(evaluations=10)
    assert (early | late).left(at_ten) == 0
    assert (early & late).left(at_ten) == 10
    assert (early | StandardError(1.0)).needs_errors
    assert not (early | late).needs_clock


@pytest.mark.parametrize("budget", [lambda: Evaluations(0), lambda: Seconds(0.0), lambda: StandardError(-1)])
def test_budgets_that_allow_nothing_are_refused(budget):
    with pytest.raises(InputError):
        budget()


def test_progress_is_told_after_each_batch():
    told = []
    value_game(
        solved_games(20)["airport"],
        METHODS.make("leverage"),
        250,
        np.random.default_rng(0),
        progress=told.append,
        evaluate_at_once=100,
    )
    assert [progress.evaluations for progress in told] == [100, 200, 250]
    assert [progress.left for progress in told] == [150, 50, 0]


def test_valuations_of_different_games_do_not_merge():
    method = METHODS.make("leverage")
    one = value_game(solved_games(5)["airport"], method, 30, np.random.default_rng(0))
    two = value_game(solved_games(6)["airport"], method, 30, np.random.default_rng(0))
    with pytest.raises(InputError, match="5 and of 6 players"):
        merge(one, two, method)


def test_intervals_widen_with_confidence_and_with_few_degrees():
    few = Valuation("x", np.zeros(1), np.ones(1), 10, 0.0, degrees=2.0)
    many = Valuation("x", np.zeros(1), np.ones(1), 10, 0.0)
    assert many.intervals()[0] == pytest.approx([-1.959964, 1.959964])
    assert few.intervals()[0, 1] == pytest.approx(4.302653)
    assert many.intervals(0.99)[0, 1] > many.intervals(0.95)[0, 1]
    with pytest.raises(InputError, match="no probability"):
        many.intervals(1.5)
