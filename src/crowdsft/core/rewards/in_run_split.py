"""A group's value split among its members by what their rows did during training.

Groups are valued by merging candidates (`training.group_shapley`), members by credit measured inside training
(`training.multi_lora.in_run_credit`), both in the unit of the utility. A member's value is its credit plus an equal
part of what the group is worth beyond its members' credits,

    phi_i = c_i + (phi_g - sum of c over g) / |g|,

so that a group's members are worth together what the group is worth, and two contributors with the same credit in
the same group earn the same.

Source: not in the paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.apportion import split_points, tie_order
from crowdsft.core.errors import InputError

Floats = NDArray[np.float64]


def member_values(group_value: float, gains: Floats) -> Floats:
    """float64[k]: the members' values, of either sign, with sum `group_value`.

    Args:
        group_value: phi_g.
        gains: float64[k], k >= 1; the credits c_i.
    """
    return np.asarray(gains + (group_value - gains.sum()) / len(gains))


def payable(group_value: float, gains: Floats) -> Floats:
    """float64[k], never negative: the members' values clipped at 0 and scaled to the group's value again.

    A group that is worth nothing, or less, has nothing to share: zeros.

    Args:
        group_value: phi_g.
        gains: float64[k], k >= 1; the credits c_i.
    """
    if group_value <= 0:
        return np.zeros(len(gains))
    positive = np.maximum(member_values(group_value, gains), 0.0)
    if positive.sum() <= 0:  # the value is lost in the credits' rounding
        positive = np.ones(len(gains))
    return np.asarray(positive / positive.sum() * group_value)


def in_run_points(
    group_values: Sequence[float],
    gains: Sequence[Mapping[str, float]],
    *,
    budget: int,
    is_significant: bool,
    seed: int,
    round_number: int,
) -> dict[str, int]:
    """Points of one round, by contributor; all 0 where the round's gain is within noise.

    Credit is right only where there is a gain to share, so a round without one pays nothing: its budget is the
    caller's to carry.

    Args:
        group_values: phi_g of G groups.
        gains: For each group its members' credits; no contributor is in two groups.
        budget: Points to pay.
        is_significant: Whether the round's gain stands out of the noise.
        seed, round_number: Settle ties.

    Returns:
        Each contributor's points, never negative, with sum `budget` or 0.

    Raises:
        InputError: Groups that do not match, are empty, or share a contributor, or numbers that are not finite.
    """
    _check(group_values, gains)
    names = [name for members in gains for name in members]
    if not is_significant:
        return dict.fromkeys(names, 0)
    shares = np.concatenate(
        [
            payable(value, np.array(list(members.values()), dtype=np.float64))
            for value, members in zip(group_values, gains, strict=True)
        ]
    )
    if shares.sum() <= 0:
        return dict.fromkeys(names, 0)
    ties = tie_order(names, seed=seed, round_number=round_number)
    return dict(zip(names, map(int, split_points(budget, shares, ties)), strict=True))


def _check(group_values: Sequence[float], gains: Sequence[Mapping[str, float]]) -> None:
    names = [name for members in gains for name in members]
    if not gains or len(group_values) != len(gains) or not all(gains):
        raise InputError(
            f"there are {len(group_values)} group values for {len(gains)} groups; give one for each, "
            "and no group may be empty."
        )
    if len(set(names)) != len(names):
        raise InputError("a contributor stands in two groups of one round; credits are per group.")
    numbers = [*group_values, *(credit for members in gains for credit in members.values())]
    if not np.isfinite(numbers).all():
        raise InputError("a group's value or a credit is not a finite number, so nothing can be split by it.")
