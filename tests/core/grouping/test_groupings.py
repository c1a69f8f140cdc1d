"""Laws of every grouping, and the details of each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdsft.core.errors import InputError
from crowdsft.core.grouping import GROUPINGS, blank_design

every_grouping = pytest.mark.parametrize("name", sorted(GROUPINGS))
every_fair_grouping = pytest.mark.parametrize(
    "name", sorted(name for name in GROUPINGS if not name.endswith("_paper"))
)


def assign(name: str, points: np.ndarray, groups: int, *, seed: int = 1, round_number: int = 5) -> np.ndarray:
    history = blank_design(*points.shape)
    return GROUPINGS.make(name).assign(
        points,
        groups=groups,
        round_number=round_number,
        rounds=10,
        rng=np.random.default_rng(seed),
        history=history,
    )


def sizes(assigned: np.ndarray, groups: int) -> np.ndarray:
    return np.array([np.bincount(row, minlength=groups) for row in assigned])


crowds = st.integers(1, 30).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n)))


@every_grouping
@given(crowd=crowds, seed=st.integers(0, 2**32 - 1), round_number=st.integers(1, 10))
@settings(max_examples=40, deadline=None)
def test_a_partition(name: str, crowd: tuple[int, int], seed: int, round_number: int) -> None:
    contributors, groups = crowd
    points = np.random.default_rng(seed).integers(0, 4, size=(3, contributors)).astype(float)
    assigned = assign(name, points, groups, seed=seed, round_number=round_number)
    assert assigned.shape == points.shape
    assert np.issubdtype(assigned.dtype, np.integer)
    assert assigned.min() >= 0
    assert assigned.max() < groups
    if not name.endswith("_paper"):
        counts = sizes(assigned, groups)
        assert counts.min() >= 1
        assert np.ptp(counts, axis=1).max() <= 1


@every_grouping
def test_equal_seeds_give_equal_groups(name: str) -> None:
    points = np.arange(24.0).reshape(2, 12)
    np.testing.assert_array_equal(assign(name, points, 3), assign(name, points, 3))


@every_grouping
def test_runs_are_drawn_independently(name: str) -> None:
    assigned = assign(name, np.ones((20, 12)), 3, round_number=1)
    assert len(np.unique(assigned, axis=0)) > 10


@every_fair_grouping
def test_place_in_the_list_plays_no_role(name: str) -> None:
    """Equal contributors: whoever is asked, every place meets every other equally often."""
    assigned = assign(name, np.ones((4_000, 6)), 2, round_number=10)
    together = (assigned[:, :, None] == assigned[:, None, :]).mean(axis=0)[np.triu_indices(6, 1)]
    np.testing.assert_allclose(together, 0.4, atol=0.05)  # 2 of the 5 others are in one's group


@every_grouping
def test_more_groups_than_contributors_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="3 contributors cannot be split into 4 groups"):
        assign(name, np.ones((1, 3)), 4)


@every_grouping
@pytest.mark.parametrize(
    ("points", "groups", "round_number", "said"),
    [
        (np.ones(3), 2, 1, "shape"),
        (np.array([[1.0, np.nan]]), 2, 1, "finite"),
        (np.ones((1, 3)), 0, 1, "groups"),
        (np.ones((1, 3)), 2, 11, "planned"),
    ],
)
def test_arguments_that_cannot_be_used(
    name: str, points: np.ndarray, groups: int, round_number: int, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        GROUPINGS.make(name).assign(
            points, groups=groups, round_number=round_number, rounds=10, rng=np.random.default_rng(0)
        )


@pytest.mark.parametrize("name", ["epsilon_greedy", "epsilon_greedy_paper"])
def test_greedy_rounds_put_equals_together(name: str) -> None:
    points = np.tile([5.0, 1.0, 6.0, 2.0, 3.0, 4.0], (2_000, 1))
    assigned = assign(name, points, 3, round_number=9)
    sorted_cut = np.array([2, 0, 2, 0, 1, 1])
    share = (assigned == sorted_cut).all(axis=1).mean()
    assert share == pytest.approx(0.6 + 0.4 / 90, abs=0.04)  # a random split is one of 90
    first = assign(name, points, 3, round_number=1)
    assert (first == sorted_cut).all(axis=1).mean() < 0.03


@pytest.mark.parametrize("chance", [-0.1, 1.5])
def test_a_chance_is_a_probability(chance: float) -> None:
    with pytest.raises(InputError, match="least_chance"):
        GROUPINGS.make("epsilon_greedy", least_chance=chance)


@pytest.mark.parametrize("name", ["interleaved", "interleaved_paper"])
def test_every_group_gets_its_part_of_both_halves(name: str) -> None:
    points = np.tile(np.arange(12.0), (200, 1))
    assigned = assign(name, points, 3)
    for half in (assigned[:, :6], assigned[:, 6:]):
        np.testing.assert_array_equal(sizes(half, 3), 2)


@pytest.mark.parametrize(
    ("contributors", "groups", "expected"), [(25, 5, [6, 6, 5, 4, 4]), (2, 2, [2, 0]), (10, 4, [4, 2, 2, 2])]
)
def test_the_authors_deal_is_uneven(contributors: int, groups: int, expected: list[int]) -> None:
    assigned = assign("interleaved_paper", np.arange(float(contributors))[None, :], groups)
    np.testing.assert_array_equal(sizes(assigned, groups)[0], expected)


def test_random_splits_are_uniform() -> None:
    assigned = assign("random", np.ones((9_000, 4)), 2)
    _, counts = np.unique(assigned, axis=0, return_counts=True)
    np.testing.assert_allclose(counts / 9_000, 1 / 6, atol=0.02)
