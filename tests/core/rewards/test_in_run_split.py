"""Splitting a group's value by credit: sums are kept, equals are equal, nobody pays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.errors import InputError
from crowdsft.core.rewards.in_run_split import in_run_points, member_values, payable

NUMBERS = st.floats(-1, 1, allow_subnormal=False)
CREDITS = st.lists(NUMBERS, min_size=1, max_size=6).map(np.array)


@given(NUMBERS, CREDITS)
def test_members_are_worth_together_what_their_group_is_worth(value, earned):
    assert member_values(value, earned).sum() == pytest.approx(value, abs=1e-12)
    assert payable(value, earned).sum() == pytest.approx(max(value, 0.0), abs=1e-12)


@given(NUMBERS, CREDITS)
def test_nobody_pays_and_more_credit_never_earns_less(value, earned):
    paid = payable(value, earned)
    assert (paid >= 0).all()
    assert (np.diff(paid[np.argsort(earned, kind="stable")]) >= -1e-12).all()


@given(NUMBERS, CREDITS)
def test_equal_credit_earns_equally(value, earned):
    doubled = np.concatenate([earned, earned])
    paid = payable(value, doubled)
    assert paid[: len(earned)] == pytest.approx(paid[len(earned) :], abs=1e-12)


def test_by_hand():
    assert member_values(1.0, np.array([0.6, 0.2])) == pytest.approx([0.7, 0.3])
    assert payable(1.0, np.array([2.0, -1.0])) == pytest.approx([1.0, 0.0])
    points = in_run_points(
        [0.3, 0.1, -0.2],
        [{"ann": 0.2, "bob": 0.1}, {"cem": 0.5}, {"dia": 0.4}],
        budget=400,
        is_significant=True,
        seed=0,
        round_number=1,
    )
    assert points == {"ann": 200, "bob": 100, "cem": 100, "dia": 0}


@given(st.lists(st.tuples(NUMBERS, CREDITS), min_size=1, max_size=4), st.integers(0, 1000), st.booleans())
def test_a_round_pays_its_budget_or_nothing(groups, budget, is_significant):
    named = [{f"{g}-{i}": float(c) for i, c in enumerate(earned)} for g, (_, earned) in enumerate(groups)]
    values = [value for value, _ in groups]
    points = in_run_points(
        values, named, budget=budget, is_significant=is_significant, seed=1, round_number=2
    )
    assert set(points) == {name for members in named for name in members}
    assert min(points.values()) >= 0
    pays = is_significant and max(values) > 0
    assert sum(points.values()) == (budget if pays else 0)


@pytest.mark.parametrize(
    ("values", "groups"),
    [
        ([0.1], []),
        ([0.1, 0.2], [{"ann": 0.1}]),
        ([0.1], [{}]),
        ([0.1, 0.2], [{"ann": 0.1}, {"ann": 0.2}]),
        ([float("nan")], [{"ann": 0.1}]),
    ],
)
def test_what_makes_no_sense_is_refused(values, groups):
    with pytest.raises(InputError):
        in_run_points(values, groups, budget=10, is_significant=True, seed=0, round_number=1)
