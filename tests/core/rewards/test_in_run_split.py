"""Splitting a group's value by credit: sums are kept, equals are equal, nobody pays."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.errors import InputError
from crowdsft.core.evidence import RoundRecord
from crowdsft.core.rewards import REWARDS
from crowdsft.core.rewards.in_run_split import credited_shares, member_values, payable

NUMBERS = st.floats(-1, 1, allow_subnormal=False)
CREDITS = st.lists(NUMBERS, min_size=1, max_size=6).map(np.array)


def record_of(groups, *, number=1, significant=True):
    """A round from (value of the group, credits of its members) pairs; members are named "group-place"."""
    names = [f"{group}-{place}" for group, (_, earned) in enumerate(groups) for place in range(len(earned))]
    weights, credited = np.zeros((2, len(groups), len(names)))
    start = 0
    for row, (_, earned) in enumerate(groups):
        weights[row, start : start + len(earned)] = 1 / len(earned)
        credited[row, start : start + len(earned)] = earned
        start += len(earned)
    return RoundRecord(
        round_number=number,
        contributors=tuple(names),
        weights=weights,
        base_value=-1.0,
        values=np.linspace(-0.9, -0.8, len(groups)),
        winner=0 if significant else None,
        significant=significant,
        group_values=np.array([value for value, _ in groups]),
        credits=credited,
    )


def settle(history, *, balances=None, budget=400):
    return REWARDS.make("in_run_split").settle(
        history, balances=balances or {}, budget_per_round=budget, utility=None, seed=0
    )


def points_of(settlement):
    return {award.contributor: award.points for award in settlement.awards}


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
    found = settle([record_of([(0.3, [0.2, 0.1]), (0.1, [0.5]), (-0.2, [0.4])])])
    assert points_of(found) == {"0-0": 200, "0-1": 100, "1-0": 100, "2-0": 0}


@given(st.lists(st.tuples(NUMBERS, CREDITS), min_size=1, max_size=4), st.integers(0, 1000), st.booleans())
def test_a_round_pays_its_budget_or_carries_it(groups, budget, significant):
    found = settle([record_of(groups, significant=significant)], budget=budget)
    pays = significant and max(value for value, _ in groups) > 0
    assert min(points_of(found).values()) >= 0
    assert sum(points_of(found).values()) == (budget if pays else 0)
    assert found.carry == (0 if pays else budget)


@given(st.lists(st.tuples(NUMBERS, CREDITS), min_size=2, max_size=4))
def test_a_groups_members_have_together_its_part_of_what_is_worth_something(groups):
    record = record_of(groups)
    shares, values = credited_shares(record), np.maximum(record.group_values, 0)
    if values.sum() > 0:
        together = [shares[weights > 0].sum() for weights in record.weights]
        assert together == pytest.approx(values / values.sum(), abs=1e-9)


def test_a_carried_round_is_paid_to_its_own_members_by_its_own_credits():
    first = record_of([(0.2, [0.2, 0.0])], significant=False)
    second = replace(record_of([(0.1, [0.1])], number=2), contributors=("late",))
    assert not any(points_of(settle([first])).values())
    assert points_of(settle([first, second])) == {"0-0": 400, "0-1": 0, "late": 400}


def test_a_winner_that_made_no_expert_example_likelier_pays_nothing_yet():
    first = record_of([(-0.2, [0.2, 0.0]), (0.0, [0.1])])
    assert not any(points_of(settle([first])).values())
    assert settle([first]).carry == 400
    second = record_of([(0.1, [0.1])], number=2)
    assert sum(points_of(settle([first, second])).values()) == 800


@pytest.mark.parametrize("lacks", ["group_values", "credits"])
def test_a_round_that_was_not_measured_is_refused(lacks):
    record = record_of([(0.1, [0.1, 0.2]), (0.2, [0.0])])
    with pytest.raises(InputError, match="has no credits or no values"):
        settle([replace(record, **{lacks: None})])
    with pytest.raises(InputError, match="not a finite number"):
        settle([replace(record, **{lacks: getattr(record, lacks) * np.nan})])
