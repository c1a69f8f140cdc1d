"""Utilities that value one coalition at a time."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from crowdsft.core.errors import EvaluationError, InputError
from crowdsft.core.valuation import METHODS, value_game
from crowdsft.core.valuation.designs import all_coalitions
from crowdsft.valuation_io import CachedGame


class Counted:
    """A utility that counts how often it is asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, members):
        self.asked.append(members)
        return float(sum(members)) ** 2


def sum_squared(members):
    """A utility that another process can be sent."""
    return float(sum(members)) ** 2


def valued(game):
    return value_game(game, METHODS.make("exact"), 16, np.random.default_rng(0))


def test_an_answer_is_asked_for_once(tmp_path):
    utility = Counted()
    game = CachedGame(utility, 4)
    valued(game)
    assert len(utility.asked) == 16
    valued(game)
    assert len(utility.asked) == 16


def test_answers_survive_on_file(tmp_path):
    file = tmp_path / "answers" / "squares.jsonl"
    first = valued(CachedGame(Counted(), 4, file=file, name="squares"))
    again = Counted()
    second = valued(CachedGame(again, 4, file=file, name="squares"))
    assert again.asked == []
    np.testing.assert_array_equal(first.values, second.values)


def test_a_crash_in_the_middle_of_a_line_costs_that_line_only(tmp_path):
    file = tmp_path / "squares.jsonl"
    valued(CachedGame(Counted(), 4, file=file))
    text = file.read_text()
    file.write_text(text[:-5])
    again = Counted()
    game = CachedGame(again, 4, file=file)
    assert game.known == 15
    valued(game)
    assert len(again.asked) == 1
    assert CachedGame(Counted(), 4, file=file).known == 16


def test_answers_of_another_game_are_refused(tmp_path):
    file = tmp_path / "squares.jsonl"
    valued(CachedGame(Counted(), 4, file=file, name="squares"))
    with pytest.raises(InputError, match="answers of"):
        CachedGame(Counted(), 4, file=file, name="cubes")
    with pytest.raises(InputError, match="answers of"):
        CachedGame(Counted(), 5, file=file, name="squares")
    (tmp_path / "other.jsonl").write_text("hello\n")
    with pytest.raises(InputError, match="does not hold answers"):
        CachedGame(Counted(), 4, file=tmp_path / "other.jsonl")


def test_every_coalition_is_answered_as_the_utility_answers(tmp_path):
    rows = all_coalitions(4)
    truth = [sum_squared(np.flatnonzero(row).tolist()) for row in rows]
    file = tmp_path / "squares.jsonl"
    for _ in range(2):  # the second time from the file
        np.testing.assert_array_equal(CachedGame(sum_squared, 4, file=file)(rows), truth)


def test_a_pool_of_processes_gives_the_same_values(tmp_path):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        parallel = CachedGame(sum_squared, 4, file=tmp_path / "squares.jsonl", executor=pool)
        values = valued(parallel).values
    np.testing.assert_array_equal(values, valued(CachedGame(sum_squared, 4)).values)
    assert CachedGame(Counted(), 4, file=tmp_path / "squares.jsonl").known == 16


def test_a_pool_gives_the_same_values():
    with ThreadPoolExecutor(3) as pool:
        parallel = valued(CachedGame(Counted(), 4, executor=pool))
    np.testing.assert_array_equal(parallel.values, valued(CachedGame(Counted(), 4)).values)


@pytest.mark.parametrize("parallel", [False, True])
def test_a_failure_names_its_coalition_and_keeps_earlier_answers(tmp_path, parallel):
    def utility(members):
        if members == (0, 2):
            raise RuntimeError("out of memory")
        return 1.0

    file = tmp_path / "answers.jsonl"
    with ThreadPoolExecutor(1) as pool:
        game = CachedGame(utility, 4, file=file, executor=pool if parallel else None)
        with pytest.raises(EvaluationError, match=r"coalition \{0, 2\}.*out of memory"):
            valued(game)
    assert CachedGame(utility, 4, file=file).known >= 5


def test_nan_is_an_error_not_a_number():
    game = CachedGame(lambda members: float("nan") if members == (1,) else 0.0, 3)
    with pytest.raises(EvaluationError, match=r"\{1\} is nan"):
        value_game(game, METHODS.make("exact"), 8, np.random.default_rng(0))
