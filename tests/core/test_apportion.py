import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.apportion import settle_towards, split_points, tie_order
from crowdsft.core.errors import InputError

shares = st.lists(st.floats(0, 1e6), min_size=1, max_size=30)


def test_largest_fractions_get_the_points_left_over():
    assert split_points(10, np.array([3.4, 3.3, 3.3]), np.arange(3)).tolist() == [4, 3, 3]
    assert split_points(3, np.array([5.0, 3.0, 1.0]), np.arange(3)).tolist() == [2, 1, 0]


def test_ties_go_by_the_tie_order():
    assert split_points(1, np.ones(3), np.array([2, 0, 1])).tolist() == [0, 1, 0]


def test_no_shares_at_all_are_equal_shares():
    assert split_points(7, np.zeros(3), np.arange(3)).tolist() == [3, 2, 2]


@given(st.integers(0, 10**9), shares)
def test_splitting_creates_and_loses_nothing_and_stays_within_a_point_of_the_share(total, weights):
    array = np.array(weights)
    points = split_points(total, array, np.arange(len(array)))
    exact = total * (array / array.sum() if array.sum() > 0 else np.full(len(array), 1 / len(array)))
    assert points.sum() == total
    assert (points >= 0).all()
    assert (np.abs(points - exact) < 1 + 1e-6).all()


@given(st.data())
def test_growing_targets_keep_equal_contributors_within_one_point(data):
    count = data.draw(st.integers(2, 8))
    balances, targets = np.zeros(count, dtype=np.int64), np.zeros(count)
    for number in range(data.draw(st.integers(1, 12))):
        gains = np.array(data.draw(st.lists(st.floats(0, 5), min_size=count, max_size=count)))
        gains[1] = gains[0]
        amount = int(np.floor((targets + gains).sum())) - int(balances.sum())
        targets = targets + gains
        ties = tie_order([f"c{i}" for i in range(count)], seed=1, round_number=number)
        paid = settle_towards(balances, targets, amount=amount, ties=ties)
        assert paid.sum() == amount
        assert (paid >= 0).all()
        balances = balances + paid
        assert abs(int(balances[0]) - int(balances[1])) <= 1


def test_whoever_is_ahead_waits_for_the_others():
    paid = settle_towards(np.array([10, 0, 0]), np.array([4.0, 4.0, 4.0]), amount=6, ties=np.arange(3))
    assert paid.tolist() == [0, 3, 3]


def test_tie_order_depends_on_seed_round_and_name_only():
    names = ["ann", "bob", "cem", "dee"]
    order = tie_order(names, seed=3, round_number=2)
    assert sorted(order) == [0, 1, 2, 3]
    assert dict(zip(names, order, strict=True)) == dict(
        zip(names[::-1], tie_order(names[::-1], seed=3, round_number=2), strict=True)
    )
    different = [tie_order(names, seed=3, round_number=r).tolist() for r in range(20)]
    assert len({tuple(ranks) for ranks in different}) > 5


@pytest.mark.parametrize(
    ("total", "weights", "message"),
    [
        (5, [], "nobody"),
        (-1, [1.0], "between 0"),
        (5, [1.0, -1.0], "negative"),
        (5, [1.0, float("nan")], "not finite"),
    ],
)
def test_what_cannot_be_split_is_refused(total, weights, message):
    with pytest.raises(InputError, match=message):
        split_points(total, np.array(weights), np.arange(len(weights)))
