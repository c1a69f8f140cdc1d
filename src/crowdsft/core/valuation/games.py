"""Games whose Shapley values are known in closed form: oracles for tests, and examples.

Every game is a batched set function with `n` and an exact `shapley()`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.valuation.centroid import CentroidUtility, centroid_truth
from crowdsft.core.valuation.exact import exact_values
from crowdsft.core.valuation.samples import Coalitions, Floats


class SolvedGame(Protocol):
    """A game that knows its Shapley values."""

    @property
    def n(self) -> int:
        """Number of players."""

    def __call__(self, coalitions: Coalitions, /) -> Floats:
        """Values float64[m] of coalitions bool[m, n]."""

    def shapley(self) -> Floats:
        """Exact Shapley values, float64[n]."""


@dataclass(frozen=True, slots=True)
class AdditiveGame:
    """v(S) = sum of the members' weights; phi = weights."""

    weights: Floats

    @property
    def n(self) -> int:
        """Number of players."""
        return len(self.weights)

    def __call__(self, coalitions: Coalitions, /) -> Floats:
        """Sums of weights."""
        return np.asarray(coalitions @ self.weights)

    def shapley(self) -> Floats:
        """The weights."""
        return self.weights.copy()


@dataclass(frozen=True, slots=True)
class UnanimitySum:
    """v(S) = sum of worth_k over the sets T_k that S contains; each set's worth is divided evenly in it.

    Args:
        sets: bool[k, n].
        worth: float64[k].
    """

    sets: Coalitions
    worth: Floats

    @property
    def n(self) -> int:
        """Number of players."""
        return int(self.sets.shape[1])

    def __call__(self, coalitions: Coalitions, /) -> Floats:
        """Worth of the sets contained."""
        inside = coalitions.astype(np.float64) @ self.sets.T.astype(np.float64)
        return np.asarray((inside >= self.sets.sum(axis=1)) @ self.worth)

    def shapley(self) -> Floats:
        """Each set's worth, divided evenly among its members."""
        return np.asarray((self.worth / self.sets.sum(axis=1)) @ self.sets)


@dataclass(frozen=True, slots=True)
class AirportGame:
    """v(S) = the largest cost among the members; each stretch is paid by those who need it."""

    costs: Floats

    @property
    def n(self) -> int:
        """Number of players."""
        return len(self.costs)

    def __call__(self, coalitions: Coalitions, /) -> Floats:
        """Largest costs; costs are at least 0, nobody costs 0."""
        return np.asarray(np.where(coalitions, self.costs, 0.0).max(axis=1))

    def shapley(self) -> Floats:
        """Littlechild and Owen (1973): each increment of cost over the number of players who need it."""
        order = np.argsort(self.costs)
        rise = np.diff(self.costs[order], prepend=0.0) / np.arange(self.n, 0, -1)
        values = np.zeros(self.n)
        values[order] = np.cumsum(rise)
        return values


@dataclass(frozen=True, slots=True)
class GloveGame:
    """v(S) = number of pairs of a left and a right glove.

    Args:
        left: bool[n]; who has a left glove, the others a right one.
    """

    left: NDArray[np.bool_]

    @property
    def n(self) -> int:
        """Number of players."""
        return len(self.left)

    def __call__(self, coalitions: Coalitions, /) -> Floats:
        """Pairs of gloves."""
        lefts = (coalitions & self.left).sum(axis=1)
        return np.asarray(np.minimum(lefts, coalitions.sum(axis=1) - lefts), dtype=np.float64)

    def shapley(self) -> Floats:
        """A left glove is worth the chance that it meets more rights than lefts; the rights have the rest."""
        lefts = int(self.left.sum())
        rights = self.n - lefts
        per_left = 0.0
        for size in range(self.n if lefts else 0):
            chance = _hypergeometric(self.n - 1, rights, size)
            found = np.arange(len(chance))
            per_left += chance[size - found < found].sum() / self.n
        per_right = (min(lefts, rights) - lefts * per_left) / rights if rights else 0.0
        return np.where(self.left, per_left, per_right)


@dataclass(frozen=True, slots=True)
class WeightSumGame:
    """v(S) = worth of the sum of the members' whole weights: weighted voting, saturation, anything of a sum.

    Args:
        weights: int64[n], at least 0.
        worth: float64[W + 1]; worth of each sum 0 .. W, where W is the sum of all weights.
    """

    weights: NDArray[np.int64]
    worth: Floats

    @classmethod
    def voting(cls, weights: NDArray[np.int64], quota: int) -> WeightSumGame:
        """1 for coalitions whose weights reach `quota`, else 0; the values are the Shapley-Shubik index."""
        return cls(weights, (np.arange(int(weights.sum()) + 1) >= quota).astype(np.float64))

    @property
    def n(self) -> int:
        """Number of players."""
        return len(self.weights)

    def __call__(self, coalitions: Coalitions, /) -> Floats:
        """Worth of the sums."""
        return np.asarray(self.worth[coalitions @ self.weights])

    def shapley(self) -> Floats:
        """By counting, for each player, the others' coalitions of each size and weight."""
        known: dict[int, float] = {}
        for weight in np.unique(self.weights):
            player = int(np.argmax(self.weights == weight))
            known[int(weight)] = self._value_of(int(weight), np.delete(self.weights, player))
        return np.array([known[int(weight)] for weight in self.weights])

    def _value_of(self, weight: int, others: NDArray[np.int64]) -> float:
        chance = np.zeros(
            (self.n, len(self.worth))
        )  # P(sum = w, given a random order, at size s) * weight of s
        chance[0, 0] = 1.0
        for seen, other in enumerate(others, start=1):
            # Shares instead of counts: of the subsets of `seen` players with s members, s/seen hold the last.
            size = np.arange(seen + 1)[:, None]
            stay = chance[: seen + 1] * (seen - size) / seen
            stay[1:, other:] += (chance[:seen, : len(self.worth) - other]) * size[1:] / seen
            chance[: seen + 1] = stay
        gain = np.zeros(len(self.worth))
        gain[: len(self.worth) - weight] = self.worth[weight:] - self.worth[: len(self.worth) - weight]
        return float((chance @ gain).mean())


@dataclass(frozen=True, slots=True)
class GraphGame:
    """v(S) = linear term + sum of the edges inside S: the game of order two; an edge is halved.

    Args:
        linear: float64[n].
        edges: float64[n, n]; symmetric, diagonal 0.
    """

    linear: Floats
    edges: Floats

    @property
    def n(self) -> int:
        """Number of players."""
        return len(self.linear)

    def __call__(self, coalitions: Coalitions, /) -> Floats:
        """Linear terms and edges inside."""
        z = coalitions.astype(np.float64)
        return np.asarray(z @ self.linear + ((z @ self.edges) * z).sum(axis=1) / 2)

    def shapley(self) -> Floats:
        """Own linear term and half of each edge."""
        return np.asarray(self.linear + self.edges.sum(axis=1) / 2)


@dataclass(frozen=True, slots=True)
class CoverageGame:
    """v(S) = worth of the items that some member covers; an item is divided among those who cover it.

    Args:
        covers: bool[n, items].
        worth: float64[items].
    """

    covers: Coalitions
    worth: Floats

    @property
    def n(self) -> int:
        """Number of players."""
        return len(self.covers)

    def __call__(self, coalitions: Coalitions, /) -> Floats:
        """Worth of what is covered."""
        return np.asarray((coalitions.astype(np.float64) @ self.covers.astype(np.float64) > 0) @ self.worth)

    def shapley(self) -> Floats:
        """Each item's worth over the number of players who cover it."""
        return np.asarray(self.covers @ (self.worth / np.maximum(self.covers.sum(axis=0), 1)))


@dataclass(frozen=True, slots=True)
class NearestNeighbourGame:
    """Mean accuracy of k-nearest-neighbour classification, v(nobody) = 0 (Jia et al., 2019).

    Args:
        order: int64[tests, n]; training examples from the nearest to the farthest of each test example.
        match: bool[tests, n]; whether the training example in that place has the test example's label.
        neighbours: k.
    """

    order: NDArray[np.int64]
    match: NDArray[np.bool_]
    neighbours: int

    @property
    def n(self) -> int:
        """Number of training examples."""
        return int(self.order.shape[1])

    def __call__(self, coalitions: Coalitions, /) -> Floats:
        """Matching labels among the k nearest members, over k, mean over tests."""
        values = np.zeros(len(coalitions))
        for order, match in zip(self.order, self.match, strict=True):
            present = coalitions[:, order]
            counted = present & (np.cumsum(present, axis=1) <= self.neighbours)
            values += (counted & match).sum(axis=1) / self.neighbours
        return values / len(self.order)

    def shapley(self) -> Floats:
        """Recursion from the farthest example to the nearest, Jia et al. (2019), theorem 1."""
        n, k = self.n, self.neighbours
        values = np.zeros(n)
        for order, match in zip(self.order, self.match.astype(np.float64), strict=True):
            at = np.zeros(n)
            at[-1] = match[-1] * min(k, n) / (n * k)
            for place in range(n - 2, -1, -1):
                near = min(k, place + 1) / (place + 1)
                at[place] = at[place + 1] + (match[place] - match[place + 1]) / k * near
            values[order] += at
        return values / len(self.order)


@dataclass(frozen=True, slots=True)
class CentroidGame:
    """v(S) = utility of the mean of the members' vectors; nobody is worth the utility of the zero vector.

    Args:
        vectors: float64[n, d].
        target: float64[d].
        evaluation: "l2", "l1" (minus a distance) or "dot".
    """

    vectors: Floats
    target: Floats
    evaluation: CentroidUtility = "l2"

    @property
    def n(self) -> int:
        """Number of contributors."""
        return len(self.vectors)

    def __call__(self, coalitions: Coalitions, /) -> Floats:
        """Utilities of centroids."""
        size = np.maximum(coalitions.sum(axis=1, keepdims=True), 1)
        centroid = coalitions.astype(np.float64) @ self.vectors / size
        if self.evaluation == "dot":
            return np.asarray(centroid @ self.target)
        away = centroid - self.target
        if self.evaluation == "l1":
            return -np.asarray(np.abs(away).sum(axis=1))
        return -np.asarray(np.sqrt((away**2).sum(axis=1)))

    def shapley(self) -> Floats:
        """Exact for "dot" and up to 16 contributors, else within about 0.2 % of the spread."""
        return centroid_truth(
            self.vectors,
            self.target,
            evaluation=self.evaluation,
            rng=np.random.default_rng(0),
            permutations=20_000,
        ).values


@dataclass(frozen=True, slots=True)
class TableGame:
    """A game given by the value of each of its 2^n coalitions.

    Args:
        table: float64[2^n]; place k holds the coalition of the players whose bit is set in k.
    """

    table: Floats
    _n: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_n", int(self.table.size).bit_length() - 1)

    @property
    def n(self) -> int:
        """Number of players."""
        return self._n

    def __call__(self, coalitions: Coalitions, /) -> Floats:
        """Looked up."""
        return np.asarray(self.table[coalitions @ (1 << np.arange(self.n))])

    def shapley(self) -> Floats:
        """By the definition."""
        return exact_values(self.table, self.n)


def _hypergeometric(population: int, marked: int, drawn: int) -> Floats:
    """Chance of 0 .. drawn marked among `drawn` out of `population`; float64[drawn + 1]."""
    from math import comb

    ways = comb(population, drawn)
    return np.array([comb(marked, k) * comb(population - marked, drawn - k) / ways for k in range(drawn + 1)])
