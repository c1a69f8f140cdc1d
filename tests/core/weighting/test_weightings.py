"""Laws of every weighting, and the details of each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crowdsft.core.errors import InputError
from crowdsft.core.weighting import WEIGHTINGS, effective_number, within_groups

every_weighting = pytest.mark.parametrize("name", sorted(WEIGHTINGS))
earned = arrays(float, (3, 8), elements=st.floats(0, 1e6))
shown = arrays(float, (3, 8), elements=st.floats(-1e3, 1e3))


@every_weighting
@given(points=earned, merit=shown)
def test_weights_are_a_mean_one_distribution(name: str, points: np.ndarray, merit: np.ndarray) -> None:
    weights = WEIGHTINGS.make(name).weights(points, merit)
    assert weights.shape == points.shape
    assert np.isfinite(weights).all()
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.mean(axis=1), 1, rtol=1e-9)


@every_weighting
def test_before_the_first_round_all_count_the_same(name: str) -> None:
    for points in (np.zeros((2, 5)), np.ones((2, 5))):
        np.testing.assert_allclose(WEIGHTINGS.make(name).weights(points, np.zeros((2, 5))), 1)


@every_weighting
@given(points=earned, merit=shown)
def test_more_never_counts_less_and_equals_count_the_same(
    name: str, points: np.ndarray, merit: np.ndarray
) -> None:
    points[:, 1], merit[:, 1] = points[:, 0], merit[:, 0]
    points[:, 2], merit[:, 2] = points[:, 0] + 1, merit[:, 0] + 1
    weights = WEIGHTINGS.make(name).weights(points, merit)
    np.testing.assert_allclose(weights[:, 0], weights[:, 1])
    assert (weights[:, 2] >= weights[:, 0]).all()


@every_weighting
def test_what_cannot_be_used(name: str) -> None:
    weighting = WEIGHTINGS.make(name)
    with pytest.raises(InputError, match="shape"):
        weighting.weights(np.ones((1, 3)), np.ones((1, 4)))
    with pytest.raises(InputError, match="not negative"):
        weighting.weights(np.array([[1.0, -1.0]]), np.zeros((1, 2)))
    with pytest.raises(InputError, match="finite"):
        weighting.weights(np.ones((1, 2)), np.array([[0.0, np.nan]]))


def test_points_count_squared() -> None:
    weights = WEIGHTINGS.make("points_squared").weights(np.array([[1.0, 2.0, 4.0]]), np.zeros((1, 3)))
    np.testing.assert_allclose(weights, np.array([[1, 4, 16]]) / 7)


@given(merit=arrays(float, (4, 20), elements=st.floats(-1e4, 1e4)), share=st.sampled_from([0.1, 0.5, 1.0]))
def test_enough_contributors_count(merit: np.ndarray, share: float) -> None:
    weights = WEIGHTINGS.make("exponentiated_gradient", least_effective_share=share).weights(
        np.ones_like(merit), merit
    )
    assert effective_number(weights).min() >= share * 20 - 1e-6


def test_the_floor_flattens_no_more_than_it_must() -> None:
    merit = np.vstack([np.linspace(0, 100, 20), np.linspace(0, 1, 20)])
    weighting = WEIGHTINGS.make("exponentiated_gradient", rate=1.0, least_effective_share=0.2)
    weights = weighting.weights(np.ones_like(merit), merit)
    assert effective_number(weights)[0] == pytest.approx(4, abs=1e-6)
    free = np.exp(merit[1])
    np.testing.assert_allclose(weights[1], free / free.mean())  # far above the floor: untouched


@pytest.mark.parametrize("options", [{"rate": -1.0}, {"rate": np.nan}, {"least_effective_share": 1.1}])
def test_settings_that_cannot_be_used(options: dict[str, float]) -> None:
    with pytest.raises(InputError):
        WEIGHTINGS.make("exponentiated_gradient", **options)


def test_weights_within_groups() -> None:
    weights = np.array([[1.0, 3.0, 2.0, 0.0, 0.0]])
    rows = within_groups(weights, np.array([[0, 0, 1, 2, 2]]), 3)
    np.testing.assert_allclose(rows[0], [[0.25, 0.75, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0.5, 0.5]])
    with pytest.raises(InputError, match="group 2 of 2 is empty"):
        within_groups(weights, np.zeros((1, 5), dtype=np.int64), 2)


def test_the_effective_number() -> None:
    np.testing.assert_allclose(effective_number(np.array([[1.0, 1, 1, 1], [5.0, 0, 0, 0]])), [4, 1])
