"""The contributors of a whole history as columns of one matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.clusters import weights_of_holders
from crowdsft.core.evidence import RoundRecord

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Crowd:
    """Everybody who ever took part, and the weights they had.

    Args:
        names: N contributors, sorted.
        bystanders: Contributors who only ever took part with texts of others, sorted; they count nowhere.
        weights: One float64[G, N] per round; who shared texts with an earlier contributor has weight 0
            there, and the earlier one has the weight of both.
        present: bool[T, N]; who counts as a member of a group in each round.
    """

    names: tuple[str, ...]
    bystanders: tuple[str, ...]
    weights: tuple[Floats, ...]
    present: Booleans

    def __len__(self) -> int:
        return len(self.names)

    @property
    def joined(self) -> NDArray[np.int64]:
        """int64[N]: index of the first round that each took part in."""
        return np.asarray(self.present.argmax(axis=0), dtype=np.int64)


def gather(history: Sequence[RoundRecord]) -> Crowd:
    """The crowd of `history`, each round's text clusters counted as their earliest member."""
    everybody = tuple(sorted({name for record in history for name in record.contributors}))
    column = {name: position for position, name in enumerate(everybody)}
    weights = []
    for record in history:
        wide = np.zeros((len(record.weights), len(everybody)))
        wide[:, [column[name] for name in record.contributors]] = weights_of_holders(record)
        weights.append(wide)
    present = np.array([(wide > 0).any(axis=0) for wide in weights]).reshape(len(history), len(everybody))
    counts = np.asarray(present.any(axis=0), dtype=np.bool_)
    return Crowd(
        names=tuple(name for name, does in zip(everybody, counts.tolist(), strict=True) if does),
        bystanders=tuple(name for name, does in zip(everybody, counts.tolist(), strict=True) if not does),
        weights=tuple(wide[:, counts] for wide in weights),
        present=present[:, counts],
    )
