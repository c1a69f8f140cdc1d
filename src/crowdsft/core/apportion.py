"""Splitting whole points so that none is created or lost.

All splits here work on the largest remainder: everybody gets the whole part of the exact share, and the
points left over go to the largest fractions. `split_points` splits one sum; `settle_towards` brings
balances as near as it can to exact totals without ever taking a point back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MAX_POINTS = 2**53  # beyond this a float64 no longer tells neighbouring integers apart


def tie_order(names: Sequence[str], *, seed: int, round_number: int) -> Integers:
    """int64[n]: a rank for each name, from the SHA-256 of (seed, round, name); ties are settled in its order.

    Nobody can choose a name that wins every tie, and the same tie is settled the same way on every machine.
    """
    keys = [hashlib.sha256(f"{seed}\x1f{round_number}\x1f{name}".encode()).digest() for name in names]
    order = sorted(range(len(names)), key=keys.__getitem__)
    ranks = np.empty(len(names), dtype=np.int64)
    ranks[order] = np.arange(len(names))
    return ranks


def split_points(total: int, shares: Floats, ties: Integers) -> Integers:
    """Split `total` points in proportion to `shares` by largest remainder.

    Args:
        total: Points to split, 0 or more.
        shares: float64[n], not negative; all zero means equal shares.
        ties: int64[n], distinct; of equal fractions the smaller one gets the point first.

    Returns:
        int64[n], never negative, with sum `total`.

    Raises:
        InputError: when there is nobody to split among, or a share is negative or not finite.
    """
    _check(total, shares)
    weight = shares if shares.sum() > 0 else np.ones_like(shares)
    return settle_towards(
        np.zeros(len(shares), dtype=np.int64), total * (weight / weight.sum()), amount=total, ties=ties
    )


def settle_towards(balances: Integers, targets: Floats, *, amount: int, ties: Integers) -> Integers:
    """Pay `amount` points so that the balances come as near to `targets` as paying alone can bring them.

    Everybody is paid up to a common distance from the own target, rounded; whoever is already beyond it
    gets nothing. Paid round by round towards growing targets, rounding never adds up: equal targets keep
    balances within one point of each other.

    Args:
        balances: int64[n], points paid so far.
        targets: float64[n], exact totals; their sum need not match.
        amount: Points to pay now, 0 or more.
        ties: int64[n], distinct; of equally distant ones the smaller one is paid first.

    Returns:
        int64[n], never negative, with sum `amount`.

    Raises:
        InputError: when there is nobody to pay, or a target is negative or not finite.
    """
    _check(amount, targets)
    gaps = np.round(targets - balances, 9)  # so that shares equal but for rounding of floats do tie
    level = _common_shortfall(gaps, amount)
    paid = np.maximum(0, np.floor(gaps - level)).astype(np.int64)
    while (left := amount - int(paid.sum())) != 0:
        short = gaps - paid
        if left > 0:
            order = np.lexsort((ties, -short))[:left]
            paid[order] += 1
        else:
            holders = np.flatnonzero(paid)
            order = holders[np.lexsort((-ties[holders], short[holders]))[:-left]]
            paid[order] -= 1
    return paid


def _common_shortfall(gaps: Floats, amount: int) -> float:
    """The level with sum(max(0, gaps - level)) = amount: how far short of the targets everybody ends."""
    ordered = np.sort(gaps)[::-1]
    levels = (np.cumsum(ordered) - amount) / np.arange(1, len(ordered) + 1)
    reached = np.flatnonzero(ordered > levels)
    return float(levels[reached[-1]]) if len(reached) else float(ordered[0])


def _check(total: int, shares: Floats) -> None:
    if total < 0 or total > MAX_POINTS:
        raise InputError(f"{total} points cannot be split: the number must be between 0 and {MAX_POINTS}.")
    if len(shares) == 0:
        raise InputError(f"{total} points cannot be split among nobody: a round needs at least one member.")
    if not np.isfinite(shares).all() or (shares < 0).any():
        raise InputError("points cannot be split by shares that are negative or not finite: clip them first.")
