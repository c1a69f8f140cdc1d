"""What finished rounds showed: the evidence from which points and groupings are computed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RoundRecord:
    """One finished round, as the journal tells it.

    Args:
        round_number: 1 for the first round.
        contributors: The round's n participants, sorted; contributors of other rounds do not appear.
        weights: float64[G, n]; row g holds the weights that the members of group g had in training
            (0 outside the group); every row sums to 1.
        base_value: Utility of the model that the round started from (higher is better).
        values: float64[G]; utility of each group's candidate, on the round's reporting sample.
        winner: Index of the group that became the next base, or None when the base stayed or a merge won.
        significant: Whether the round's gain stood out of the noise; points are paid only then.
        base_embedding: float64[d]; mean embedding of the base's outputs, or None when there is none.
        embeddings: float64[G, d]; mean embedding of each candidate's outputs, or None.
        value_errors: float64[G]; standard errors of `values - base_value` (paired), or None.
        clusters: For each contributor the first member (in `contributors`' order) of the cluster of
            near-identical contributors it belongs to; its own index when it stands alone. Empty: no clusters.
        starts_from: After a rollback, the number of the round whose model this round started from (0: the first
            base); None: it started from what the round before left.
        group_values: float64[G]; what each group is worth by merging the candidates, or None.
        credits: float64[G, n]; what each contributor's rows did for group g's candidate while it trained, in the
            unit of `group_values` (0 outside the group), or None.
        merged: float64[G]; of which candidates the next base is the mean, where a merge won; else None.
    """

    round_number: int
    contributors: tuple[str, ...]
    weights: Floats
    base_value: float
    values: Floats
    winner: int | None
    significant: bool
    base_embedding: Floats | None = None
    embeddings: Floats | None = None
    value_errors: Floats | None = None
    clusters: tuple[int, ...] = ()
    starts_from: int | None = None
    group_values: Floats | None = None
    credits: Floats | None = None
    merged: Floats | None = None
