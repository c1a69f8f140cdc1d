"""Policies that pay each round's budget to that round's own members, by what their groups or they themselves did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.apportion import settle_towards, tie_order
from crowdsft.core.errors import InputError
from crowdsft.core.evidence import RoundRecord
from crowdsft.core.rewards.base import Award, Settlement

Floats = NDArray[np.float64]

MemberShares = Callable[[RoundRecord], Floats]


def settle_own_rounds(
    history: Sequence[RoundRecord],
    shares: MemberShares,
    *,
    balances: Mapping[str, int],
    budget_per_round: int,
    seed: int,
    closing: bool,
) -> Settlement:
    """Pay the last round, and the rounds carried up to it, when it is significant; else carry its budget.

    A carried round is paid to its own members by its own shares, whoever takes part when it is paid.
    Shares are added up exactly over rounds and rounded once, so rounding never drifts.

    Args:
        history: The campaign's rounds so far.
        shares: From a record to float64[n] with sum 1, not negative: the members' parts of the round.
        balances, budget_per_round, seed, closing: See `RewardPolicy.settle`.
    """
    covered = covered_rounds(history)
    carry = budget_per_round * (len(history) - covered)
    if closing:
        return Settlement(awards=(), carry=carry, escrow=0, covered_rounds=covered)
    names = sorted({name for record in history for name in record.contributors})
    if covered < len(history) or not history:
        awards = tuple(Award(name, 0) for name in names)
        return Settlement(awards=awards, carry=carry, escrow=0, covered_rounds=covered)
    newly_paid = history[covered_rounds(history[:-1]) :]
    points = _pay(
        history, newly_paid, shares, balances=balances, budget_per_round=budget_per_round, seed=seed
    )
    rounds = {name: tuple(r.round_number for r in newly_paid if name in r.contributors) for name in names}
    awards = tuple(Award(name, points.get(name, 0), for_rounds=rounds[name]) for name in names)
    return Settlement(awards=awards, carry=0, escrow=0, covered_rounds=covered)


def covered_rounds(history: Sequence[RoundRecord]) -> int:
    """Number of rounds through the last significant one."""
    significant = [position for position, record in enumerate(history, start=1) if record.significant]
    return significant[-1] if significant else 0


def member_shares(record: RoundRecord, group_points: Floats) -> Floats:
    """float64[n] with sum 1: each member's part of the round, group points x weight in the group.

    When no group has points, members share equally.
    """
    raw = group_points @ record.weights
    members = (record.weights > 0).any(axis=0)
    shares = np.where(members, raw, 0.0) if raw.sum() > 0 else members.astype(np.float64)
    result: Floats = shares / shares.sum()
    return result


def _pay(
    history: Sequence[RoundRecord],
    newly_paid: Sequence[RoundRecord],
    shares: MemberShares,
    *,
    balances: Mapping[str, int],
    budget_per_round: int,
    seed: int,
) -> dict[str, int]:
    targets: dict[str, float] = {}
    for record in history:
        for name, share in zip(record.contributors, shares(record), strict=True):
            targets[name] = targets.get(name, 0.0) + budget_per_round * float(share)
    due = budget_per_round * len(history) - sum(balances.values())
    if due < 0:
        raise InputError(
            f"{sum(balances.values())} points are already paid, but {len(history)} rounds of "
            f"{budget_per_round} points allow {budget_per_round * len(history)}. "
            "Settle with the balances of this campaign only."
        )
    payees = sorted(
        {
            name
            for record in newly_paid
            for name, share in zip(record.contributors, shares(record), strict=True)
            if share > 0
        }
    )
    paid = settle_towards(
        np.array([balances.get(name, 0) for name in payees], dtype=np.int64),
        np.array([targets[name] for name in payees]),
        amount=due,
        ties=tie_order(payees, seed=seed, round_number=history[-1].round_number),
    )
    return dict(zip(payees, map(int, paid), strict=True))
