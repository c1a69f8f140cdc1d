"""Ranked by points and dealt out, so that every group gets its part of every rank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crowdsft.core.grouping.dealing import Floats, Indices, checked_points, order_by_points
from crowdsft.core.grouping.design import Design


@dataclass(frozen=True, slots=True)
class Dealt:
    """The G contributors with the most points go to different groups, by chance; so do the next G, and so on.

    Groups are then more alike than by chance: their differences tell more about who is in them than about how many
    good ones each happened to get.
    """

    def assign(
        self,
        points: Floats,
        *,
        groups: int,
        round_number: int,
        rounds: int,
        rng: np.random.Generator,
        history: Design | None = None,
    ) -> Indices:
        """See `Grouping.assign`."""
        points = checked_points(points, groups=groups, round_number=round_number, rounds=rounds)
        order = order_by_points(points, rng)[:, ::-1]
        runs, contributors = order.shape
        hands = [
            np.argsort(rng.random((runs, groups)), axis=1) for _ in range(0, contributors, groups)
        ]  # int64[R, G] each
        places = np.concatenate(hands, axis=1)[:, :contributors]
        assigned = np.empty_like(order)
        np.put_along_axis(assigned, order, places, axis=1)
        return assigned
