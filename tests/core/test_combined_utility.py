from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.combined_utility import Opinion, combined, spread_of, stretched
from crowdsft.core.errors import EvaluationError
from crowdsft.core.selection import paired_difference

RNG = np.random.default_rng(11)


@given(st.integers(2, 12), st.integers(0, 30))
def test_stretching_keeps_means_and_standard_errors(few: int, more: int) -> None:
    first, second = np.random.default_rng(few + 31 * more).standard_normal((2, few))
    before = paired_difference(first, second)
    after = paired_difference(*stretched(np.array([first, second]), few + more))
    assert after.mean == pytest.approx(before.mean, abs=1e-12)
    assert after.standard_error == pytest.approx(before.standard_error, rel=1e-9)


def test_the_standard_error_of_a_sum_is_honest_when_one_judge_read_a_part_of_the_outputs() -> None:
    """400 rows, 50 of them read by a second judge who agrees with the first at r = .8: 3,000 repetitions."""
    rng, sums, errors = np.random.default_rng(5), [], []
    for _ in range(3_000):
        first = rng.standard_normal(400)
        second = 0.8 * first[:50] + 0.6 * rng.standard_normal(50)
        rows = np.zeros((2, 400)), np.zeros((2, 50))
        rows[0][1], rows[1][1] = first, second
        both = combined([Opinion(rows[0], 0.5, 1.0), Opinion(rows[1], 0.5, 1.0)])
        found = paired_difference(both[1], both[0])
        sums.append(found.mean)
        errors.append(found.standard_error)
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(sums), rel=0.05)
    as_if_apart = np.sqrt(0.25 / 400 + 0.25 / 50)
    assert np.std(sums) > 1.05 * as_if_apart, "ignoring what they share would be too sure"


def test_weights_count_spreads_of_the_base() -> None:
    small, large = RNG.standard_normal((2, 3, 100)) * np.array([0.01, 100.0])[:, None, None]
    opinions = [Opinion(rows, 0.5, spread_of(rows[0])) for rows in (small, large)]
    rows = combined(opinions)
    expected = 0.5 * small / small[0].std(ddof=1) + 0.5 * large / large[0].std(ddof=1)
    np.testing.assert_allclose(rows, expected)


def test_a_judge_that_gives_the_base_no_spread_keeps_its_own_units() -> None:
    assert spread_of(np.zeros(20)) == 1.0


def test_guards_without_weight_do_not_lengthen_rows() -> None:
    rows = combined([Opinion(np.ones((2, 8)), 1.0, 1.0), Opinion(np.ones((2, 99)), 0.0, 1.0)])
    assert rows.shape == (2, 8)


def test_somebody_must_count() -> None:
    with pytest.raises(EvaluationError, match="no judge has weight"):
        combined([Opinion(np.ones((2, 8)), 0.0, 1.0)])
