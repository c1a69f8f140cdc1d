"""How much each contributor of a round counts in training, from what earlier rounds have shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from crowdsft.core.evidence import RoundRecord
from crowdsft.core.settings import TrainingSection
from crowdsft.core.weighting import WEIGHTINGS, merit_from_records


def training_weights(
    training: TrainingSection,
    records: Sequence[RoundRecord],
    contributors: Sequence[str],
    *,
    balances: Mapping[str, int],
) -> dict[str, float]:
    """The weight of each contributor's examples; 1 on average, and 1 for everybody before the first award.

    Args:
        training: Names the weighting and, for exponentiated gradient, its rate.
        records: Finished rounds.
        contributors: Of the round that is to be trained.
        balances: Points so far.
    """
    if training.weighting == "uniform" or not records:
        return dict.fromkeys(contributors, 1.0)
    options = {"rate": training.weighting_rate} if training.weighting == "exponentiated_gradient" else {}
    points = np.array([[float(balances.get(contributor, 0)) for contributor in contributors]])
    merit = merit_from_records(records, contributors)
    weights = WEIGHTINGS.make(training.weighting, **options).weights(points, merit.sums)[0]
    return dict(zip(contributors, map(float, weights), strict=True))
