"""Who was in which group, and what the groups' models were worth, for crowds too large for dense tables.

A round of 128 groups and 100,000 contributors is a dense table of 100 MB, of which one entry in 128 is not
zero. Here a history is a sparse matrix W with a row per candidate and a column per contributor. What tells
contributors apart are the differences between groups of one round, X = W less each round's mean row; X is
never formed, only multiplied with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from crowdsft.core.clusters import weights_of_holders
from crowdsft.core.errors import InputError
from crowdsft.core.evidence import RoundRecord

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

ROUNDS_AT_ONCE = 64  # rows of so many rounds fit the processor's cache while contributors stream by


@dataclass(frozen=True, slots=True)
class GroupHistory:
    """T rounds with K groups in all, and N contributors.

    Args:
        blocks: W' in pieces of some rounds each, in order: sparse, N x (groups of these rounds); the weights
            of a group's members sum to 1.
        round_of: int64[K], ascending; index of the round that a group belongs to.
        values: float64[K]; utility of each group's candidate.
        bases: float64[T]; utility of the model that each round started from.
    """

    blocks: tuple[csr_array, ...]
    round_of: Integers
    values: Floats
    bases: Floats

    @property
    def contributors(self) -> int:
        """N."""
        return int(self.blocks[0].shape[0])

    @property
    def comparisons(self) -> int:
        """Independent differences between groups: K - T."""
        return len(self.values) - len(self.bases)

    def group_means(self, effects: Floats) -> Floats:
        """W @ effects, float64[K, s] for float64[N, s]: the weighted mean over each group's members."""
        return np.concatenate([block.T @ effects for block in self.blocks])

    def differences(self, effects: Floats) -> Floats:
        """X @ effects, float64[K, s] for float64[N, s]."""
        return self.less_round_means(self.group_means(effects))

    def gather(self, groups: Floats) -> Floats:
        """X' @ groups, float64[N, s] for float64[K, s]."""
        centred = self.less_round_means(groups)
        found = np.zeros((self.contributors, *groups.shape[1:]))
        for block, rows in self._rows_of_blocks():
            found += block @ centred[rows]
        return found

    def less_round_means(self, groups: Floats) -> Floats:
        """float64[K, ...] less the mean over the groups of the same round."""
        starts = np.searchsorted(self.round_of, np.arange(len(self.bases)))
        counts = np.bincount(self.round_of)
        means = (np.add.reduceat(groups, starts, axis=0).T / counts).T
        return np.asarray(groups - means[self.round_of])

    def evidence(self) -> Floats:
        """float64[N]: the squared length of each column of X; how much a contributor was weighed in all."""
        other = 1 - 1 / np.bincount(self.round_of)[self.round_of]
        found = np.zeros(self.contributors)
        for block, rows in self._rows_of_blocks():
            squares = csr_array((block.data**2, block.indices, block.indptr), shape=block.shape)
            found += squares @ other[rows]
        return found

    def present(self) -> NDArray[np.bool_]:
        """bool[T, N]: who holds weight in each round."""
        found = np.zeros((len(self.bases), self.contributors), dtype=np.bool_)
        for block, rows in self._rows_of_blocks():
            people = np.repeat(np.arange(self.contributors), np.diff(block.indptr))
            found[self.round_of[rows][block.indices], people] = True
        return found

    def _rows_of_blocks(self) -> Iterator[tuple[csr_array, slice]]:
        begin = 0
        for block in self.blocks:
            yield block, slice(begin, begin + block.shape[1])
            begin += block.shape[1]


def history_of_seats(group_of: NDArray[np.integer], values: Floats, bases: Floats) -> GroupHistory:
    """Rounds with equally many groups, whose members count equally.

    Args:
        group_of: int[T, N] of any width; the group of each contributor, below 0 for who was absent.
        values: float64[T, G].
        bases: float64[T].

    Raises:
        InputError: When shapes do not agree, a group does not exist or is empty.
    """
    rounds, groups = values.shape
    if len(group_of) != rounds or bases.shape != (rounds,) or group_of.max(initial=-1) >= groups:
        raise InputError(
            f"group_of has {len(group_of)} rounds and groups up to {group_of.max(initial=-1)}, values have shape "
            f"{values.shape} and bases {bases.shape}. Give T rounds of groups 0 to G - 1 to all three."
        )
    begins = range(0, rounds, ROUNDS_AT_ONCE)
    return GroupHistory(
        blocks=tuple(_block_of_seats(group_of[k : k + ROUNDS_AT_ONCE], groups) for k in begins),
        round_of=np.repeat(np.arange(rounds), groups),
        values=values.ravel(),
        bases=bases,
    )


def _block_of_seats(group_of: NDArray[np.integer], groups: int) -> csr_array:
    rounds, people = group_of.shape
    first_row = groups * np.arange(rounds, dtype=np.int32)
    seats = np.ascontiguousarray(group_of.T)
    is_here = seats >= 0
    rows = (seats + first_row)[is_here]
    sizes = np.bincount(rows, minlength=rounds * groups)
    if (sizes == 0).any():
        raise InputError(
            f"group {np.flatnonzero(sizes == 0)[0] % groups} of a round has no members. "
            "Give every group one member at least."
        )
    ends = np.concatenate([[0], np.cumsum(is_here.sum(axis=1))]).astype(np.int32)
    return csr_array(((1 / sizes)[rows], rows.astype(np.int32), ends), shape=(people, rounds * groups))


def history_of_records(records: Sequence[RoundRecord], names: Sequence[str]) -> GroupHistory:
    """The same from records; each round's text clusters are counted as their first member.

    Args:
        records: Finished rounds, at least one.
        names: The contributors that become columns; those of the records who hold weight.
    """
    column = {name: place for place, name in enumerate(names)}
    blocks = []
    for begin in range(0, len(records), ROUNDS_AT_ONCE):
        parts = [_sparse(record, column) for record in records[begin : begin + ROUNDS_AT_ONCE]]
        row = np.cumsum([0, *(len(record.values) for record in records[begin : begin + len(parts)])])
        seats = np.concatenate([part[0] + first for part, first in zip(parts, row, strict=False)])
        people, weights = (np.concatenate([part[k] for part in parts]) for k in (1, 2))
        blocks.append(csr_array((weights, (people, seats)), shape=(len(names), int(row[-1]))))
    return GroupHistory(
        blocks=tuple(blocks),
        round_of=np.repeat(np.arange(len(records)), [len(record.values) for record in records]),
        values=np.concatenate([record.values for record in records]),
        bases=np.array([record.base_value for record in records]),
    )


def _sparse(record: RoundRecord, column: dict[str, int]) -> tuple[Integers, Integers, Floats]:
    """Group, column and weight of everybody who holds weight in a round."""
    weights = weights_of_holders(record)
    groups, members = np.nonzero(weights)
    columns = np.array([column.get(name, -1) for name in record.contributors], dtype=np.int64)
    return groups, columns[members], weights[groups, members]
