"""What the policy in_run_split pays by: credit measured while candidates train, and groups valued by merging them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from crowdsft.core.campaign import RoundState
from crowdsft.core.events import GroupsValued
from crowdsft.core.seeds import derive_rng
from crowdsft.core.settings import CampaignSettings
from crowdsft.rounds.resources import Resources
from crowdsft.training.base import Credit, Example, GroupData, TrainingOptions

ANSWERS_SEEN = 40
"""Expert answers whose gradients a whole run looks at: more add little (docs/explanation-credit.md)."""
MEASUREMENTS = 10


def is_credited(settings: CampaignSettings) -> bool:
    """Whether the campaign pays by credit."""
    return settings.points.policy == "in_run_split"


def with_credit(options: TrainingOptions, groups: Sequence[GroupData]) -> TrainingOptions:
    """The options with which the shortest training sees at least `ANSWERS_SEEN` expert answers."""
    shortest = min(sum(example.weight > 0 for example in group.examples) for group in groups)
    steps = max(1, math.ceil(options.passes * shortest / options.batch_size))
    every = max(1, steps // MEASUREMENTS)
    rows = math.ceil(ANSWERS_SEEN / math.ceil(steps / every))
    return replace(options, credit_every=every, credit_rows=rows)


def credits_of(members: Sequence[str], measured: Sequence[Credit]) -> tuple[float, ...]:
    """For each member what its rows did, 0 for somebody without rows; empty where nothing was measured."""
    gains = {credit.contributor: credit.gain for credit in measured}
    return tuple(gains.get(member, 0.0) for member in members) if measured else ()


def value_groups(
    settings: CampaignSettings,
    current: RoundState,
    *,
    answers: Sequence[Example],
    resources: Resources,
) -> GroupsValued:
    """Shapley values of the round's candidates merged, by the likelihood of the expert answers.

    A candidate counts in a merge as its group's number of contributions.
    """
    from crowdsft.core.valuation.exact import table_of
    from crowdsft.training.group_shapley import LARGEST_EXACT, MinusLoss, group_shapley

    artifacts, count = resources.artifacts, len(current.groups)
    resources.report(f"merging the {count} candidates in all ways, to value the groups", 0.0)
    written = dict.fromkeys(current.contributors, 0)
    for ref in current.contributions or ():
        written[ref.contributor] += 1
    found = group_shapley(
        resources.base(settings, current.lineage),
        [artifacts.adapter(candidate.adapter) for candidate in current.candidates],
        MinusLoss(answers, settings.training.max_tokens),
        weights=[float(sum(written[name] for name in group)) for group in current.groups],
        rng=derive_rng(settings.campaign.seed, current.number, "merging"),
    )
    assert found.samples is not None
    gains = table_of(found.samples)[1:] if count <= LARGEST_EXACT else np.zeros(0)
    return GroupsValued(
        round_number=current.number,
        values=tuple(map(float, found.values)),
        errors=tuple(map(float, found.errors)),
        together=float(found.total),
        merges=int(found.samples.coalitions.any(axis=1).sum()),
        gains=tuple(map(float, gains)),
    )
