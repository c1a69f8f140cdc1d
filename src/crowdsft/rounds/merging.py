"""Means of a round's candidates, which compete with them to become the next base."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.campaign import RoundState
from crowdsft.core.events import CandidatesMerged
from crowdsft.core.settings import CampaignSettings
from crowdsft.rounds.resources import Resources

Floats = NDArray[np.float64]


def merge_weights(values: Floats, *, temperature: float) -> Mapping[str, Floats]:
    """For each kind of merge float64[J], the weights of the candidates, with sum 1.

    Args:
        values: float64[J]; utilities on the selection sample.
        temperature: Utility by which a candidate has to be worse to count e times less.
    """
    by_value = np.exp((values - values.max()) / temperature)
    return {"mean": np.full(len(values), 1 / len(values)), "by_value": by_value / by_value.sum()}


def merge_candidates(
    settings: CampaignSettings, current: RoundState, resources: Resources
) -> list[CandidatesMerged]:
    """Store each merge that the campaign asks for as an adapter."""
    from crowdsft.training.merging import merge_adapters

    artifacts = resources.artifacts
    resources.report(f"merging the {len(current.groups)} candidates", 0.0)
    values = np.array([evaluation.selection.mean_utility for evaluation in current.evaluations])
    weights = merge_weights(values, temperature=settings.rounds.merge_temperature)
    folders = [artifacts.adapter(candidate.adapter) for candidate in current.candidates]
    merged = []
    for number, kind in enumerate(settings.rounds.merges, start=len(current.groups)):
        shares = [float(weight) for weight in weights[kind]]
        _, digest = merge_adapters(folders, shares, output=artifacts.root)
        artifacts.keep_adapter(digest)
        merged.append(CandidatesMerged(current.number, number, kind, digest, tuple(shares)))
    return merged
