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
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import InputError
from crowdsft.core.evidence import RoundRecord
from crowdsft.core.rewards.base import PointUtility, Settlement
from crowdsft.core.rewards.own_rounds import member_shares, settle_own_rounds

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class InRunSplit:
    """Each group by the Shapley value of its candidate among the round's merged ones, each member by in-run credit.

    A round's budget is split by the members' values, clipped at 0. Credit is right only where there is a gain to
    share, so a round is paid when it has a winner and at least one group made the expert examples likelier; any
    other is carried, and paid to its own members with the next round that is. A carried round in which no group
    is worth anything is shared by weight in training.

    Source: not in the paper; Wang et al., Data Shapley in one training run, 2024 (arXiv 2406.11011) for the credit.
    """

    def settle(
        self,
        history: Sequence[RoundRecord],
        *,
        balances: Mapping[str, int],
        budget_per_round: int,
        utility: PointUtility | None,
        seed: int,
        closing: bool = False,
    ) -> Settlement:
        """See `RewardPolicy.settle`; `utility` is not used."""
        return settle_own_rounds(
            [replace(record, significant=_is_paid(record)) for record in history],
            credited_shares,
            balances=balances,
            budget_per_round=budget_per_round,
            seed=seed,
            closing=closing,
        )


def credited_shares(record: RoundRecord) -> Floats:
    """float64[n] with sum 1: each contributor's part of the round.

    Raises:
        InputError: The round has no credits or group values, or they are not finite numbers.
    """
    values, credited = _measured(record)
    paid = np.zeros(len(record.contributors))
    for value, gains, weights in zip(values, credited, record.weights, strict=True):
        members = np.flatnonzero(weights > 0)
        paid[members] += payable(float(value), gains[members])
    return paid / paid.sum() if paid.sum() > 0 else member_shares(record, np.zeros(len(values)))


def _is_paid(record: RoundRecord) -> bool:
    return record.significant and bool((_measured(record)[0] > 0).any())


def _measured(record: RoundRecord) -> tuple[Floats, Floats]:
    if record.group_values is None or record.credits is None:
        raise InputError(
            f"round {record.round_number} has no credits or no values of its groups, which the policy in_run_split "
            "needs. Choose the policy rank, which needs values of candidates only."
        )
    if not (np.isfinite(record.group_values).all() and np.isfinite(record.credits).all()):
        raise InputError(
            f"a group's value or a credit of round {record.round_number} is not a finite number, so nothing can be "
            "split by it. Check the candidates' training."
        )
    return record.group_values, record.credits


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
