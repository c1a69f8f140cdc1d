import pytest

from crowdsft.core.evaluation import UTILITIES
from crowdsft.web.pages.measure import Measure, group_letter
from crowdsft.web.pages.wording import counted, duration_words, listed, number, ordinal, points_shown


@pytest.mark.parametrize(
    "group, letter",
    [(0, "A"), (1, "B"), (25, "Z"), (26, "AA"), (27, "AB"), (51, "AZ"), (52, "BA"), (255, "IV")],
)
def test_groups_have_letters(group: int, letter: str) -> None:
    assert group_letter(group) == letter


def test_no_two_groups_share_their_letters() -> None:
    assert len({group_letter(group) for group in range(1000)}) == 1000


@pytest.mark.parametrize(
    "base, utility, words, direction",
    [
        (-0.441, -0.388, "12.0\N{NO-BREAK SPACE}% closer", "better"),
        (-0.4, -0.44, "10.0\N{NO-BREAK SPACE}% further away", "worse"),
        (-0.4, -0.4, "no change", "same"),
        (0.0, 0.0, "no change", "same"),
        (0.0, -0.2, "further away", "worse"),
    ],
)
def test_a_distance_changes_in_per_cent(base: float, utility: float, words: str, direction: str) -> None:
    change = Measure(is_distance=True).change(base, utility)
    assert (change.words, change.direction) == (words, direction)


def test_an_inner_product_changes_by_an_amount() -> None:
    change = Measure(is_distance=False).change(0.5, 0.625)
    assert (change.words, change.direction) == ("0.125 closer", "better")


def test_a_distance_is_shown_positive_and_an_inner_product_as_it_is() -> None:
    assert Measure(is_distance=True).show(-0.388) == "0.388"
    assert Measure(is_distance=False).show(0.388) == "0.388"
    assert set(UTILITIES) == {"l2", "l1", "dot"}  # a new evaluation needs its words in `measure_of`


@pytest.mark.parametrize(
    "value, shown",
    [
        (0, "0"),
        (0.388, "0.388"),
        (12.3456, "12.346"),
        (345.67, "345.7"),
        (4321, "4,321"),
        (0.000123, "0.00012"),
    ],
)
def test_numbers_show_what_matters(value: float, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    "seconds, words",
    [
        (10, "less than a minute"),
        (60, "1 minute"),
        (45 * 60, "45 minutes"),
        (2 * 3600, "2 hours"),
        (26 * 3600, "26 hours"),
        (2 * 86400 + 60, "2 days"),
    ],
)
def test_durations_use_the_unit_that_fits(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


def test_small_phrases() -> None:
    assert [ordinal(place) for place in (1, 3, 10, 11, 21, 112)] == [
        "first", "third", "tenth", "11th", "21st", "112th",
    ]  # fmt: skip
    assert counted(1, "group") == "1 group"
    assert counted(1200, "group") == "1,200 groups"
    assert listed(["2", "3", "4"]) == "2, 3 and 4"
    assert points_shown(-12.4) == "\N{MINUS SIGN}12"
