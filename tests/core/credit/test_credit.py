import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.credit.comment_scores import Scoring, standardised
from crowdsft.core.credit.keeping import Keeping, drawn
from crowdsft.core.credit.value_shares import LEAST, MOST, shares_from_values
from crowdsft.core.errors import InputError


def test_who_goes_half_of_the_way_is_taken_to_help_with_a_little_more_than_half() -> None:
    shares = shares_from_values([-0.6, -1.2, -1.3, 0.0], base=-1.2, best=0.0)
    assert shares == pytest.approx([0.6, LEAST, LEAST, MOST])


@pytest.mark.parametrize(("values", "base"), [([np.nan], -1.0), ([-0.5], 0.0), ([-0.5], 0.5)])
def test_values_that_say_nothing_are_refused(values: list[float], base: float) -> None:
    with pytest.raises(InputError):
        shares_from_values(values, base=base, best=0.0)


def test_gains_count_within_their_round() -> None:
    gains = np.array([1.0, 3.0, 10.0, 30.0, np.nan, 5.0])
    assert standardised(gains, np.array([1, 1, 2, 2, 2, 3])) == pytest.approx([-1, 1, -1, 1, 0, 0])


def test_a_comment_scores_by_its_gain_its_contributor_and_the_share() -> None:
    scoring = Scoring(own=1.0, contributor=1.0)
    rounds, contributors = np.zeros(4, np.int64), np.array([0, 0, 1, 1])
    flat = np.array([0.5, 0.5])
    scores = scoring.scores([2.0, 0.0, 0.0, -2.0], rounds=rounds, contributors=contributors, shares=flat)
    assert scores[0] > scores[1] > scores[2] > scores[3]  # equal gains in the middle: the contributor decides
    lifted = scoring.scores(
        [2.0, 0.0, 0.0, -2.0], rounds=rounds, contributors=contributors, shares=np.array([0.5, 0.9])
    )
    assert (lifted[2:] > scores[2:]).all()
    assert lifted[:2] == pytest.approx(scores[:2])


def test_without_gains_the_contributor_alone_counts() -> None:
    shares = np.array([0.2, 0.8])
    scores = Scoring().scores(
        [np.nan, np.nan], rounds=np.ones(2, np.int64), contributors=np.array([0, 1]), shares=shares
    )
    assert scores == pytest.approx(np.log(shares / (1 - shares)))


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(InputError, match="one of each"):
        Scoring().scores(
            [1.0], rounds=np.zeros(2, np.int64), contributors=np.zeros(1, np.int64), shares=np.array([0.5])
        )


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=60), st.floats(0.05, 1), st.floats(0, 1))
def test_nobody_is_silenced_and_the_best_are_kept(scores: list[float], share: float, floor: float) -> None:
    weights = Keeping(share, floor).weights(np.array(scores))
    assert weights.sum() == pytest.approx(1)
    assert weights.min() >= floor / len(scores) - 1e-12
    assert weights[int(np.argmax(scores))] == pytest.approx(weights.max())


def test_a_floor_outside_its_range_is_refused() -> None:
    with pytest.raises(InputError, match="floor"):
        Keeping(0.25, 1.5)


@given(
    st.lists(st.floats(0, 3), min_size=1, max_size=40).filter(lambda found: sum(found) > 0.01),
    st.integers(1, 100),
    st.integers(0, 2**32),
)
def test_each_is_drawn_as_often_as_expected_up_to_rounding(
    weights: list[float], count: int, seed: int
) -> None:
    shares = np.array(weights) / sum(weights)
    picks = drawn(np.array(weights), count, np.random.default_rng(seed))
    times = np.bincount(picks, minlength=len(weights))
    assert times.sum() == count
    assert (np.abs(times - count * shares) < 1 + 1e-6).all()
    assert not times[shares == 0].any()


def test_nothing_to_draw_from_is_an_error() -> None:
    with pytest.raises(InputError, match="nothing can be drawn"):
        drawn(np.zeros(3), 2, np.random.default_rng(0))
