"""One message, several models of a campaign's lineage, the same random numbers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crowdsft.core.campaign import CampaignState
from crowdsft.core.evaluation import UTILITIES
from crowdsft.rounds.resources import Resources


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said, the utility of that one text (None before the target is measured), and how long it took."""

    text: str
    utility: float | None
    seconds: float


def answer(
    resources: Resources, state: CampaignState, *, stacks: Sequence[tuple[str, ...]], message: str, seed: int
) -> list[Reply]:
    """One reply for each stack of adapters on the first base.

    Raises:
        InputError: when the message leaves no room for a response.
        CrowdsftError: when an adapter is missing.
    """
    from crowdsft.training.generation import generate

    settings = state.plan
    replies = []
    for stack in stacks:
        began = time.perf_counter()
        ((text,),) = generate(
            resources.base(settings, stack),
            [None],
            prompts=[message],
            seed=seed,
            max_new_tokens=settings.evaluation.max_new_tokens,
            temperature=settings.evaluation.temperature,
        )
        replies.append(Reply(text, _utility(resources, state, text), time.perf_counter() - began))
    return replies


def _utility(resources: Resources, state: CampaignState, text: str) -> float | None:
    if state.target is None:
        return None
    embedded = resources.embedding(state.plan).embed([text])
    distance = UTILITIES.make(state.plan.evaluation.distance)
    return float(distance.utility(embedded, np.array(state.target.target))[0])
