"""Points as a running float that steers a tournament, paid group by group in each round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.registry import Table

Floats = NDArray[np.float64]


class RoundPoints(Protocol):
    """What every member of a group gets for a round in which the best candidate beat the model."""

    def of_groups(self, values: Floats, base_values: Floats) -> Floats:
        """float64[R, G] for the candidates' utilities float64[R, G] and the model's float64[R]."""
        ...


@dataclass(frozen=True, slots=True)
class RankPoints:
    """The best of G groups gets G, the next G - 1, the last 1.

    Source: experiment 3. The paper's text pays marginal gains; its published numbers fit these points, not
    the gains and not G - 1 .. 0.
    """

    def of_groups(self, values: Floats, base_values: Floats) -> Floats:
        """See `RoundPoints.of_groups`; of equal values the first group's is the better rank."""
        order = np.argsort(-values, axis=1, kind="stable")
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.arange(values.shape[1])[None, :], axis=1)
        points: Floats = (values.shape[1] - ranks).astype(np.float64)
        return points


@dataclass(frozen=True, slots=True)
class MarginalPoints:
    """The candidate's gain over the model; negative for a loss. Source: the paper's text."""

    def of_groups(self, values: Floats, base_values: Floats) -> Floats:
        """See `RoundPoints.of_groups`."""
        gains: Floats = values - base_values[:, None]
        return gains


ROUND_POINTS: Table[RoundPoints] = Table("point rule", {"rank": RankPoints, "marginal": MarginalPoints})
