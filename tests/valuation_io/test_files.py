"""Valuations and tables of games in files."""

import json

import numpy as np
import pytest

from crowdsft.core.errors import InputError
from crowdsft.core.valuation import METHODS, value_game
from crowdsft.core.valuation.designs import all_coalitions
from crowdsft.core.valuation.games import AirportGame, TableGame
from crowdsft.valuation_io import (
    load_table_game,
    load_valuation,
    save_table_game,
    save_valuation,
    valuation_as_json,
)


def test_a_saved_valuation_is_the_same_and_goes_on(tmp_path):
    game = AirportGame(np.arange(1.0, 13.0))
    method = METHODS.make("permutation")
    first = value_game(game, method, 100, np.random.default_rng(0))
    save_valuation(tmp_path / "first.npz", first)
    loaded = load_valuation(tmp_path / "first.npz")
    np.testing.assert_array_equal(loaded.values, first.values)
    np.testing.assert_array_equal(loaded.samples.coalitions, first.samples.coalitions)
    assert (loaded.method, loaded.evaluations, loaded.total, loaded.degrees) == (
        first.method,
        first.evaluations,
        first.total,
        first.degrees,
    )
    on = [value_game(game, method, 300, np.random.default_rng(1), start=v) for v in (first, loaded)]
    np.testing.assert_array_equal(on[0].values, on[1].values)


def test_what_is_no_valuation_is_refused(tmp_path):
    (tmp_path / "x.npz").write_text("no")
    for name in ("x.npz", "absent.npz"):
        with pytest.raises(InputError, match="no saved valuation"):
            load_valuation(tmp_path / name)


def test_json_has_numbers_and_null_only(tmp_path):
    found = value_game(
        AirportGame(np.arange(1.0, 6.0)), METHODS.make("permutation"), 6, np.random.default_rng(0)
    )
    text = json.dumps(valuation_as_json(found), allow_nan=False)
    assert json.loads(text)["intervals"][0] == [None, None]


def test_a_table_keeps_its_game_in_any_order(tmp_path):
    game = TableGame(np.random.default_rng(0).normal(size=16))
    save_table_game(tmp_path / "game.npz", game)
    np.testing.assert_array_equal(load_table_game(tmp_path / "game.npz").table, game.table)
    mixed = np.random.default_rng(1).permutation(16)
    np.savez(tmp_path / "mixed.npz", coalitions=all_coalitions(4)[mixed], values=game.table[mixed])
    np.testing.assert_array_equal(load_table_game(tmp_path / "mixed.npz").table, game.table)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"values": np.zeros(4)}, "lacks coalitions"),
        ({"coalitions": np.zeros((4, 2), bool), "values": np.zeros(3)}, r"\(4, 2\) and values \(3,\)"),
        ({"coalitions": np.zeros((4, 2), bool), "values": np.zeros(4)}, "3 are missing and 1 stand"),
        ({"coalitions": all_coalitions(2), "values": np.array([0, 1, np.nan, 1])}, "row 2 is nan"),
        ({"coalitions": 2 * all_coalitions(2), "values": np.zeros(4)}, "True or False"),
        ({"coalitions": np.zeros((1, 21), bool), "values": np.zeros(1)}, "21 players"),
    ],
)
def test_tables_with_faults_are_refused(tmp_path, arrays, said):
    np.savez(tmp_path / "game.npz", **arrays)
    with pytest.raises(InputError, match=said):
        load_table_game(tmp_path / "game.npz")
