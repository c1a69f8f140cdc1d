"""Shapley values by walking random orders of the players."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.valuation.base import Estimate
from crowdsft.core.valuation.designs import both_ends, enumerated, joined_plans, not_seen, require, singles
from crowdsft.core.valuation.samples import ENUMERATED, Coalitions, Floats, Plan, Samples

Orders = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Permutation:
    """Mean marginal of each player over random orders and their reverses; first and last marginals exact.

    Everybody alone and everybody but one are evaluated once when the budget also leaves room for two orders
    (2n + 2 + 2 (n - 3) evaluations); the first and the last marginal of an order then are replaced by their
    expectations. Where they are not, a walk costs n - 1 evaluations and starts and ends at what it meets.

    Source: Castro, Gomez and Tejada (2009); antithetic orders as in Mitchell et al. (2022).
    """

    name: ClassVar[str] = "permutation"
    efficient: ClassVar[bool] = True

    def plan(self, samples: Samples, evaluations: int, rng: np.random.Generator) -> Plan:
        """The ends, then as many orders as fit, each followed by its reverse.

        Raises:
            InputError: A first budget that does not hold a single order (n + 1 evaluations).
        """
        n = samples.n
        if not len(samples):
            require(evaluations, n + 1, method="permutation", why="one order of the players")
        first = first_rows(samples, evaluations, room_for=2 * max(n - 3, 0))
        walk = walk_length(n, has_singles=has_singles(samples) or len(first) > 2)
        left = evaluations - len(first)
        count = left // walk if walk else 0
        if walk == 0 or (count == 0 and len(samples)):
            return enumerated(first)
        return joined_plans(enumerated(first), _walks(random_orders(n, count, rng), walk))

    def estimate(self, samples: Samples) -> Estimate:
        """Means over orders; standard errors from the spread between pairs of an order and its reverse."""
        walks = read_walks(samples)
        if not walks.count:
            error = 0.0 if samples.n == 1 else np.inf
            values = spread_gap(walks.exact_part()[None], walks.total)[0]
            return Estimate(values, np.full(samples.n, error))
        marginals = walks.per_order(walks.steps.marginals(samples.values))
        per_order = spread_gap(walks.exact_part() + marginals, walks.total)
        return Estimate(per_order.mean(axis=0), *block_errors(per_order, walks.blocks))


def spread_gap(values: Floats, total: float) -> Floats:
    """Each row float64[n] plus an equal share each of what it lacks to `total`."""
    return np.asarray(values + ((total - values.sum(axis=-1)) / values.shape[-1])[..., None])


def block_errors(per_order: Floats, blocks: NDArray[np.int64]) -> tuple[Floats, float]:
    """Standard errors float64[n] of the mean of float64[k, n] in independent blocks, and their degrees."""
    distinct, place = np.unique(blocks, return_inverse=True)
    count = len(distinct)
    if count < 2:
        return np.full(per_order.shape[1], np.inf), 1.0
    sums = np.zeros((count, per_order.shape[1]))
    np.add.at(sums, place, per_order - per_order.mean(axis=0))
    variance = (sums**2).sum(axis=0) / len(per_order) ** 2 * count / (count - 1)
    return np.sqrt(variance), count - 1.0


def first_rows(samples: Samples, evaluations: int, *, room_for: int) -> Coalitions:
    """Both ends, and the singles when they leave room for `room_for` more evaluations; those not seen."""
    n = samples.n
    ends = not_seen(both_ends(n), samples)
    everything = not_seen(np.concatenate([both_ends(n), singles(n)]), samples)
    if has_singles(samples) or len(everything) + room_for > evaluations:
        return ends
    return everything


def has_singles(samples: Samples) -> bool:
    """Whether everybody alone and everybody but one were enumerated."""
    return samples.n > 3 and not len(not_seen(singles(samples.n), samples))


def walk_length(n: int, *, has_singles: bool) -> int:
    """Evaluations that one order costs."""
    return max(n - 3, 0) if has_singles else n - 1


def random_orders(n: int, count: int, rng: np.random.Generator) -> Orders:
    """int64[count, n]; each even row random, each odd row the reverse of the one before."""
    orders = rng.random(((count + 1) // 2, n)).argsort(axis=1)
    return np.stack([orders, orders[:, ::-1]], axis=1).reshape(-1, n)[:count]


def _walks(orders: Orders, walk: int) -> Plan:
    """The coalitions that the orders meet: sizes 1 .. n-1, or 2 .. n-2 when the singles are known."""
    count, n = orders.shape
    first = 1 if walk == n - 1 else 2
    position = np.empty_like(orders)
    np.put_along_axis(position, orders, np.arange(n)[None], axis=1)
    sizes = np.arange(first, first + walk)
    coalitions = position[:, None, :] < sizes[None, :, None]
    blocks = np.repeat(np.arange(count, dtype=np.int64) // 2, walk)
    return Plan(coalitions.reshape(count * walk, n), blocks)


@dataclass(frozen=True, slots=True)
class Steps:
    """Single steps of walks: a player joins some others. Each field has one entry per step.

    Args:
        walk: Which order it belongs to.
        player: Who joins.
        lower, upper: Rows of the samples without and with the player.
        weight: 1, or 1/2 where both orders of two players are averaged.
    """

    walk: Orders
    player: Orders
    lower: Orders
    upper: Orders
    weight: Floats

    def marginals(self, values: Floats) -> Floats:
        """What each joining changed."""
        return np.asarray(values[self.upper] - values[self.lower])


@dataclass(frozen=True, slots=True)
class Walks:
    """Orders that were walked.

    Args:
        steps: Their steps; where the ends are exact, without those to nobody and to all the others.
        blocks: int64[k]; an order and its reverse share one.
        ends: float64[n]; exact share of the first and the last marginal, or None.
        total: v(all) - v(nobody).
        n: Number of players.
    """

    steps: Steps
    blocks: Orders
    ends: Floats | None
    total: float
    n: int

    @property
    def count(self) -> int:
        """Number of orders."""
        return len(self.blocks)

    def exact_part(self) -> Floats:
        """What is known without walking; float64[n]."""
        return np.zeros(self.n) if self.ends is None else self.ends

    def per_order(self, of_steps: Floats) -> Floats:
        """Weighted sums of a figure of each step, by order and player; float64[k, n]."""
        sums = np.zeros((self.count, self.n))
        np.add.at(sums, (self.steps.walk, self.steps.player), self.steps.weight * of_steps)
        return sums


def read_walks(samples: Samples) -> Walks:
    """The walks among `samples`, recognised by their growing sizes."""
    n, sizes = samples.n, samples.sizes
    nobody, everybody = samples.ends()
    drawn = np.flatnonzero(samples.blocks != ENUMERATED)
    walk = np.cumsum(np.diff(sizes[drawn], prepend=n) <= 0) - 1
    first = drawn[np.flatnonzero(np.diff(walk, prepend=-1))]
    alone, without = single_rows(samples)
    ends = None
    if has_singles(samples):
        at_first, at_last = samples.values[alone] - nobody, everybody - samples.values[without]
        ends = (at_first + at_last) / max(n, 2)
    parts = [_between(samples.coalitions, drawn, walk)]
    starts, stops = np.diff(walk, prepend=-1) > 0, np.diff(walk, append=len(drawn)) > 0
    if ends is not None:
        parts.append(_edge_between_two(samples.coalitions, drawn[starts], walk[starts], alone))
        parts.append(_edge_between_two(samples.coalitions, drawn[stops], walk[stops], without))
    else:
        nobody_row, everybody_row = int(np.argmax(sizes == 0)), int(np.argmax(sizes == n))
        joins = samples.coalitions[drawn[starts]].argmax(axis=1)
        parts.append(_edge_of_one(walk[starts], joins, np.full(len(joins), nobody_row), drawn[starts]))
        joins = samples.coalitions[drawn[stops]].argmin(axis=1)
        parts.append(_edge_of_one(walk[stops], joins, drawn[stops], np.full(len(joins), everybody_row)))
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    steps = Steps(joined[0], joined[1], joined[2], joined[3], joined[4].astype(np.float64))
    return Walks(steps, samples.blocks[first], ends, everybody - nobody, n)


_Columns = tuple[Orders, Orders, Orders, Orders, Floats]


def _between(coalitions: Coalitions, drawn: Orders, walk: Orders) -> _Columns:
    """Steps from one drawn row to the next of the same walk."""
    same = np.flatnonzero(np.diff(walk) == 0)
    lower, upper = drawn[same], drawn[same + 1]
    player = (coalitions[upper] & ~coalitions[lower]).argmax(axis=1)
    return walk[same], player, lower, upper, np.ones(len(same))


def _edge_of_one(walk: Orders, player: Orders, lower: Orders, upper: Orders) -> _Columns:
    """First or last steps of walks, from nobody or to everybody."""
    return walk, player, lower, upper, np.ones(len(walk))


def _edge_between_two(coalitions: Coalitions, edge: Orders, walk: Orders, exact: Orders) -> _Columns:
    """Second or last but one steps of walks, between a drawn row and the exact singles beyond it.

    The row has two players on its far side (walks that began at one player have none here and need
    none). Both orders of the two are as likely and both are known: their average stands for either.
    """
    below = bool(coalitions[exact[0]].sum() == 1)
    inside = coalitions[edge] if below else ~coalitions[edge]
    two = inside.sum(axis=1) == 2
    edge, walk, inside = edge[two], walk[two], inside[two]
    which, player = np.nonzero(inside)
    beyond = exact[player.reshape(-1, 2)[:, ::-1]].reshape(-1)
    lower, upper = (beyond, edge[which]) if below else (edge[which], beyond)
    return walk[which], player, lower, upper, np.full(len(player), 0.5)


def single_rows(samples: Samples) -> tuple[Orders, Orders]:
    """Rows int64[n] of everybody alone and of everybody but one; -1 where not enumerated."""
    n, sizes = samples.n, samples.sizes
    alone, without = np.full(n, -1), np.full(n, -1)
    known = samples.blocks == ENUMERATED
    for row in np.flatnonzero(known & (sizes == 1)):
        alone[np.argmax(samples.coalitions[row])] = row
    for row in np.flatnonzero(known & (sizes == n - 1)):
        without[np.argmin(samples.coalitions[row])] = row
    return alone, without
