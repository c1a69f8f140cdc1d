"""Coalitions that several methods ask for: the ends, the singles, pairs of complements."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import InputError
from crowdsft.core.valuation.samples import ENUMERATED, Coalitions, Floats, Plan, Samples, pack


def both_ends(n: int) -> Coalitions:
    """Nobody and everybody; bool[2, n]."""
    return np.array([[False] * n, [True] * n])


def singles(n: int) -> Coalitions:
    """Everybody alone, then everybody but one, bool[2n, n]; none up to 3 players, where a walk meets all."""
    alone = np.eye(n, dtype=bool)
    return np.concatenate([alone, ~alone])[: 2 * n if n > 3 else 0]


def enumerated(coalitions: Coalitions) -> Plan:
    """A plan of coalitions that chance did not choose."""
    return Plan(coalitions, np.full(len(coalitions), ENUMERATED, dtype=np.int64))


def not_seen(coalitions: Coalitions, samples: Samples) -> Coalitions:
    """The rows of `coalitions` that were not enumerated before."""
    known = set(pack(samples.enumerated()))
    fresh = np.array([key not in known for key in pack(coalitions)], dtype=bool)
    return np.asarray(coalitions[fresh])


def require(evaluations: int, needed: int, *, method: str, why: str) -> None:
    """Refuse a budget under which a method cannot work at all.

    Raises:
        InputError: Fewer evaluations than needed.
    """
    if evaluations < needed:
        raise InputError(
            f"{method} needs at least {needed} evaluations ({why}) and was allowed {evaluations}. "
            "Give a larger budget, or use method 'auto', which works with any."
        )


def joined_plans(first: Plan, second: Plan) -> Plan:
    """`first` and then `second`, whose blocks must not share numbers."""
    return Plan(
        np.concatenate([first.coalitions, second.coalitions]), np.concatenate([first.blocks, second.blocks])
    )


def random_of_sizes(n: int, sizes: NDArray[np.int64], rng: np.random.Generator) -> Coalitions:
    """One uniformly random coalition of each size; bool[len(sizes), n]."""
    rank = rng.random((len(sizes), n)).argsort(axis=1).argsort(axis=1)
    return np.asarray(rank < sizes[:, None])


def one_walk(n: int, rng: np.random.Generator) -> Coalitions:
    """The coalitions that a random order meets on the way, sizes 1 .. n-1; bool[n-1, n]."""
    place = rng.permutation(n)
    return np.asarray(place[None, :] < np.arange(1, n)[:, None])


def with_complements(coalitions: Coalitions) -> Plan:
    """Each coalition followed by its complement; a pair is a block."""
    m, n = coalitions.shape
    both = np.stack([coalitions, ~coalitions], axis=1).reshape(2 * m, n)
    return Plan(both, np.repeat(np.arange(m, dtype=np.int64), 2))


def all_coalitions(n: int) -> Coalitions:
    """Every coalition; bool[2^n, n], row k has player i as a member where bit i of k is set."""
    return ((np.arange(1 << n)[:, None] >> np.arange(n)) & 1).astype(bool)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Evaluated coalitions and their complements, the smaller half first.

    Args:
        centred: float64[p, n]; membership less s/n.
        sizes: int64[p]; s, at most n/2.
        differences: float64[p]; v(S) - v(all but S).
        exact: bool[p]; whether the pair was enumerated.
    """

    centred: Floats
    sizes: NDArray[np.int64]
    differences: Floats
    exact: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.sizes)


def fold_pairs(samples: Samples) -> Pairs:
    """The pairs among `samples`: drawn rows that follow each other, and enumerated complements."""
    n, sizes = samples.n, samples.sizes
    drawn = np.flatnonzero(samples.blocks != ENUMERATED)
    same = np.flatnonzero(np.diff(samples.blocks[drawn]) == 0)
    same = same[(samples.coalitions[drawn[same]] ^ samples.coalitions[drawn[same + 1]]).all(axis=1)]
    rows = [np.stack([drawn[same], drawn[same + 1]], axis=1)]
    known = np.flatnonzero((samples.blocks == ENUMERATED) & (sizes > 0) & (sizes < n))
    place = dict(zip(pack(samples.coalitions[known]), known, strict=True))
    partners = [place.get(key, -1) for key in pack(~samples.coalitions[known])]
    exact = np.array([(a, b) for a, b in zip(known, partners, strict=True) if b > a], dtype=np.int64)
    rows.append(exact.reshape(-1, 2))
    both = np.concatenate(rows)
    swap = sizes[both[:, 0]] > n / 2
    both[swap] = both[swap][:, ::-1]
    small = sizes[both[:, 0]]
    centred = samples.coalitions[both[:, 0]] - (small / n)[:, None]
    differences = samples.values[both[:, 0]] - samples.values[both[:, 1]]
    return Pairs(centred, small, differences, np.repeat([False, True], [len(rows[0]), len(exact)]))


def pair_sizes(n: int, pairs: int, *, smallest: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """int64[pairs]; sizes smallest .. n/2 in proportion to 1/s + 1/(n-s), evenly spread, in random order."""
    sizes = np.arange(smallest, n // 2 + 1)
    halves = np.where(2 * sizes == n, 0.5, 1.0)
    return _spread(sizes, halves * (1 / sizes + 1 / (n - sizes)), pairs, rng)


def row_sizes(n: int, count: int, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """int64[count]; sizes 1 .. n-1 in proportion to 1/s + 1/(n-s), evenly spread, in random order."""
    sizes = np.arange(1, n)
    return _spread(sizes, 1 / sizes + 1 / (n - sizes), count, rng)


def _spread(
    sizes: NDArray[np.int64], shares: Floats, count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Each size about as often as its share says; the rounding is random."""
    if count < 1 or not len(sizes):
        return np.zeros(0, dtype=np.int64)
    ticks = (np.arange(count) + rng.random()) / count
    place = np.searchsorted(np.cumsum(shares) / shares.sum(), ticks)
    return np.asarray(rng.permutation(sizes[np.minimum(place, len(sizes) - 1)]))
