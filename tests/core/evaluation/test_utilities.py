"""Laws of every evaluation, and values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crowdsft.core.errors import EvaluationError, InputError, UnknownNameError
from crowdsft.core.evaluation import UTILITIES

coordinates = st.floats(-100, 100, allow_nan=False)
every_utility = pytest.mark.parametrize("name", sorted(UTILITIES))


@pytest.mark.parametrize(("name", "expected"), [("l2", -5.0), ("l1", -7.0), ("dot", 3 * 6 + 4 * 8)])
def test_values_worked_out_by_hand(name: str, expected: float) -> None:
    assert UTILITIES.make(name).utility(np.array([3.0, 4.0]), np.array([6.0, 8.0])) == expected


@every_utility
@given(points=arrays(float, (3, 4, 5), elements=coordinates), target=arrays(float, 5, elements=coordinates))
def test_leading_axes_broadcast(name: str, points: np.ndarray, target: np.ndarray) -> None:
    utility = UTILITIES.make(name)
    values = utility.utility(points, target)
    assert values.shape == (3, 4)
    one_by_one = [[float(utility.utility(point, target)) for point in row] for row in points]
    np.testing.assert_allclose(values, one_by_one, rtol=1e-12, atol=1e-9)
    targets = np.broadcast_to(target, (3, 1, 5))
    np.testing.assert_array_equal(utility.utility(points, targets), values)
    assert utility.gradient(points, target).shape == points.shape


@every_utility
def test_gradient_agrees_with_differences(name: str) -> None:
    rng = np.random.default_rng(3)
    utility = UTILITIES.make(name)
    points, target = rng.normal(size=(6, 4)), rng.normal(size=4)
    step = 1e-6
    measured = np.empty_like(points)
    for k in range(4):
        nudge = step * np.eye(4)[k]
        ahead, behind = utility.utility(points + nudge, target), utility.utility(points - nudge, target)
        measured[:, k] = (ahead - behind) / (2 * step)
    np.testing.assert_allclose(utility.gradient(points, target), measured, atol=1e-6)


@pytest.mark.parametrize("name", ["l2", "l1"])
def test_distances_are_best_and_flat_at_the_target(name: str) -> None:
    utility = UTILITIES.make(name)
    target = np.array([1.0, 2.0, 3.0])
    assert utility.utility(target, target) == 0
    np.testing.assert_array_equal(utility.gradient(target, target), np.zeros(3))
    assert utility.utility(target + 0.1, target) < 0


@every_utility
@given(start=arrays(float, 4, elements=coordinates), target=arrays(float, 4, elements=coordinates))
def test_a_step_towards_the_target_never_hurts(name: str, start: np.ndarray, target: np.ndarray) -> None:
    utility = UTILITIES.make(name)
    direction = target if name == "dot" else target - start
    nearer = start + 0.1 * direction
    assert utility.utility(nearer, target) >= utility.utility(start, target) - 1e-9


@every_utility
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(name: str, bad: float) -> None:
    utility = UTILITIES.make(name)
    good, spoiled = np.ones(3), np.array([1.0, bad, 1.0])
    for arguments in ((spoiled, good), (good, spoiled)):
        with pytest.raises(EvaluationError, match="NaN or infinite"):
            utility.utility(*arguments)
        with pytest.raises(EvaluationError, match="NaN or infinite"):
            utility.gradient(*arguments)


@every_utility
def test_overflow_is_refused(name: str) -> None:
    with np.errstate(over="ignore"), pytest.raises(EvaluationError, match="too large"):
        UTILITIES.make(name).utility(np.full(4, 1e308), np.full(4, -1e308))


@every_utility
def test_different_dimensions_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="same length"):
        UTILITIES.make(name).utility(np.ones(3), np.ones(4))


def test_unknown_evaluations_are_named() -> None:
    with pytest.raises(UnknownNameError, match="l1, l2"):
        UTILITIES.make("l3")
