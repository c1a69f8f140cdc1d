"""What has been seen of a game: coalitions and their values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Coalitions = NDArray[np.bool_]
Blocks = NDArray[np.int64]

ENUMERATED = -1


@dataclass(frozen=True, slots=True)
class Plan:
    """Coalitions to be evaluated.

    Args:
        coalitions: bool[m, n]; row k holds True for the members of coalition k.
        blocks: int64[m]; rows of one block were drawn together (a pair, a permutation and its reverse),
            different blocks independently of each other. ENUMERATED (-1) marks rows that chance did not
            choose.
    """

    coalitions: Coalitions
    blocks: Blocks

    def __len__(self) -> int:
        return len(self.blocks)


@dataclass(frozen=True, slots=True)
class Samples:
    """Evaluated coalitions of one game of n players.

    Args:
        coalitions: bool[m, n].
        values: float64[m].
        blocks: int64[m], as in `Plan`.
        evaluations: How many evaluations this cost; more than m when merged samples had rows in common.
    """

    coalitions: Coalitions
    values: Floats
    blocks: Blocks
    evaluations: int

    @classmethod
    def none(cls, n: int) -> Samples:
        """Nothing seen yet of a game of n players."""
        return cls(np.zeros((0, n), dtype=bool), np.zeros(0), np.zeros(0, dtype=np.int64), 0)

    @property
    def n(self) -> int:
        """Number of players."""
        return int(self.coalitions.shape[1])

    @property
    def sizes(self) -> NDArray[np.int64]:
        """int64[m]; how many members each coalition has."""
        return np.asarray(self.coalitions.sum(axis=1), dtype=np.int64)

    def __len__(self) -> int:
        return len(self.values)

    def joined(self, other: Samples) -> Samples:
        """These samples and then `other`; coalitions that both enumerated are kept once."""
        next_block = int(self.blocks.max(initial=ENUMERATED)) + 1
        fresh = ~((other.blocks == ENUMERATED) & _is_in(other.coalitions, self.enumerated()))
        shifted = np.where(other.blocks == ENUMERATED, ENUMERATED, other.blocks + next_block)
        return Samples(
            np.concatenate([self.coalitions, other.coalitions[fresh]]),
            np.concatenate([self.values, other.values[fresh]]),
            np.concatenate([self.blocks, shifted[fresh]]),
            self.evaluations + other.evaluations,
        )

    def enumerated(self) -> Coalitions:
        """The coalitions that chance did not choose; bool[k, n]."""
        return np.asarray(self.coalitions[self.blocks == ENUMERATED])

    def ends(self) -> tuple[float, float]:
        """v(nobody) and v(all); both must have been evaluated."""
        sizes = self.sizes
        return float(self.values[sizes == 0][0]), float(self.values[sizes == self.n][0])

    def has_ends(self) -> bool:
        """Whether nobody and everybody have been evaluated."""
        sizes = self.sizes
        return bool((sizes == 0).any() and (sizes == self.n).any())


def pack(coalitions: Coalitions) -> list[bytes]:
    """One hashable key per row."""
    packed = np.packbits(coalitions, axis=1)
    return [row.tobytes() for row in packed]


def _is_in(rows: Coalitions, among: Coalitions) -> NDArray[np.bool_]:
    known = set(pack(among))
    return np.array([key in known for key in pack(rows)], dtype=bool)
