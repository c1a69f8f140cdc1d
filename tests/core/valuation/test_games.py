"""Closed forms against the definition of the Shapley value."""

import numpy as np
import pytest

from crowdsft.core.valuation.designs import all_coalitions
from crowdsft.core.valuation.exact import exact_values
from tests.core.valuation.solved_games import solved_games


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 9])
@pytest.mark.parametrize("name", solved_games(9))
def test_closed_forms_follow_the_definition(name, n):
    game = solved_games(n, seed=n)[name]
    np.testing.assert_allclose(game.shapley(), exact_values(game(all_coalitions(n)), n), atol=1e-9)


def test_exact_values_of_a_game_worked_by_hand():
    # v({0}) = 1, v({1}) = 2, v({0, 1}) = 5: player 0 adds 1 first and 3 last, player 1 adds 2 and 4.
    np.testing.assert_allclose(exact_values(np.array([0.0, 1.0, 2.0, 5.0]), 2), [2.0, 3.0])
