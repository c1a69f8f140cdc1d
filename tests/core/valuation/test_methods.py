"""Laws of every valuation method in the table."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdsft.core.errors import InputError
from crowdsft.core.valuation import METHODS, Samples, merge, value_game
from crowdsft.core.valuation import games as solved
from crowdsft.core.valuation.solve import estimate
from tests.core.valuation.solved_games import relative_error, solved_games

BUDGET = 300
SHAPLEY = [name for name in METHODS if name not in ("msr_banzhaf", "leave_one_out")]
SAMPLED = [name for name in SHAPLEY if name != "exact"]


def make(name, game):
    """The method; control variates get the vectors of a centroid game, or else the players' corners."""
    if name != "control_variate":
        return METHODS.make(name)
    vectors = getattr(game, "vectors", np.eye(game.n))
    return METHODS.make(name, vectors=vectors, target=getattr(game, "target", np.zeros(vectors.shape[1])))


def valued(name, game, budget=BUDGET, seed=1):
    return value_game(game, make(name, game), budget, np.random.default_rng(seed))


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 8])
def test_small_games_are_valued_within_their_errors(name, n):
    for kind, game in solved_games(n).items():
        found = valued(name, game, budget=400)
        assert found.values.shape == found.errors.shape == (n,)
        assert found.evaluations <= 400
        if METHODS[name].efficient:
            assert found.efficiency_gap <= 1e-9, kind
        if name in SHAPLEY:
            off = np.abs(found.values - game.shapley())
            assert (off <= 5 * found.errors + 1e-6 * np.abs(game.shapley()).max() + 1e-12).all(), kind


@pytest.mark.parametrize("name", [name for name in METHODS if METHODS[name].efficient and name != "exact"])
@pytest.mark.parametrize("kind", solved_games(30))
def test_efficient_methods_divide_the_total(name, kind):
    assert valued(name, solved_games(30)[kind]).efficiency_gap <= 1e-9


@pytest.mark.parametrize("name", SAMPLED)
@pytest.mark.parametrize("kind", ["unanimity", "graph", "centroid l2", "coverage"])
def test_values_lie_within_their_errors(name, kind):
    game = solved_games(25, seed=3)[kind]
    found = valued(name, game, budget=600)
    covered = np.abs(found.values - game.shapley()) <= found.intervals(0.999)[:, 1] - found.values + 1e-9
    assert covered.mean() >= 0.9


@pytest.mark.parametrize("name", SAMPLED)
def test_equals_earn_alike_and_null_players_nothing(name):
    rng = np.random.default_rng(0)
    sets = np.zeros((12, 20), dtype=bool)
    for row in sets:
        row[rng.permutation(np.arange(2, 18))[:3]] = True
    sets[:, 1] = sets[:, 0] = sets.any(axis=1) & (np.arange(12) % 2 == 0)
    game = solved.UnanimitySum(sets, rng.normal(size=12))
    found = valued(name, game, budget=500)
    # 2 standard errors for one player; Bonferroni over the three tests here is 2.4.
    assert abs(found.values[0] - found.values[1]) <= 2.4 * np.hypot(*found.errors[:2]) + 1e-9
    for null in (18, 19):
        assert abs(found.values[null]) <= 2.4 * found.errors[null] + 1e-9


@pytest.mark.parametrize("name", METHODS)
def test_estimates_repeat(name):
    game = solved_games(9)["coverage"]
    first = valued(name, game, budget=600)
    again = estimate(make(name, game), first.samples)
    np.testing.assert_array_equal(first.values, again.values)
    np.testing.assert_array_equal(first.errors, again.errors)


@pytest.mark.parametrize("name", METHODS)
def test_a_budget_is_kept(name):
    game = solved_games(9)["coverage"]
    for budget in (520, 777):
        assert valued(name, game, budget=budget).evaluations <= budget


@pytest.mark.parametrize("name", SAMPLED)
def test_merging_two_valuations_keeps_all_samples_and_is_more_accurate(name):
    game = solved_games(16, seed=2)["unanimity"]
    truth = game.shapley()
    pairs = [(valued(name, game, 160, seed), valued(name, game, 160, seed + 50)) for seed in range(3)]
    merged = [merge(a, b, make(name, game)) for a, b in pairs]
    assert all(
        m.evaluations == a.evaluations + b.evaluations for m, (a, b) in zip(merged, pairs, strict=True)
    )
    alone = np.mean([relative_error(v.values, truth) for pair in pairs for v in pair])
    together = np.mean([relative_error(m.values, truth) for m in merged])
    assert together < alone
    assert merged[0].efficiency_gap <= 1e-9


@pytest.mark.parametrize("name", SAMPLED)
def test_a_valuation_goes_on_where_it_stopped(name):
    game = solved_games(24, seed=2)["unanimity"]
    method = make(name, game)
    first = value_game(game, method, 200, np.random.default_rng(0))
    more = value_game(game, method, 600, np.random.default_rng(1), start=first)
    assert first.evaluations < more.evaluations <= 600
    np.testing.assert_array_equal(more.samples.values[: len(first.samples)], first.samples.values)


@pytest.mark.parametrize("name", ["exact", "permutation", "leverage", "msr_banzhaf", "leave_one_out"])
@given(seed=st.integers(0, 10_000), a=st.floats(-3, 3), b=st.floats(-3, 3))
@settings(max_examples=15, deadline=None)
def test_linear_methods_are_linear(name, seed, a, b):
    check_linear(METHODS.make(name), seed, a, b)


@given(seed=st.integers(0, 10_000), a=st.floats(-3, 3), b=st.floats(-3, 3))
@settings(max_examples=15, deadline=None)
def test_regressions_are_linear_with_penalty_and_controls_fixed(seed, a, b):
    check_linear(METHODS.make("size_stratified", ridge=0.1, correction=1.0), seed, a, b)
    vectors = np.random.default_rng(seed).normal(size=(8, 3))
    fixed = {"vectors": vectors, "target": vectors[0] + 1, "gradient": np.array([1.0, -1.0, 0.5])}
    check_linear(METHODS.make("control_variate", **fixed), seed, a, b)


def check_linear(method, seed, a, b):
    games = solved_games(8, seed)
    one, two = games["table"], games["unanimity"]
    seen = value_game(one, method, 256, np.random.default_rng(seed)).samples

    def values(numbers):
        return method.estimate(Samples(seen.coalitions, numbers, seen.blocks, seen.evaluations)).values

    v, w = one(seen.coalitions), two(seen.coalitions)
    np.testing.assert_allclose(values(a * v + b * w), a * values(v) + b * values(w), atol=1e-9)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "control_variate"])
@given(seed=st.integers(0, 1000))
@settings(max_examples=3, deadline=None)
def test_values_follow_their_players(name, seed):
    # Relabelling players relabels values: the same samples with columns exchanged give values exchanged.
    game = solved_games(8, seed)["coverage"]
    method = METHODS.make(name)
    seen = value_game(game, method, 300, np.random.default_rng(seed)).samples
    swap = np.random.default_rng(seed).permutation(8)
    relabelled = Samples(seen.coalitions[:, swap], seen.values, seen.blocks, seen.evaluations)
    np.testing.assert_allclose(
        method.estimate(relabelled).values, method.estimate(seen).values[swap], atol=1e-6
    )


def test_budgets_too_small_are_refused_with_what_is_needed():
    game = solved_games(30)["airport"]
    with pytest.raises(InputError, match="permutation needs at least 31 evaluations"):
        valued("permutation", game, budget=30)
    with pytest.raises(InputError, match=r"2\^30 evaluations; the limit is 20 players"):
        valued("exact", game)
    with pytest.raises(InputError, match=r"exact needs at least 512 evaluations .* allowed 100"):
        valued("exact", solved_games(9)["airport"], budget=100)


def test_an_unknown_method_is_named_with_the_allowed_ones():
    with pytest.raises(InputError, match=r"no valuation method named 'shaply'.*permutation"):
        METHODS["shaply"]
