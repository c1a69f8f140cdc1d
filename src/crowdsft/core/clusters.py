"""Contributors that are nearly the same, and count as one.

Two kinds. Contributors whose *texts* of a round are near-identical are known from the texts: the round's
record names them, and the one whose texts were accepted first holds that round's weight, so that a copier
cannot take anything from whoever was copied. Contributors whose *decoded vectors* are near-identical are
found here, but only where the evidence tells them apart: people who always shared a group are given the
same vector by any decoding, and are no clones for that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import InputError
from crowdsft.core.evidence import RoundRecord

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def weights_of_holders(record: RoundRecord) -> Floats:
    """float64[G, n]: the record's weights, with those of each text cluster moved to its first member.

    Raises:
        InputError: when the record's clusters do not name one of its contributors for each.
    """
    if not record.clusters:
        return record.weights
    count = len(record.contributors)
    holders = np.array(record.clusters, dtype=np.int64)
    if len(holders) != count or holders.min(initial=0) < 0 or holders.max(initial=0) >= count:
        raise InputError(
            f"round {record.round_number} has {count} contributors, but its clusters are {record.clusters}. "
            "Give for each contributor the index of the first member of its cluster."
        )
    moved = np.zeros_like(record.weights)
    np.add.at(moved.T, holders, record.weights.T)
    return moved


def link(near: NDArray[np.bool_]) -> Integers:
    """int64[n]: for each the smallest index that it is linked to, directly or through others.

    Args:
        near: bool[n, n]; symmetric.
    """
    labels = np.arange(len(near))
    while True:
        linked = np.where(near, labels[None, :], labels[:, None]).min(axis=1, initial=len(near))
        linked = np.minimum(linked, labels)
        linked = linked[linked]
        if (linked == labels).all():
            return np.asarray(labels, dtype=np.int64)
        labels = linked


def near_vectors(vectors: Floats, uncertainty: Floats, *, radius: float) -> tuple[Integers, Integers]:
    """Clusters of vectors that surely are, and of those that may be, within `radius` of each other.

    Surely: the distance and two standard errors together are within the radius. Perhaps: the distance less
    two standard errors is, and the standard error is at most twice the radius; above that everybody might
    be anybody.

    Args:
        vectors: float64[n, d].
        uncertainty: float64[n, n]; standard error of the distance between two of them.
        radius: In units of the median distance between two contributors.

    Returns:
        int64[n] twice; see `link`.
    """
    count = len(vectors)
    if count < 2:
        return np.arange(count), np.arange(count)
    squares = np.einsum("nd,nd->n", vectors, vectors)
    distances = np.sqrt(np.maximum(squares[:, None] + squares - 2 * vectors @ vectors.T, 0.0))
    usual = float(np.median(distances[np.triu_indices(count, k=1)]))
    surely = distances + 2 * uncertainty <= radius * usual
    perhaps = (distances - 2 * uncertainty <= radius * usual) & (uncertainty <= 2 * radius * usual)
    np.fill_diagonal(surely, True)
    return link(surely), link(surely | perhaps)
