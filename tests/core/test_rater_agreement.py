"""Agreement of people who judge: hand-computed and published values, laws, and what cannot be said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdsft.core.errors import InputError
from crowdsft.core.proportions import wilson_interval
from crowdsft.core.rater_agreement import Judgement, Scale, rater_agreement

# Four observers, twelve units, some missing: Krippendorff (2011), sections C and D.
FOUR_OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


def table(*rows: str) -> list[Judgement]:
    """One row for each person, one column for each item."""
    return [
        Judgement(f"person {person}", f"item {item}", int(value))
        for person, row in enumerate(rows)
        for item, value in enumerate(row.split())
        if value != "."
    ]


@pytest.mark.parametrize(("scale", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_the_published_value_with_missing_judgements(scale: Scale, alpha: float) -> None:
    whole, _ = rater_agreement(table(*FOUR_OBSERVERS), scale)
    assert whole.alpha == pytest.approx(alpha, abs=5e-4)
    assert (whole.items, whole.judgements) == (11, 40)  # unit 12 has one value only


def test_the_published_value_of_two_observers_with_two_categories() -> None:
    """Krippendorff (2011), section A."""
    whole, _ = rater_agreement(table("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0"), "nominal")
    assert whole.alpha == pytest.approx(0.095, abs=5e-4)
    assert whole.share == pytest.approx(0.6)


def test_the_published_value_of_two_observers_with_five_categories() -> None:
    """Krippendorff (2011), section B; a to e as 1 to 5."""
    whole, _ = rater_agreement(table("1 1 2 2 4 3 3 3 5 4 4 1", "2 1 2 2 2 3 3 3 5 4 4 4"), "nominal")
    assert whole.alpha == pytest.approx(0.692, abs=5e-4)


def test_a_small_case_by_hand() -> None:
    """Values 1 1 / 1 2: observed disagreement 1/2, by chance 2 * 3 * 1 / (4 * 3) = 1/2, so alpha is 0."""
    whole, people = rater_agreement(table("1 1", "1 2"), "nominal")
    assert (whole.share, whole.alpha) == (0.5, 0.0)
    assert [people[name].alpha for name in people] == [0.0, 0.0]


def test_each_person_by_hand() -> None:
    """Items 1 1 2 and 2 2 2. The third agrees with nobody about the first item and with both about the second."""
    whole, people = rater_agreement(table("1 2", "1 2", "2 2"), "nominal")
    shares = [people[f"person {number}"].share for number in range(3)]
    assert shares == [(0.5 + 1) / 2, (0.5 + 1) / 2, (0 + 1) / 2]
    by_chance = 2 * 2 * 4 / (6 * 5)
    alphas = [people[f"person {number}"].alpha for number in range(3)]
    assert alphas == pytest.approx([1 - 0.25 / by_chance, 1 - 0.25 / by_chance, 1 - 0.5 / by_chance])
    assert whole.share == pytest.approx(2 / 3)


def test_ratings_that_lie_beside_each_other_may_count_as_agreeing_in_the_share_alone() -> None:
    exact, _ = rater_agreement(table("1 4 5", "2 4 1"), "interval")
    near, _ = rater_agreement(table("1 4 5", "2 4 1"), "interval", within=1)
    assert (exact.share, near.share) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert exact.alpha == near.alpha


def test_complete_agreement_is_one_and_complete_contradiction_below_zero() -> None:
    assert rater_agreement(table("1 2 3 1", "1 2 3 1"), "ordinal")[0].alpha == 1.0
    whole, _ = rater_agreement(table("0 1 0 1", "1 0 1 0"), "nominal")
    assert whole.alpha is not None and whole.alpha < 0 and whole.share == 0.0


# What cannot be said


def test_without_judgements_nothing_is_said() -> None:
    whole, people = rater_agreement([], "nominal")
    assert (whole.share, whole.alpha, whole.missing, whole.reading) == (None, None, "nobody_else", "unknown")
    assert people == {}


def test_who_judged_what_nobody_else_judged_is_there_and_nothing_is_said() -> None:
    whole, people = rater_agreement(table("1 2 .", "1 2 .", ". . 5"), "interval")
    alone = people["person 2"]
    assert (alone.items, alone.share, alone.alpha, alone.missing) == (0, None, None, "nobody_else")
    assert whole.alpha == 1.0


def test_who_all_say_the_same_of_everything_have_no_alpha() -> None:
    whole, people = rater_agreement(table("4 4 4", "4 4 4"), "interval")
    assert (whole.share, whole.alpha, whole.missing, whole.reading) == (1.0, None, "all_the_same", "unknown")
    assert people["person 0"].missing == "all_the_same"


def test_few_items_are_put_into_no_words() -> None:
    rows = ("1 2 " * 4 + "1", "1 2 " * 4 + "1")
    assert rater_agreement(table(*rows), "nominal")[0].reading == "few"
    assert rater_agreement(table(*(row + " 2" for row in rows)), "nominal")[0].reading == "high"


@pytest.mark.parametrize(
    ("wrong", "reading"), [(0, "high"), (2, "high"), (3, "fair"), (5, "low"), (10, "chance")]
)
def test_alpha_in_words(wrong: int, reading: str) -> None:
    """Forty items, half 0 and half 1; the second person turns so many of each half around: alpha is 1 - wrong / 10."""
    first = [0] * 20 + [1] * 20
    second = [1] * wrong + [0] * (20 - wrong) + [0] * wrong + [1] * (20 - wrong)
    whole, _ = rater_agreement(table(" ".join(map(str, first)), " ".join(map(str, second))), "nominal")
    assert whole.alpha == pytest.approx(1 - wrong / 10 * 79 / 80, abs=1e-9)
    assert whole.reading == reading


# Laws

tables = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 8)), st.integers(1, 5), min_size=1, max_size=40
)


@settings(deadline=None)
@given(tables, st.sampled_from(["nominal", "ordinal", "interval"]))
def test_the_whole_is_the_mean_of_people_weighed_by_their_judgements(
    cells: dict[tuple[int, int], int], scale: Scale
) -> None:
    given_ones = [Judgement(str(person), str(item), value) for (person, item), value in cells.items()]
    whole, people = rater_agreement(given_ones, scale)
    assert sum(one.judgements for one in people.values()) == whole.judgements
    assert set(people) == {one.person for one in given_ones}
    for figure in ("share", "alpha"):
        of_people = [(getattr(one, figure), one.judgements) for one in people.values() if one.judgements]
        found = getattr(whole, figure)
        if found is not None:
            assert found == pytest.approx(
                sum(value * weight for value, weight in of_people) / whole.judgements
            )
            assert found <= 1 + 1e-12


@settings(deadline=None)
@given(tables)
def test_alpha_is_what_its_definition_says(cells: dict[tuple[int, int], int]) -> None:
    """Pair by pair, on an interval scale."""
    given_ones = [Judgement(str(person), str(item), value) for (person, item), value in cells.items()]
    by_item: dict[str, list[int]] = {}
    for one in given_ones:
        by_item.setdefault(one.item, []).append(one.value)
    units = [values for values in by_item.values() if len(values) > 1]
    pooled = [value for values in units for value in values]
    n = len(pooled)
    observed = sum(sum((a - b) ** 2 for a in values for b in values) / (len(values) - 1) for values in units)
    expected = sum((a - b) ** 2 for a in pooled for b in pooled)
    whole, _ = rater_agreement(given_ones, "interval")
    if expected:
        assert whole.alpha == pytest.approx(1 - (observed / n) / (expected / (n * (n - 1))))
    else:
        assert whole.alpha is None


def test_answers_drawn_by_chance_are_near_zero() -> None:
    rng = np.random.default_rng(3)
    drawn = [
        Judgement(f"p{person}", f"i{item}", int(rng.integers(1, 6)))
        for item in range(2000)
        for person in rng.choice(40, 3, replace=False)
    ]
    whole, people = rater_agreement(drawn, "ordinal")
    assert whole.alpha is not None and abs(whole.alpha) < 0.03 and whole.reading == "chance"
    assert len(people) == 40


# Ranges


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (0, 0, 0.0, 1.0),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),
    ],
)
def test_wilson_s_interval(successes: int, trials: int, low: float, high: float) -> None:
    """The last is the example of Newcombe (1998); the others are worked out by hand."""
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("successes", "trials", "confidence"), [(3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0)])
def test_a_share_that_cannot_be_is_refused(successes: int, trials: int, confidence: float) -> None:
    with pytest.raises(InputError, match="is no share"):
        wilson_interval(successes, trials, confidence=confidence)
