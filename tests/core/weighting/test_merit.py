"""Merit, by hand and from records."""

from __future__ import annotations

import numpy as np

from crowdsft.core.evidence import RoundRecord
from crowdsft.core.weighting import merit_from_records, no_merit


def test_two_rounds_by_hand() -> None:
    own = np.array([[[1, 1, 0], [0, 0, 1]]], dtype=float)
    merit = no_merit(1, 3).after(np.array([[3.0, 1.0]]), own)
    np.testing.assert_allclose(merit.sums, [[1, 1, -1]])  # differences +-1, root mean square 1
    merit = merit.after(np.array([[0.0, 14.0]]), own)  # differences -+7, root mean square 5
    np.testing.assert_allclose(merit.sums, [[1 - 1.4, 1 - 1.4, -1 + 1.4]])


def test_equal_values_show_nothing() -> None:
    own = np.ones((2, 2, 1))
    merit = no_merit(2, 1).after(np.full((2, 2), 5.0), own)
    np.testing.assert_array_equal(merit.sums, 0)


def test_the_unit_of_values_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    one, other = no_merit(3, 6), no_merit(3, 6)
    for _ in range(4):
        values, own = rng.normal(size=(3, 2)), rng.integers(0, 2, size=(3, 2, 6)).astype(float)
        one, other = one.after(values, own), other.after(1_000 * values + 7, own)
    np.testing.assert_allclose(one.sums, other.sums)


def test_records_of_a_changing_crowd() -> None:
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

    records = [
        record(("a", "b", "c"), [[0.5, 0.5, 0], [0, 0, 1]], [3.0, 1.0]),
        record(("a", "d"), [[0, 1], [1, 0]], [0.0, 14.0]),
    ]
    merit = merit_from_records(records, ["d", "a", "new", "b"])
    np.testing.assert_allclose(merit.sums, [[-1.4, 1 + 1.4, 0, 1]])
