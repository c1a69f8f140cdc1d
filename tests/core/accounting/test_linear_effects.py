"""Effects from values alone: the sparse computation against dense algebra, and intervals against the truth."""

from dataclasses import replace

import numpy as np
import pytest

from crowdsft.core.accounting.crowd import gather
from crowdsft.core.accounting.due import amounts_due
from crowdsft.core.accounting.group_history import GroupHistory, history_of_records, history_of_seats
from crowdsft.core.accounting.krylov import Krylov
from crowdsft.core.accounting.linear_appraisal import appraise_linearly, crowd_of
from crowdsft.core.accounting.linear_effects import linear_effects
from crowdsft.core.accounting.noise_likelihood import LIFT
from crowdsft.core.errors import InputError
from crowdsft.core.evidence import RoundRecord
from crowdsft.core.rewards.linear_history import LinearHistory
from crowdsft.core.valuation import centroid_truth


def world(people, rounds, groups, *, noise=0.5, absent=0.0, seed=0):
    """A linear world: seats, the history with values, and everybody's true effect.

    noise: standard deviation, over that of values between groups. absent: most often that one stays away.
    """
    rng = np.random.default_rng([seed, people, rounds])
    effects = rng.normal(size=people)
    seats = np.stack([rng.permutation(people) % groups for _ in range(rounds)]).astype(np.int16)
    away = rng.random(seats.shape) < absent * rng.random(people)
    away[:, :groups] = False
    seats[:, :groups] = np.arange(groups)  # so that no group is empty
    seats[away] = -1
    history = history_of_seats(seats, np.zeros((rounds, groups)), rng.normal(size=rounds))
    values = history.group_means(effects)
    values += noise * values.std() * rng.normal(size=len(values)) + rng.normal(size=rounds)[history.round_of]
    return seats, replace(history, values=values), effects


def dense(history):
    """X, with every row's mean over the groups of its round taken off."""
    weights = history.group_means(np.eye(history.contributors))
    for number in range(len(history.bases)):
        rows = history.round_of == number
        weights[rows] -= weights[rows].mean(axis=0)
    return weights


def outcomes_of(history):
    values = history.values.copy()
    for number in range(len(history.bases)):
        values[history.round_of == number] -= values[history.round_of == number].mean()
    return values


def variances_of_differences(history, penalty):
    count, x = history.contributors, dense(history)
    left = penalty * np.linalg.inv(x.T @ x + penalty * np.eye(count))
    centre = np.eye(count) - 1 / count
    return np.diag(centre @ left @ centre) / (1 - 1 / count)


def test_products_are_those_of_the_matrix_that_is_never_formed():
    seats, history, _ = world(23, 130, 4, absent=0.8)
    x, rng = dense(history), np.random.default_rng(1)
    effects, groups = rng.normal(size=(23, 3)), rng.normal(size=(len(x), 2))
    np.testing.assert_allclose(history.differences(effects), x @ effects, atol=1e-12)
    np.testing.assert_allclose(history.gather(groups), x.T @ groups, atol=1e-12)
    np.testing.assert_allclose(history.evidence(), (x**2).sum(axis=0), atol=1e-12)
    np.testing.assert_array_equal(history.present(), seats >= 0)


def test_records_make_the_same_history():
    rng = np.random.default_rng(4)
    names = tuple(f"c{k}" for k in range(9))
    records, rows = [], []
    for number in range(1, 70):
        here = np.sort(rng.choice(9, size=6, replace=False))
        weights = np.zeros((2 + number % 2, 6))
        weights[np.arange(6) % len(weights), np.arange(6)] = rng.random(6) + 0.1
        weights /= weights.sum(axis=1, keepdims=True)
        members = tuple(names[k] for k in here)
        values = rng.normal(size=len(weights))
        records.append(RoundRecord(number, members, weights, 0.5, values, None, True))
        wide = np.zeros((len(weights), 9))
        wide[:, here] = weights
        rows.append(wide)
    history = history_of_records(records, names)
    np.testing.assert_allclose(history.group_means(np.eye(9)), np.concatenate(rows), atol=1e-15)
    assert history.comparisons == sum(len(record.values) - 1 for record in records)


def test_shared_texts_are_weighed_at_the_first_who_had_them():
    weights = np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    record = RoundRecord(1, ("a", "b", "c"), weights, 0.0, np.zeros(2), None, True, clusters=(0, 0, 2))
    crowd = gather([record])
    history = history_of_records([record], crowd.names)
    np.testing.assert_array_equal(history.group_means(np.eye(2)), crowd.weights[0])


@pytest.mark.parametrize(("people", "rounds", "groups"), [(30, 12, 4), (60, 10, 3), (40, 90, 3)])
def test_small_crowds_are_solved_as_by_dense_algebra(people, rounds, groups):
    _, history, _ = world(people, rounds, groups, absent=0.5)
    found = linear_effects(history)
    x = dense(history)
    solved = np.linalg.solve(x.T @ x + found.penalty * np.eye(people), x.T @ outcomes_of(history))
    np.testing.assert_allclose(found.effects, solved, atol=1e-10)
    np.testing.assert_allclose(found.unknown, variances_of_differences(history, found.penalty), atol=1e-9)
    assert found.unknown_error == 0.0
    assert abs(found.effects.sum()) < 1e-10


def test_the_penalty_is_the_most_likely_one():
    _, history, _ = world(40, 60, 4)
    x, y = dense(history), outcomes_of(history)
    usual = (x**2).sum() / min(history.comparisons, 39)

    def unlikelihood(penalty):
        # The mean of each round's values is known to be 0: its variance, far larger, only adds a constant.
        level = 1e6 * (history.round_of[:, None] == history.round_of)
        covariance = x @ x.T + penalty * np.eye(len(x)) + level
        scale = y @ np.linalg.solve(covariance, y)
        unlikely = 0.5 * (history.comparisons * np.log(scale) + np.linalg.slogdet(covariance)[1])
        return unlikely + 2 * np.log1p(penalty / usual) - LIFT * np.log(penalty)

    best = linear_effects(history).penalty
    for other in (0.5, 0.9, 1.1, 2.0):
        assert unlikelihood(best) < unlikelihood(other * best)


@pytest.mark.parametrize(("people", "rounds", "groups", "noise"), [(300, 60, 8, 0.5), (400, 20, 8, 1.0)])
def test_the_sparse_way_solves_the_same_equations(people, rounds, groups, noise):
    _, history, _ = world(people, rounds, groups, noise=noise, absent=0.5)
    sparse = linear_effects(history, exact=False, tolerance=1e-12)
    x = dense(history)
    solved = np.linalg.solve(x.T @ x + sparse.penalty * np.eye(people), x.T @ outcomes_of(history))
    assert np.linalg.norm(sparse.effects - solved) <= 1e-8 * np.linalg.norm(solved)
    assert sparse.remainder <= 1e-12


@pytest.mark.parametrize("seed", range(2))
def test_what_is_left_unknown_is_within_its_stated_error(seed):
    _, history, _ = world(300, 60, 6, absent=0.9, seed=seed)
    sparse = linear_effects(history, exact=False)
    truth = variances_of_differences(history, sparse.penalty)
    off = np.sqrt(np.mean((sparse.unknown - truth) ** 2))
    assert off <= 1.5 * sparse.unknown_error
    assert 0 < sparse.unknown_error < 0.08
    assert linear_effects(history, exact=True).penalty == pytest.approx(sparse.penalty, rel=0.2)


def test_little_noise_leaves_as_little_unknown_as_dense_algebra_says():
    _, history, _ = world(300, 60, 8, noise=0.01, absent=0.5)
    found = linear_effects(history, exact=False)
    truth = variances_of_differences(history, found.penalty)
    assert truth.mean() < 1e-3
    assert found.unknown.mean() == pytest.approx(truth.mean(), rel=0.25)


def test_more_probes_make_what_is_unknown_surer():
    _, history, _ = world(250, 40, 6, absent=0.9)
    few, many = (linear_effects(history, exact=False, probes=count) for count in (3, 60))
    assert many.unknown_error < few.unknown_error
    off = [np.abs(f.unknown - variances_of_differences(history, f.penalty)).mean() for f in (few, many)]
    assert off[1] < off[0]


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(("people", "rounds", "noise"), [(150, 90, 0.5), (150, 20, 0.5), (200, 100, 2.0)])
def test_intervals_hold_the_truth_as_often_as_they_say(people, rounds, noise, exact):
    covered = []
    for seed in range(8):
        _, history, effects = world(people, rounds, 4, noise=noise, absent=0.5, seed=seed)
        found = linear_effects(history, exact=exact)
        off = found.effects - (effects - effects.mean())
        covered.append((np.abs(off) <= 1.96 * found.errors).mean())
    assert 0.92 <= np.mean(covered) <= 0.98


@pytest.mark.parametrize("exact", [True, False])
def test_neither_order_nor_twins_make_a_difference(exact):
    seats, history, _ = world(40, 30, 4)
    seats[:, 7] = seats[:, 5]
    history = replace(history_of_seats(seats, np.zeros((30, 4)), history.bases), values=history.values)
    found = linear_effects(history, exact=exact)
    assert found.effects[5] == pytest.approx(found.effects[7], abs=1e-9)
    assert found.unknown[5] == pytest.approx(found.unknown[7], abs=1e-9)
    assert found.unseen[5] >= 0.5 - 1 / 40
    mixed = np.random.default_rng(0).permutation(40)
    other = history_of_seats(seats[:, mixed], history.values.reshape(30, 4), history.bases)
    again = linear_effects(other, exact=exact)
    np.testing.assert_allclose(again.effects, found.effects[mixed], atol=1e-9)
    np.testing.assert_allclose(again.unknown, found.unknown[mixed], atol=1e-6)


@pytest.mark.parametrize("exact", [True, False])
def test_fewer_comparisons_than_contributors_leave_effects_unseen(exact):
    _, history, _ = world(100, 10, 4, noise=0.0)
    found = linear_effects(history, exact=exact)
    assert found.unseen.mean() >= 1 - 30 / 99 - 1e-9
    assert found.unknown.mean() >= 0.65
    _, history, effects = world(100, 60, 4, noise=1e-4)
    found = linear_effects(history, exact=exact, tolerance=1e-9)
    assert found.unseen.max() < 0.01
    np.testing.assert_allclose(found.effects, effects - effects.mean(), atol=0.01)


@pytest.mark.parametrize("values", [np.zeros(8), np.repeat([1.0, 2.0], 4)])
def test_equal_values_say_nothing(values):
    seats = np.array([np.arange(8) % 4] * 2)
    found = linear_effects(history_of_seats(seats, values.reshape(2, 4), np.zeros(2)))
    assert (found.effects == 0).all()
    assert (found.unknown == 1).all()


def test_known_effects_become_the_shapley_values_of_the_inner_product():
    rng = np.random.default_rng(3)
    vectors, target = rng.uniform(0, 5, (20, 6)), rng.uniform(0, 5, 6)
    seats = np.stack([rng.permutation(20) % 3 for _ in range(40)])
    empty = history_of_seats(seats, np.zeros((40, 3)), np.full(40, 2.0))
    values = 2.0 + 0.2 * (empty.group_means(vectors @ target) - 2.0)
    appraisal = appraise_linearly(replace(empty, values=values), nobody=0.0, step=0.2)
    worth = appraisal.worths(0, np.arange(20), np.arange(20))[0]
    truth = centroid_truth(vectors, target, evaluation="dot", rng=rng).values
    np.testing.assert_allclose(worth.values, truth, atol=1e-4 * np.abs(truth).max())
    assert (worth.errors < 0.01 * truth.std()).all()


def test_points_of_a_sparse_history_share_the_budget_and_cover_the_truth():
    seats, history, effects = world(300, 150, 5, absent=0.6)
    step_away = replace(history, values=history.values + 3.0)
    appraisal = appraise_linearly(step_away, nobody=0.0)
    crowd = crowd_of(history, [f"c{k:03}" for k in range(300)])
    due = amounts_due(crowd, appraisal, appraisal.clusters, covered_rounds=150, budget_per_round=1000)
    assert due.points.sum() == pytest.approx(150_000)
    assert (due.points >= 0).all()
    assert (due.errors > 0).all()
    assert np.corrcoef(due.estimates / (seats >= 0).sum(axis=0), effects)[0, 1] > 0.8


def test_the_policy_agrees_with_the_library():
    _, history, _ = world(12, 20, 3)
    names = tuple(f"c{k:02}" for k in range(12))
    records = [
        RoundRecord(
            number + 1,
            names,
            history.group_means(np.eye(12))[history.round_of == number],
            float(history.bases[number]),
            history.values[history.round_of == number],
            None,
            True,
        )
        for number in range(20)
    ]
    policy = LinearHistory().appraise(records, gather(records), utility=None)
    library = appraise_linearly(history, nobody=float(history.bases[0]))
    np.testing.assert_allclose(policy.found.effects, library.found.effects, atol=1e-10)
    assert policy.level == pytest.approx(library.level)
    with pytest.raises(InputError, match="step is 0"):
        LinearHistory(step=0.0)


def test_lanczos_gives_functions_of_a_matrix_and_stops_where_it_ends():
    rng = np.random.default_rng(0)
    half = rng.normal(size=(12, 40))
    matrix, starts = half.T @ half, rng.normal(size=(40, 3))
    krylov = Krylov(lambda columns: matrix @ columns, starts, most_steps=20)
    krylov.extend(20)  # rank 12: the space ends after 13 steps
    for column in range(3):
        solved, remainder = krylov.solve(column, 0.7)
        exact = np.linalg.solve(matrix + 0.7 * np.eye(40), starts[:, column])
        np.testing.assert_allclose(solved, exact, rtol=1e-9, atol=1e-10)
        assert remainder < 1e-9
        nodes, weights = krylov.quadrature(column)
        power, directions = np.linalg.eigh(matrix)
        log = (directions.T @ starts[:, column]) ** 2 @ np.log(np.maximum(power, 0) + 0.7)
        assert krylov.lengths[column] ** 2 * (weights @ np.log(nodes + 0.7)) == pytest.approx(log)


def test_seats_that_do_not_fit_are_refused():
    seats = np.array([[0, 1, 1], [0, 0, 1]])
    with pytest.raises(InputError, match="2 rounds and groups up to 1"):
        history_of_seats(seats, np.zeros((3, 2)), np.zeros(3))
    with pytest.raises(InputError, match="no members"):
        history_of_seats(seats, np.zeros((2, 3)), np.zeros(2))
    assert isinstance(history_of_seats(seats, np.zeros((2, 2)), np.zeros(2)), GroupHistory)


def test_groups_made_of_the_same_tell_nobody_apart():
    """As after copying: each group holds as much of everybody, so values differ by noise alone."""
    record = RoundRecord(
        1, ("ada", "bo"), np.array([[0.5, 0.5], [0.5, 0.5]]), 0.0, np.array([1.0, -1.0]), 0, True
    )
    found = linear_effects(history_of_records([record], record.contributors))
    assert found.effects.tolist() == [0, 0] and found.unknown.tolist() == [1, 1]
