"""Points beside Shapley values, as a campaign's journal tells them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from crowdsft.core.agreement import agreement, rank_correlation
from crowdsft.core.campaign import CampaignState, fold
from crowdsft.core.events import Appraised, PointsAwarded
from tests.core.campaigns import NAMES, whole_campaign


def campaign(worth: dict[str, float], *, doubt: float, rounds: int = 2) -> CampaignState:
    """A made-up campaign that was appraised in its first round, `doubt` points up and down."""
    rows = tuple(Appraised(name, value, value - doubt, value + doubt) for name, value in worth.items())
    events = [
        replace(event, appraised=rows) if isinstance(event, PointsAwarded) and event.awards else event
        for event in whole_campaign(rounds)
    ]
    return fold(events)


RISING = {name: 10.0 * place for place, name in enumerate(NAMES, start=1)}


def test_before_any_appraisal_there_is_nothing_to_compare() -> None:
    assert agreement(fold(whole_campaign())) is None


def test_points_in_the_order_of_the_values_agree() -> None:
    found = agreement(campaign(RISING, doubt=0.0))
    assert found is not None
    assert found.contributors == NAMES and found.points.tolist() == [15, 20, 30, 40, 50, 60]
    assert found.correlation == pytest.approx(1.0)
    assert found.correlation_interval == pytest.approx((1.0, 1.0))


def test_doubt_about_the_values_widens_the_interval() -> None:
    found = agreement(campaign(RISING, doubt=40.0))
    assert found is not None and found.correlation_interval is not None
    low, high = found.correlation_interval
    assert low < 0.6 < high <= 1.0


def test_points_against_the_values_disagree() -> None:
    found = agreement(campaign({name: -value for name, value in RISING.items()} | {"ada": 5.0}, doubt=0.0))
    assert found is not None and found.correlation is not None and found.correlation < 0


def test_negative_values_are_all_worth_nothing_so_their_order_does_not_count() -> None:
    some = dict(zip(NAMES, [-9.0, -1.0, -5.0, 10.0, 20.0, 30.0], strict=True))
    others = dict(zip(NAMES, [-1.0, -9.0, -2.0, 10.0, 20.0, 30.0], strict=True))
    first, second = (agreement(campaign(worth, doubt=0.0)) for worth in (some, others))
    assert first is not None and second is not None and first.correlation == second.correlation


def test_equal_values_have_no_order() -> None:
    found = agreement(campaign(dict.fromkeys(NAMES, 7.0), doubt=1.0))
    assert found is not None and found.correlation is None


@pytest.mark.parametrize(("rounds", "told_apart", "needed"), [(1, False, 3), (2, False, 3), (5, True, 3)])
def test_it_says_from_which_round_contributors_can_be_told_apart(
    rounds: int, told_apart: bool, needed: int
) -> None:
    """Six contributors in three groups: two differences a round, five are needed."""
    found = agreement(campaign(RISING, doubt=1.0, rounds=rounds))
    assert found is not None
    assert (found.told_apart, found.rounds_needed) == (told_apart, needed)


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=20))
def test_rank_correlation_is_spearmans(pairs: list[tuple[int, int]]) -> None:
    first, second = (np.array(column) for column in zip(*pairs, strict=True))
    found = rank_correlation(first, second)
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        assert found is None
    else:
        assert found == pytest.approx(spearmanr(first, second).statistic)
