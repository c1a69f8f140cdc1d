"""Merit: what rounds show about contributors' effects."""

from __future__ import annotations

import numpy as np
import pytest

from crowdsft.core.evidence import RoundRecord
from crowdsft.core.weighting import merit_from_records, no_merit, within_groups
from crowdsft.core.weighting.merit import ASSUMED_NOISE

PAIR_AND_ONE = np.array([[[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]])


def play(effects: np.ndarray, rounds: int, groups: int, *, scale: float = 1.0, seed: int = 0) -> np.ndarray:
    """Merit sums float64[R, n] in a world whose group values are linear in contributors' effects."""
    rng = np.random.default_rng(seed)
    runs, contributors = effects.shape
    merit = no_merit(runs, contributors)
    for _ in range(rounds):
        assigned = np.argsort(rng.random(effects.shape), axis=1) % groups
        weights = within_groups(rng.uniform(0.2, 1.0, effects.shape), assigned, groups)
        merit = merit.after(7.0 + scale * (weights @ effects[..., None])[..., 0], weights)
    return merit.sums


def test_one_round_by_hand() -> None:
    merit = no_merit(1, 3).after(np.array([[3.0, 1.0]]), PAIR_AND_ONE)
    # Differences +-1 with root mean square 1; groups spread by 2/3; rows +-(1/4, 1/4, -1/2) of length^2 3/8.
    row = np.array([0.25, 0.25, -0.5])
    outcome = np.sqrt(2 / 3)
    expected = row * 2 * outcome / (2 * 3 / 8 + ASSUMED_NOISE**2 * 2 / 3)
    np.testing.assert_allclose(merit.effects[0], expected)
    np.testing.assert_allclose(merit.sums, merit.effects)
    again = merit.after(np.array([[3.0, 1.0]]), PAIR_AND_ONE)
    np.testing.assert_allclose(again.sums, merit.sums + again.effects)
    assert (np.abs(again.effects) > np.abs(merit.effects)).all()  # the same again makes it surer


def test_merit_orders_contributors_by_their_effect() -> None:
    effects = np.random.default_rng(3).normal(size=(6, 20))
    found = play(effects, rounds=60, groups=3)
    for run in range(6):
        assert np.corrcoef(found[run], effects[run])[0, 1] > 0.95


def test_equal_values_show_nothing() -> None:
    np.testing.assert_array_equal(play(np.zeros((2, 6)), rounds=4, groups=2), 0)


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_the_unit_of_values_does_not_matter(scale: float) -> None:
    effects = np.random.default_rng(0).normal(size=(3, 8))
    np.testing.assert_allclose(play(effects, 5, 2, scale=scale), play(effects, 5, 2), rtol=1e-6)


def record(names: tuple[str, ...], weights: list[list[float]], values: list[float]) -> RoundRecord:
    return RoundRecord(
        round_number=1,
        contributors=names,
        weights=np.array(weights),
        base_value=0.0,
        values=np.array(values),
        winner=0,
        significant=True,
    )


def test_records_of_a_changing_crowd() -> None:
    records = [
        record(("a", "b", "c"), [[0.5, 0.5, 0], [0, 0, 1]], [3.0, 1.0]),
        record(("a", "d"), [[0, 1], [1, 0]], [0.0, 14.0]),
    ]
    wide = no_merit(1, 4)  # a, b, c, d
    wide = wide.after(np.array([[3.0, 1.0]]), np.array([[[0.5, 0.5, 0, 0], [0, 0, 1, 0]]]))
    first = wide.sums[0]
    wide = wide.after(np.array([[0.0, 14.0]]), np.array([[[0, 0, 0, 1], [1, 0, 0, 0.0]]]))
    merit = merit_from_records(records, ["d", "a", "new", "b"])
    np.testing.assert_allclose(merit.sums, [[wide.sums[0, 3], wide.sums[0, 0], 0, first[1]]])
    assert merit.sums[0, 1] > first[0] > 0 > merit.sums[0, 0]
