"""What a grouping policy is."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from crowdsft.core.grouping.dealing import Floats, Indices
from crowdsft.core.grouping.design import Design


class Grouping(Protocol):
    """Splits a round's contributors into groups; each group fine-tunes its own candidate.

    Laws, for every entry of `GROUPINGS`:
        - a partition: every contributor is in exactly one of the groups 0 .. groups - 1;
        - sizes differ by at most one, so no group is empty (not for the `_paper` forms, which keep the
          authors' uneven deal);
        - neither a contributor's name nor its place in the list plays a role: ties are broken by chance
          (again not for the `_paper` forms);
        - the runs of one call are independent of each other; equal arguments and an equal `rng` state give
          equal groups;
        - more groups than contributors is an `InputError`.
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
        """The group of every contributor, for R independent runs at once (a campaign is one run).

        Args:
            points: float64[R, n]; what each contributor has earned so far.
            groups: Number of groups, 1 .. n.
            round_number: 1 for the first round.
            rounds: How many rounds are planned; policies that cool down do it over these.
            rng: Where chance comes from.
            history: What earlier rounds have shown about each contributor's effect; only `balanced_design`
                looks at it, and None means that nothing is known yet.

        Returns:
            int64[R, n]; group indices.

        Raises:
            InputError: when the arguments cannot be used, e.g. more groups than contributors.
        """
        ...
