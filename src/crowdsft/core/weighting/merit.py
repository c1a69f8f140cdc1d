"""What a contributor's groups did better than the others: the evidence that multiplicative weights use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.evidence import RoundRecord

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Merit:
    """Sums over rounds of (own group's value - mean of the groups) in units of its root mean square so far.

    Dividing by the root mean square makes a learning rate mean the same for every utility, and lets early
    rounds, in which a model far from the target moves much, not outweigh all later ones.

    Args:
        sums: float64[R, n]; one sum per contributor.
        squares: float64[R]; sum of the squared differences of all groups so far.
        count: How many differences (rounds times groups) have been squared.
    """

    sums: Floats
    squares: Floats
    count: int

    def after(self, values: Floats, own: NDArray[np.float64] | NDArray[np.bool_]) -> Merit:
        """The merit after one more round.

        Args:
            values: float64[R, G]; utility of each group's candidate, higher is better.
            own: [R, G, n]; 1 where contributor n was a member of group G, else 0.
        """
        differences = values - values.mean(axis=1, keepdims=True)
        squares = self.squares + (differences**2).sum(axis=1)
        count = self.count + values.shape[1]
        scale = np.sqrt(squares / count)[:, None]
        standard = np.divide(differences, scale, out=np.zeros_like(differences), where=scale > 0)
        sums = self.sums + np.einsum("rg,rgn->rn", standard, own.astype(np.float64))
        return Merit(sums, squares, count)


def no_merit(runs: int, contributors: int) -> Merit:
    """The merit before the first round."""
    return Merit(np.zeros((runs, contributors)), np.zeros(runs), 0)


def merit_from_records(records: Sequence[RoundRecord], contributors: Sequence[str]) -> Merit:
    """The merit of `contributors` (one run, in their order) after a campaign's finished rounds.

    A contributor who missed a round neither gains nor loses in it.
    """
    column = {name: index for index, name in enumerate(contributors)}
    merit = no_merit(1, len(contributors))
    for record in records:
        own = np.zeros((1, len(record.values), len(contributors)))
        for index, name in enumerate(record.contributors):
            if name in column:
                own[0, :, column[name]] = record.weights[:, index] > 0
        merit = merit.after(record.values[None, :], own)
    return merit
