"""The balanced design finds partitions that tell contributors apart."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from crowdsft.core.errors import InputError
from crowdsft.core.grouping import GROUPINGS, Design, blank_design
from crowdsft.core.weighting import within_groups


def information(design: Design, assigned: np.ndarray, groups: int) -> np.ndarray:
    """float64[R]: log det(s^2 I + X P X'), computed directly."""
    weights = within_groups(np.ones(assigned.shape), assigned, groups)
    rows = weights - weights.mean(axis=1, keepdims=True)
    noise = design.noise**2 * np.mean(1 / np.bincount(assigned[0], minlength=groups))
    matrix = rows @ design.covariance() @ np.swapaxes(rows, 1, 2) + noise * np.eye(groups)
    return np.linalg.slogdet(matrix)[1]


def assign(name: str, design: Design, groups: int, seed: int) -> np.ndarray:
    runs, _, contributors = design.explained.shape
    return GROUPINGS.make(name).assign(
        np.ones((runs, contributors)),
        groups=groups,
        round_number=1,
        rounds=100,
        rng=np.random.default_rng(seed),
        history=design,
    )


def played(runs: int, contributors: int, groups: int, rounds: int) -> Design:
    design = blank_design(runs, contributors)
    for t in range(rounds):
        assigned = assign("random", design, groups, seed=t)
        design = design.after(within_groups(np.ones(assigned.shape), assigned, groups))
    return design


@pytest.mark.parametrize(("contributors", "groups"), [(6, 2), (8, 3), (7, 3)])
def test_close_to_the_best_partition_of_all(contributors: int, groups: int) -> None:
    design = played(12, contributors, groups, rounds=3)
    found = information(design, assign("balanced_design", design, groups, seed=99), groups)
    sizes = assign("random", design, groups, seed=0)[0]
    everything = np.array(sorted(set(permutations(sorted(sizes.tolist())))))
    best, typical = [], []
    for run in range(12):
        same = Design(np.repeat(design.explained[run : run + 1], len(everything), axis=0), design.noise)
        values = information(same, everything, groups)
        best.append(values.max())
        typical.append(values.mean())
    assert (found <= np.array(best) + 1e-9).all()
    reached = (found - typical).sum() / (np.array(best) - typical).sum()
    assert reached > 0.9


@pytest.mark.parametrize("groups", [2, 5])
def test_better_than_the_best_of_many_random_partitions(groups: int) -> None:
    design = played(3, 60, groups, rounds=6)
    found = information(design, assign("balanced_design", design, groups, seed=1), groups)
    random = [information(design, assign("random", design, groups, seed=s), groups) for s in range(100)]
    assert (found > np.max(random, axis=0)).all()


def test_large_crowds_are_searched_in_parts() -> None:
    design = played(1, 600, 4, rounds=3)
    found = information(design, assign("balanced_design", design, 4, seed=1), 4)
    random = [information(design, assign("random", design, 4, seed=s), 4) for s in range(30)]
    assert found[0] > np.max(random)


def test_twins_are_parted() -> None:
    """Two who were always together cannot be told apart; the next round parts them."""
    assigned = np.array([[0, 0, 1, 1, 2, 2]])
    design = blank_design(1, 6).after(within_groups(np.ones((1, 6)), assigned, 3))
    for seed in range(20):
        found = assign("balanced_design", design, 3, seed=seed)[0]
        assert all(found[i] != found[i + 1] for i in (0, 2, 4))


def test_a_history_of_other_contributors_is_refused() -> None:
    with pytest.raises(InputError, match="history"):
        GROUPINGS.make("balanced_design").assign(
            np.ones((1, 5)),
            groups=2,
            round_number=1,
            rounds=2,
            rng=np.random.default_rng(0),
            history=blank_design(1, 4),
        )


def test_settings_that_cannot_be_used() -> None:
    with pytest.raises(InputError, match="most_swaps"):
        GROUPINGS.make("balanced_design", most_swaps=0)
