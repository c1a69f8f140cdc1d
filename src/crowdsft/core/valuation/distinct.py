"""Samples sorted for regression: each coalition once, complements matched."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.valuation.gaussian_process import Observed
from crowdsft.core.valuation.samples import ENUMERATED, Coalitions, Floats, Samples, pack

_EXACT = 1e-10


@dataclass(frozen=True, slots=True)
class Distinct:
    """Distinct coalitions, neither nobody nor everybody.

    Args:
        coalitions: bool[m, n].
        values: float64[m].
        exact: bool[m]; whether the row was enumerated rather than drawn.
        pairs: int64[k, 2]; rows of complements, the smaller coalition first.
        known: bool[n+1]; sizes of which every coalition is there.
    """

    coalitions: Coalitions
    values: Floats
    exact: NDArray[np.bool_]
    pairs: NDArray[np.int64]
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, samples: Samples) -> Distinct:
        """What is distinct among `samples`."""
        sizes, n = samples.sizes, samples.n
        inner = np.flatnonzero((sizes > 0) & (sizes < n))
        first: dict[bytes, int] = {}
        for key, row in zip(pack(samples.coalitions[inner]), inner, strict=True):
            first.setdefault(key, int(row))
        rows = np.array(list(first.values()), dtype=np.int64)
        exact = samples.blocks[rows] == ENUMERATED
        known = np.bincount(sizes[rows][exact], minlength=n + 1) >= n
        coalitions = samples.coalitions[rows]
        return cls(coalitions, samples.values[rows], exact, _match(coalitions), known)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def n(self) -> int:
        """Number of players."""
        return int(self.coalitions.shape[1])

    @property
    def sizes(self) -> NDArray[np.int64]:
        """int64[m]; how many members each coalition has."""
        return np.asarray(self.coalitions.sum(axis=1), dtype=np.int64)

    def centred(self) -> Floats:
        """float64[m, n]; membership - s/n."""
        return np.asarray(self.coalitions - (self.sizes / self.n)[:, None])

    def observed(self) -> Observed:
        """All rows, for regression on values."""
        return Observed(self.coalitions.astype(np.float64), self.sizes, self.values)

    def differences(self, some: NDArray[np.int64]) -> Observed:
        """Some of the pairs, for regression on v(S) - v(all but S), S the smaller one."""
        a, b = self.pairs[some].T
        return Observed(self.coalitions[a].astype(np.float64), self.sizes[a], self.values[a] - self.values[b])

    def first(self, most: int) -> Distinct:
        """The first rows only."""
        if len(self) <= most:
            return self
        rows = self.coalitions[:most]
        return Distinct(rows, self.values[:most], self.exact[:most], _match(rows), self.known)

    def some_blocks(self, most: int) -> NDArray[np.int64]:
        """About `most` rows, by chance of their own but always the same ones; pairs stay together."""
        if len(self) <= most:
            return np.arange(len(self))
        block = np.arange(len(self))
        block[self.pairs[:, 1]] = block[self.pairs[:, 0]]
        rank = np.random.default_rng(0).permutation(len(self))[block]
        return np.sort(np.argsort(rank, kind="stable")[:most])

    def exactly_linear(self, total: float) -> Floats | None:
        """Shapley values if the samples prove the game simple, else None; float64[n].

        Where all differences of pairs (or else all values) are linear in membership to the last digits,
        with at least two more of them than unknowns, the game has effects of players and pairs (or of
        players) only, and their least squares solution is exact.
        """
        n = self.n
        if len(self.pairs) >= n + 1:
            a, b = self.pairs.T
            lack = total * (1 - 2 * self.sizes[a] / n)
            return _linear(self.centred()[a], (self.values[a] - self.values[b] + lack) / 2, total)
        if len(self) >= n + 2:
            design = np.column_stack([self.coalitions, np.ones(len(self))])
            found = _linear(design, self.values, None)
            return None if found is None else found[:n] + (total - found[:n].sum()) / n
        return None


def _linear(design: Floats, target: Floats, total: float | None) -> Floats | None:
    slopes, _, rank, _ = np.linalg.lstsq(design, target, rcond=None)
    residual = float(np.abs(target - design @ slopes).max())
    if residual > _EXACT * float(target.std()) or rank > len(target) - 2:
        return None
    return (
        np.asarray(slopes) if total is None else np.asarray(slopes - slopes.mean() + total / design.shape[1])
    )


def _match(coalitions: Coalitions) -> NDArray[np.int64]:
    """int64[k, 2]; rows of complements, the smaller first."""
    place = {key: row for row, key in enumerate(pack(coalitions))}
    partner = np.array([place.get(key, -1) for key in pack(~coalitions)], dtype=np.int64)
    rows = np.arange(len(coalitions))
    sizes, n = coalitions.sum(axis=1), coalitions.shape[1]
    first = (partner >= 0) & ((2 * sizes < n) | ((2 * sizes == n) & (rows < partner)))
    return np.asarray(np.stack([rows, partner], axis=1)[first])
