"""Symmetry, null players and linearity: exact where a method is, else within errors corrected for many tests."""

import numpy as np
import pytest
from scipy.stats import t as students_t

from crowdsft.core.valuation import METHODS, value_game
from crowdsft.core.valuation import games as solved
from crowdsft.core.valuation.designs import all_coalitions
from crowdsft.core.valuation.game_prior import parts_of_a_game, parts_of_differences
from crowdsft.core.valuation.gaussian_process import Observed, fit_shares, posterior
from tests.core.valuation.test_methods import SAMPLED, make

SEEDS = 4
TWO_ERRORS = 0.0455  # chance of a normal number beyond two standard errors


def game_with_equals_and_nulls(n, seed):
    """Players 0 and 1 are alike, the last two add nothing."""
    rng = np.random.default_rng([seed, n])
    sets = np.zeros((12, n), dtype=bool)
    for row in sets:
        row[rng.permutation(np.arange(2, n - 2))[:3]] = True
    sets[::2, :2] = True
    return solved.UnanimitySum(sets, rng.normal(size=12))


@pytest.mark.parametrize("name", ["exact", "auto"])
def test_exact_values_are_equal_for_equals_and_zero_for_nulls(name):
    game = game_with_equals_and_nulls(9, 0)
    found = value_game(game, METHODS.make(name), 512, np.random.default_rng(0))
    assert found.values[0] == pytest.approx(found.values[1], abs=1e-12)
    assert np.abs(found.values[-2:]).max() <= 1e-12
    assert np.abs(found.values[:-2]).max() > 0.1
    assert (found.errors == 0).all()


@pytest.mark.parametrize("name", SAMPLED)
def test_sampled_values_are_within_two_errors_of_equal_and_of_nothing(name):
    off = []
    for seed in range(SEEDS):
        game = game_with_equals_and_nulls(20, seed)
        found = value_game(game, make(name, game), 300, np.random.default_rng(seed))
        differences = np.array([found.values[0] - found.values[1], *found.values[-2:]])
        errors = np.array([np.hypot(*found.errors[:2]), *found.errors[-2:]])
        allowed = students_t.ppf(1 - TWO_ERRORS / (2 * 3 * SEEDS), found.degrees)
        assert (np.abs(differences) <= allowed * errors + 1e-9).all()
        off.append(np.abs(found.values - game.shapley()).mean())
        assert found.errors.mean() < 2 * game.shapley().std()  # errors so wide that nothing could fail
    assert max(off) > 0  # a game in which chance matters


@pytest.mark.parametrize("differences", [False, True])
def test_the_posterior_is_linear_in_the_game_with_its_prior_fixed(differences):
    rng = np.random.default_rng(1)
    n, parts = 8, parts_of_differences(8) if differences else parts_of_a_game(8)
    member = all_coalitions(n)[1:-1][rng.permutation(254)[:60]].astype(float)
    if differences:
        member = member[np.unique(np.minimum(member @ (1 << np.arange(n)), (1 - member) @ (1 << np.arange(n))),
                                  return_index=True)[1]]  # fmt: skip
    sizes = member.sum(axis=1).astype(np.int64)

    def values(numbers):
        seen = Observed(member, sizes, numbers)
        return posterior(parts, shares, seen, offset=0.0, differences=differences, want_inverse=False).values

    one, two = rng.normal(size=(2, len(member)))
    shares = fit_shares(parts, Observed(member, sizes, one), offset=0.0)
    assert np.abs(values(one)).max() > 1e-3
    np.testing.assert_allclose(values(2 * one - 3 * two), 2 * values(one) - 3 * values(two), atol=1e-9)
