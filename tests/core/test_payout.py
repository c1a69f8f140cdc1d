from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.errors import InputError
from crowdsft.core.payout import MOST_UNITS, Share, amount_text, divide, parse_amount

names = st.text("abcdef", min_size=1, max_size=6)
points_of_people = st.dictionaries(names, st.integers(0, 10**9), min_size=1, max_size=30).filter(
    lambda held: any(held.values())
)
owed_to_people = st.dictionaries(names, st.integers(1, 10**6), max_size=10)
budgets = st.integers(0, 10**12)
minimums = st.integers(0, 10**7)


@given(budgets, points_of_people, owed_to_people, minimums)
def test_nothing_is_created_or_lost(
    budget: int, points: dict[str, int], owed: dict[str, int], minimum: int
) -> None:
    shares = divide(budget, points, owed=owed, minimum=minimum)
    assert sum(share.share for share in shares) == budget
    assert sum(s.amount + s.owed_after for s in shares) == budget + sum(owed.values())
    assert sum(share.points for share in shares) == sum(points.values())
    for share in shares:
        assert share.amount + share.owed_after == share.share + share.owed_before
        assert share.amount == 0 or (share.amount >= minimum and share.owed_after == 0)
        assert share.owed_after == 0 or share.owed_after < minimum


@given(budgets, points_of_people)
def test_a_share_is_the_exact_part_rounded_down_or_up(budget: int, points: dict[str, int]) -> None:
    whole = sum(points.values())
    for share in divide(budget, points):
        exact = budget * share.points
        assert exact // whole <= share.share <= -(-exact // whole)


@given(budgets, points_of_people)
def test_more_points_never_get_less(budget: int, points: dict[str, int]) -> None:
    shares = divide(budget, points)
    for better, worse in pairwise(shares):
        assert better.share >= worse.share or better.points == worse.points


@given(st.lists(st.tuples(budgets, points_of_people, minimums), min_size=1, max_size=5))
def test_over_many_payouts_everybody_gets_what_was_due_to_them(
    payouts: list[tuple[int, dict[str, int], int]],
) -> None:
    owed: dict[str, int] = {}
    due: dict[str, int] = {}
    paid: dict[str, int] = {}
    for budget, points, minimum in payouts:
        shares = divide(budget, points, owed=owed, minimum=minimum)
        for share in shares:
            due[share.contributor] = due.get(share.contributor, 0) + share.share
            paid[share.contributor] = paid.get(share.contributor, 0) + share.amount
        owed = {share.contributor: share.owed_after for share in shares}
    assert sum(due.values()) == sum(budget for budget, _, _ in payouts)
    assert {name: paid[name] + owed.get(name, 0) for name in due} == due


def test_ten_euros_among_three() -> None:
    shares = {share.contributor: share.share for share in divide(1000, {"a": 1, "b": 1, "c": 1})}
    assert sorted(shares.values()) == [333, 333, 334]
    assert shares == {s.contributor: s.share for s in divide(1000, {"c": 1, "a": 1, "b": 1})}, (
        "order is nothing"
    )


def test_who_gets_the_odd_cent_depends_on_the_ledger_and_not_on_the_name() -> None:
    lucky = {
        next(s.contributor for s in divide(1, {"a": 1, "b": 1, "c": 1}, ties=f"head {n}") if s.share)
        for n in range(30)
    }
    assert lucky == {"a", "b", "c"}


def test_what_is_below_the_minimum_is_owed_and_paid_when_it_has_grown() -> None:
    first = divide(1000, {"a": 90, "b": 10}, minimum=200)
    assert first == (Share("a", 90, 900, 0, 900, 0), Share("b", 10, 100, 0, 0, 100))
    second = divide(1000, {"a": 90, "b": 10}, owed={"b": 100}, minimum=200)
    assert second[1] == Share("b", 10, 100, 100, 200, 0)


def test_who_is_owed_takes_part_without_new_points() -> None:
    shares = divide(100, {"a": 5}, owed={"b": 40}, minimum=0)
    assert shares[1] == Share("b", 0, 0, 40, 40, 0)


def test_large_sums_stay_exact() -> None:
    points = {"a": 2**52 + 1, "b": 2**52}
    assert sum(share.share for share in divide(MOST_UNITS, points)) == MOST_UNITS


@pytest.mark.parametrize("points", [{}, {"a": 0}])
def test_without_points_there_is_nothing_to_divide(points: dict[str, int]) -> None:
    with pytest.raises(InputError, match="Nobody has points"):
        divide(100, points)


def test_a_correction_larger_than_the_points_is_refused() -> None:
    with pytest.raises(InputError, match="for 1 of the contributors"):
        divide(100, {"a": 5, "b": -1})


@pytest.mark.parametrize("budget", [-1, MOST_UNITS + 1])
def test_amounts_out_of_range_are_refused(budget: int) -> None:
    with pytest.raises(InputError, match="too large or below zero"):
        divide(budget, {"a": 1})


@pytest.mark.parametrize(
    ("text", "places", "units"),
    [
        ("500", 2, 50000),
        ("12.5", 2, 1250),
        ("12,50", 2, 1250),
        (" 0.01 ", 2, 1),
        ("7", 0, 7),
        ("1.25", 8, 125000000),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, places: int, units: int) -> None:
    assert parse_amount(text, places) == units


def test_a_thousand_with_a_comma_is_not_taken_for_one() -> None:
    with pytest.raises(InputError, match="without a sign"):
        parse_amount("1,000", 8)
    assert parse_amount("1.000", 8) == 10**8


@pytest.mark.parametrize(
    "text", ["", "-5", "1,000", "1.000,00", "five", "1e3", "12.", "٣", "12.345", "9" * 17]
)
def test_what_is_no_amount_or_two_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"digits|too large"):
        parse_amount(text, 2)


@given(st.integers(0, MOST_UNITS), st.integers(0, 8))
def test_an_amount_survives_being_written(units: int, places: int) -> None:
    assert parse_amount(amount_text(units, places), places) == units
