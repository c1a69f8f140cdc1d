"""How much of what is due is paid now.

In a significant round everybody is paid up to what is sure: what is due less one standard error. Nothing is sure
of contributors whom the rounds have not told apart from others yet, and of those who may still turn out to be one
person under several names only what one person would get: else many names would be paid as many people until they
are found out. The rest of the covered rounds' budget is escrow. Nothing is ever taken back; who was paid more than
turns out to be due keeps it, and waits until the rest has caught up. At closing everything that is covered is paid.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.accounting.due import Due
from crowdsft.core.apportion import settle_towards, split_points
from crowdsft.core.errors import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SEEN_ENOUGH = 0.01  # contributors of whom more than this was never seen apart wait for more rounds
KNOWN_ENOUGH = 0.25  # at closing, contributors of whom more than this is open are paid what is sure only


def pay_what_is_sure(
    due: Due, balances: Integers, *, at_most: Floats, suspects: Integers, ties: Integers
) -> Integers:
    """Points int64[N] to pay now, after a significant round.

    Args:
        due: For all covered rounds.
        balances: int64[N]; paid so far.
        at_most: float64[N]; what would be due if those who may be one person were one.
        suspects: int64[N]; who may be one person: what one name was paid too much, the others wait for.
        ties: int64[N]; see `tie_order`.

    Raises:
        InputError: when more is paid already than the covered rounds brought.
    """
    left = _left(due, balances)
    sure = np.where(
        due.unseen <= SEEN_ENOUGH, np.maximum(0.0, np.minimum(due.points, at_most) - due.errors), 0.0
    )
    needs = np.maximum(0, np.floor(sure + 1e-9).astype(np.int64) - balances)
    for person in np.unique(suspects[needs > 0]):
        names = np.flatnonzero(suspects == person)
        allowed = max(0, int(np.floor(sure[names].sum() + 1e-9)) - int(balances[names].sum()))
        if needs[names].sum() > allowed:
            needs[names] = split_points(allowed, needs[names].astype(np.float64), ties[names])
    if needs.sum() <= left:
        return np.asarray(needs, dtype=np.int64)
    return split_points(left, needs.astype(np.float64), ties)


def pay_everything(due: Due, balances: Integers, *, clusters: Integers, ties: Integers) -> Integers:
    """Points int64[N] to pay at closing: all that is left of the covered rounds' budget.

    Contributors who are known well enough are paid what is due, the others what is sure, all scaled to
    the budget. A cluster has one balance.

    Args:
        due: For all covered rounds.
        balances: int64[N]; paid so far.
        clusters: int64[N]; who is one player.
        ties: int64[N]; see `tie_order`.

    Raises:
        InputError: when more is paid already than the covered rounds brought.
    """
    sure = np.maximum(0.0, due.points - due.errors)
    final = np.where(due.unknown <= KNOWN_ENOUGH + 1e-6, due.points, sure)
    if final.sum() <= 0:
        final = due.points
    _, player_of = np.unique(clusters, return_inverse=True)
    of_players = pay_towards(
        np.bincount(player_of, weights=final).astype(np.float64),
        np.bincount(player_of, weights=balances).astype(np.int64),
        amount=_left(due, balances),
        ties=np.array([ties[player_of == player].min() for player in range(player_of.max() + 1)]),
    )
    paid = np.zeros(len(balances), dtype=np.int64)
    for player in np.flatnonzero(of_players):
        names = np.flatnonzero(player_of == player)
        paid[names] = pay_towards(
            final[names], balances[names], amount=int(of_players[player]), ties=ties[names]
        )
    return paid


def pay_towards(targets: Floats, balances: Integers, *, amount: int, ties: Integers) -> Integers:
    """Points int64[N] with sum `amount` that bring balances to one common multiple of `targets`.

    Whoever is beyond that multiple already gets nothing.
    """
    if amount == 0:
        return np.zeros(len(balances), dtype=np.int64)
    if targets.sum() <= 0:
        targets = np.ones(len(balances))
    entitled = targets > 0
    paid = np.zeros(len(balances), dtype=np.int64)
    multiple = _common_multiple(targets[entitled], balances[entitled], amount)
    paid[entitled] = settle_towards(
        balances[entitled], multiple * targets[entitled], amount=amount, ties=ties[entitled]
    )
    return paid


def _common_multiple(targets: Floats, balances: Integers, amount: int) -> float:
    """m with sum(max(0, m targets - balances)) = amount; targets are positive."""
    order = np.argsort(balances / targets, kind="stable")
    multiples = (np.cumsum(balances[order]) + amount) / np.cumsum(targets[order])
    reached = np.flatnonzero(multiples * targets[order] > balances[order])
    return float(multiples[reached[-1]]) if len(reached) else float(multiples[-1])


def _left(due: Due, balances: Integers) -> int:
    covered = round(float(due.points.sum()))
    left = covered - int(balances.sum())
    if left < 0:
        raise InputError(
            f"{int(balances.sum())} points are already paid, but the covered rounds brought {covered}. "
            "Settle with the balances of this campaign only."
        )
    return left
