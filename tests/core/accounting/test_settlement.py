import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.accounting.crowd import Crowd
from crowdsft.core.accounting.due import Due, Worth, amounts_due
from crowdsft.core.accounting.settlement import pay_everything, pay_what_is_sure
from crowdsft.core.errors import InputError


def due(points, errors, unknown=None, unseen=None):
    points = np.array(points, dtype=float)
    none = np.zeros(len(points))
    return Due(
        points=points,
        estimates=points,
        errors=np.array(errors, dtype=float),
        unknown=none if unknown is None else np.array(unknown, dtype=float),
        unseen=none if unseen is None else np.array(unseen, dtype=float),
    )


def sure(amounts, balances, at_most=None, suspects=None):
    alone = np.arange(len(balances))
    limit = amounts.points if at_most is None else np.array(at_most, dtype=float)
    return pay_what_is_sure(
        amounts,
        np.array(balances),
        at_most=limit,
        suspects=alone if suspects is None else np.array(suspects),
        ties=alone,
    )


def everything(amounts, balances, clusters=None):
    alone = np.arange(len(balances))
    one = alone if clusters is None else np.array(clusters)
    return pay_everything(amounts, np.array(balances), clusters=one, ties=alone)


def test_one_standard_error_stays_back():
    assert sure(due([60, 40], [10, 50]), [0, 0]).tolist() == [50, 0]


def test_only_what_is_new_is_paid():
    assert sure(due([60, 40], [10, 10]), [45, 40]).tolist() == [5, 0]


def test_who_was_never_seen_apart_waits():
    assert sure(due([60, 40], [0, 0], unseen=[0.5, 0.0]), [0, 0]).tolist() == [0, 40]


def test_who_may_be_one_person_gets_what_one_person_would():
    assert sure(due([30, 30, 40], [0, 0, 0]), [0, 0, 0], at_most=[20, 20, 60]).tolist() == [20, 20, 40]


def test_closing_pays_everything_and_lets_the_overpaid_wait():
    paid = everything(due([50, 30, 20], [0, 0, 0]), [60, 0, 0])
    assert paid.tolist() == [0, 24, 16]


def test_closing_pays_the_unknown_what_is_sure_only():
    paid = everything(due([50, 50], [25, 25], unknown=[0.0, 0.9]), [0, 0])
    assert paid.tolist() == [67, 33]


def test_more_paid_than_there_was_is_refused():
    with pytest.raises(InputError, match="already paid"):
        sure(due([10, 10], [0, 0]), [30, 0])


def test_what_one_name_was_paid_too_much_its_other_names_wait_for():
    amounts = due([20, 20, 60], [0, 0, 0])
    assert sure(amounts, [35, 0, 0], suspects=[0, 0, 2]).tolist() == [0, 5, 60]
    assert everything(amounts, [35, 0, 0], clusters=[0, 0, 2]).tolist() == [0, 5, 60]


@given(st.data())
def test_paying_never_takes_back_and_never_exceeds_the_budget(data):
    count = data.draw(st.integers(1, 8))
    whole = st.lists(st.integers(0, 1000), min_size=count, max_size=count)
    points, errors = np.array(data.draw(whole)), np.array(data.draw(whole))
    total = int(points.sum())
    balances = np.zeros(count, dtype=np.int64)
    for _ in range(data.draw(st.integers(0, total))) if total < 20 else ():
        balances[data.draw(st.integers(0, count - 1))] += 1
    amounts = due(points, errors)
    now = sure(amounts, balances)
    assert (now >= 0).all()
    assert balances.sum() + now.sum() <= total
    last = everything(amounts, balances + now)
    assert (last >= 0).all()
    assert (balances + now + last).sum() == total


class FixedWorth:
    """An appraisal that gives every player the worth of its first member."""

    def __init__(self, values):
        self.values = np.array(values, dtype=float)
        self.clusters = self.suspects = np.arange(len(values))
        self.unknown = self.unseen = np.zeros(len(values))

    def worths(self, round_index, players, clusters):
        return (Worth(self.values[players], np.zeros(len(players))),)


def crowd(present):
    present = np.array(present, dtype=bool)
    names = tuple(f"c{number}" for number in range(present.shape[1]))
    return Crowd(names, (), tuple(row[None] / row.sum() for row in present.astype(float)), present)


def share(crowd, values, clusters, budget=100):
    return amounts_due(
        crowd,
        FixedWorth(values),
        np.array(clusters),
        covered_rounds=len(crowd.present),
        budget_per_round=budget,
    )


def test_a_round_belongs_to_its_own_members():
    amounts = share(crowd([[1, 1, 0], [1, 0, 1]]), [1, 3, 1], [0, 1, 2])
    assert amounts.points.tolist() == [25 + 50, 75, 50]


def test_negative_worth_is_shown_and_not_paid():
    amounts = share(crowd([[1, 1, 1]]), [3, 1, -2], [0, 1, 2])
    assert amounts.points.tolist() == [75, 25, 0]
    assert amounts.estimates.tolist() == [75, 25, -50]


def test_nobody_worth_anything_shares_equally():
    assert share(crowd([[1, 1]]), [-1, -2], [0, 1]).points.tolist() == [50, 50]


def test_a_cluster_is_one_player_and_its_first_member_is_paid():
    amounts = share(crowd([[1, 1, 0], [1, 1, 1]]), [1, 1, 1], [0, 1, 1])
    assert amounts.points.tolist() == [100, 100, 0]


def test_members_who_joined_together_share():
    assert share(crowd([[1, 1, 1]]), [1, 1, 1], [0, 1, 1]).points.tolist() == [50, 25, 25]
