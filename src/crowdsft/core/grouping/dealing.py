"""Ranking contributors and dealing them out, for many runs at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crowdsft.core.errors import InputError

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def checked_points(points: ArrayLike, *, groups: int, round_number: int, rounds: int) -> Floats:
    """`points` as float64[R, n], when they can be split into that many groups.

    Raises:
        InputError: for another shape, numbers that are not finite, fewer contributors than groups, or a
            round before the first or after the last.
    """
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(
            f"points have shape {array.shape}; expected (runs, contributors) with at least one of each. "
            "Give one row per run, and one row for a campaign."
        )
    if not np.isfinite(array).all():
        raise InputError("points must be finite numbers; look for NaN or infinity in the ledger's balances.")
    contributors = array.shape[1]
    if not 1 <= groups <= contributors:
        raise InputError(
            f"{contributors} contributors cannot be split into {groups} groups without an empty one. "
            f"Choose between 1 and {contributors} groups, or wait for more contributors."
        )
    if not 1 <= round_number <= rounds:
        raise InputError(f"round {round_number} is not one of the {rounds} planned rounds (counted from 1).")
    return array


def shuffled_order(shape: tuple[int, ...], rng: np.random.Generator) -> Indices:
    """int64[R, n]: independent, uniformly random orders."""
    return np.argsort(rng.random(shape), axis=1)


def order_by_points(points: Floats, rng: np.random.Generator) -> Indices:
    """int64[R, n]: contributors from fewest to most points, equal points in random order."""
    return np.lexsort((rng.random(points.shape), points), axis=1)


def cut(order: Indices, groups: int) -> Indices:
    """int64[R, n]: groups of neighbours in an order; the first n mod G groups get one contributor more."""
    size, larger = divmod(order.shape[1], groups)
    sizes = [size + 1] * larger + [size] * (groups - larger)
    return deal(order, np.repeat(np.arange(groups), sizes))


def deal(order: Indices, group_of_place: Indices) -> Indices:
    """int64[R, n]: the group of every contributor, when the one at a place gets that place's group.

    Args:
        order: int64[R, n]; contributors from first to last.
        group_of_place: int64[n].
    """
    assigned = np.empty_like(order)
    np.put_along_axis(assigned, order, np.broadcast_to(group_of_place, order.shape), axis=1)
    return assigned


def halves_shuffled(order: Indices, rng: np.random.Generator) -> tuple[Indices, int]:
    """`order` with its upper half first, each half in random order, and the size of the upper half.

    With an odd number of contributors the middle one belongs to the upper half.
    """
    contributors = order.shape[1]
    lower = contributors // 2
    upper = contributors - lower
    keys = rng.random(order.shape)
    keys[:, :lower] += 1.0  # the lower half comes after the upper one
    return np.take_along_axis(order, np.argsort(keys, axis=1), axis=1), upper


def is_random_round(
    runs: int, round_number: int, rounds: int, least_chance: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """bool[R, 1]: which runs split at random in this round."""
    chance = max(least_chance, 1 - (round_number - 1) / rounds)
    return rng.random((runs, 1)) < chance
