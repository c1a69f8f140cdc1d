"""Training on the best contributions so far: measuring them, choosing them, and dealing them to the groups.

With `training.keep = "values"` the campaign's own models read the contributions: how much likelier than the first base
does a model that has come nearer to the target find each? With "examples" a copy that learnt the expert examples does.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.credit.archive import Archive, archive_of, scores_of, shares_of
from crowdsft.core.credit.keeping import Keeping, drawn, weights_of
from crowdsft.core.events import ContributionsKept, Gain, OtherPart
from crowdsft.core.seeds import derive_rng, derive_seed
from crowdsft.rounds.resources import Resources, training_options
from crowdsft.rounds.store import ContributionRow
from crowdsft.training.base import Credit, Example, GroupData

if TYPE_CHECKING:
    from crowdsft.training.models import LoadedModel

EXAMPLE_PASSES = 96
"""Examples that the copy which judges contributions is trained on, repetitions included; more if there are more."""
TRUSTED_STEPS = 2
"""A model says something about contributions when it has moved this many times; the first merge has seen too little."""

Floats = NDArray[np.float64]
Texts = Mapping[str, ContributionRow]


def keep_contributions(
    state: CampaignState, texts: Texts, resources: Resources, *, answers: Sequence[Example]
) -> ContributionsKept:
    """Measure the round's contributions, and choose the best of all so far.

    Args:
        texts: Of all rounds so far, by identifier; those of people who left may be missing.
        answers: The expert examples as answers to the campaign's prompts.
    """
    training, current = state.plan.training, state.current
    yardstick = None
    if training.keep == "examples":
        yardstick = _yardstick(state, resources, answers)
        gains = _by_examples(state, texts, resources, yardstick)
    else:
        gains = _by_models(state, texts, resources)
    archive = archive_of(state.rounds, measured=gains)
    shares = shares_of(state) if training.keep == "values" else {}
    scores = scores_of(archive, shares, by_examples=training.keep == "examples")
    is_kept = Keeping(training.keep_share, training.keep_floor).kept(scores)
    kept = tuple(name for name, is_best in zip(archive.ids, is_kept, strict=True) if is_best)
    return ContributionsKept(current.number, tuple(gains), kept, yardstick)


def kept_parts(state: CampaignState) -> dict[str, float]:
    """What part of the round's training each contributor's work has, if all groups were one."""
    current, archive = state.current, archive_of(state.rounds)
    weights = _weights(state, archive)
    parts = dict.fromkeys(current.contributors, 0.0)
    for name, weight in zip(archive.contributors, weights, strict=True):
        if name in parts:
            parts[name] += float(weight)
    return parts


def kept_data(
    state: CampaignState, texts: Texts, *, answers: Sequence[Example], expert_answers: tuple[Example, ...]
) -> list[GroupData]:
    """What each group trains on: its own new contributions and everybody's older ones, drawn by what is kept.

    All groups train equally long: as often as an even part of the round's contributions would be seen.

    Args:
        answers: Expert examples to learn from, each of which counts as a kept contribution.
        expert_answers: What credit is measured on.
    """
    settings, current = state.plan, state.current
    archive = archive_of(state.rounds).only(set(texts))
    weights = _weights(state, archive)
    count = settings.training.passes * math.ceil(len(current.contributions or ()) / len(current.groups))
    handed_in = {ref.id: ref.contributor for ref in current.contributions or ()}
    examples = [
        *(
            Example(texts[name].prompt, texts[name].response, texts[name].weight, author)
            for name, author in zip(archive.ids, archive.contributors, strict=True)
        ),
        *answers,
    ]
    data = []
    for group, members in enumerate(current.groups):
        is_own = [name not in handed_in or handed_in[name] in members for name in archive.ids]
        own = np.where(is_own, weights, 0.0)
        if own.sum() > 0:
            own *= settings.training.keep_share * len(archive.ids) / own.sum()
        rng = derive_rng(settings.campaign.seed, current.number, group, "kept")
        weighed = np.concatenate([own, np.ones(len(answers))])
        rows = drawn(weighed, count, rng) if weighed.any() else ()  # everybody left: the backend says so
        seed = derive_seed(settings.campaign.seed, current.number, group, "train")
        data.append(GroupData(group, tuple(examples[row] for row in rows), seed, expert_answers))
    return data


def _weights(state: CampaignState, archive: Archive) -> Floats:
    assert state.current.kept is not None
    kept = set(state.current.kept.kept)
    is_kept = np.array([name in kept for name in archive.ids], dtype=bool)
    return weights_of(is_kept, floor=state.plan.training.keep_floor)


def parts_of(
    members: Sequence[str], examples: Sequence[Example], measured: Sequence[Credit]
) -> tuple[tuple[float, ...], tuple[OtherPart, ...]]:
    """The members' parts of a training, and those of others; expert examples are nobody's and do not count."""
    counts: dict[str, float] = {}
    for example in examples:
        if example.contributor:
            counts[example.contributor] = counts.get(example.contributor, 0.0) + example.weight
    whole = sum(counts.values())
    if not whole:  # a few draws, all of expert examples: nobody's work tells members apart
        return (1 / len(members),) * len(members), ()
    gains = {credit.contributor: credit.gain for credit in measured}
    others = tuple(
        OtherPart(name, count / whole, gains.get(name, 0.0))
        for name, count in sorted(counts.items())
        if name not in members
    )
    return tuple(counts.get(name, 0.0) / whole for name in members), others


# Measuring


def _by_examples(state: CampaignState, texts: Texts, resources: Resources, yardstick: str) -> list[Gain]:
    """The gains of all contributions that nobody has measured yet."""
    known = {gain.id for past in state.rounds if past.kept is not None for gain in past.kept.gains}
    rows = [row for name, row in texts.items() if name not in known]
    first = resources.base(state.plan, ())
    before = _likelihoods(state, resources, first, None, rows)
    after = _likelihoods(state, resources, first, resources.artifacts.adapter(yardstick), rows)
    return _gains(rows, before, after)


def _by_models(state: CampaignState, texts: Texts, resources: Resources) -> list[Gain]:
    """The gains of the last round's contributions, measured again, and of the round's own."""
    past = next((past for past in state.rounds[-2:-1] if past.kept is not None), None)
    again = [] if past is None else _rows(past, texts)
    new = _rows(state.current, texts) if len(state.current.lineage) >= TRUSTED_STEPS else []
    before = _likelihoods(state, resources, resources.base(state.plan, ()), None, [*again, *new])
    gains = []
    if past is not None:
        after = _by_the_others(state, past, again, resources)
        gains += _gains(again, before[: len(again)], after)
    base = resources.base(state.plan, state.current.lineage)
    return gains + _gains(new, before[len(again) :], _likelihoods(state, resources, base, None, new))


def _by_the_others(
    state: CampaignState, past: RoundState, rows: Sequence[ContributionRow], resources: Resources
) -> Floats:
    """Likelihoods of a round's contributions under the mean of the candidates that were not trained on them."""
    from crowdsft.training.merging import merge_adapters

    base, found = resources.base(state.plan, past.lineage), np.zeros(len(rows))
    for group, members in enumerate(past.groups):
        places = [place for place, row in enumerate(rows) if row.contributor in members]
        others = [
            resources.artifacts.adapter(candidate.adapter)
            for candidate in past.candidates
            if candidate.group != group
        ]
        with tempfile.TemporaryDirectory() as scratch:
            mean, _ = merge_adapters(others, [1 / len(others)] * len(others), output=Path(scratch))
            found[places] = _likelihoods(state, resources, base, mean, [rows[place] for place in places])
    return found


def _rows(past: RoundState, texts: Texts) -> list[ContributionRow]:
    return [texts[ref.id] for ref in past.contributions or () if ref.id in texts]


def _likelihoods(
    state: CampaignState,
    resources: Resources,
    base: LoadedModel,
    adapter: Path | None,
    rows: Sequence[ContributionRow],
) -> Floats:
    """float64[m]: mean log-likelihood per token of each contribution."""
    from crowdsft.training.likelihood import likelihoods_of_responses

    if not rows:
        return np.zeros(0)
    resources.report(f"reading {len(rows)} contributions", 0.5)
    pairs = [(row.prompt, row.response) for row in rows]
    (found,) = likelihoods_of_responses(base, [adapter], pairs, max_tokens=state.plan.training.max_tokens)
    return found


def _gains(rows: Sequence[ContributionRow], before: Floats, after: Floats) -> list[Gain]:
    return [Gain(row.id, float(gain)) for row, gain in zip(rows, after - before, strict=True)]


def _yardstick(state: CampaignState, resources: Resources, answers: Sequence[Example]) -> str:
    """The adapter of a copy of the first base that learnt the expert examples; trained once in a campaign."""
    known = [past.kept.yardstick for past in state.rounds if past.kept is not None and past.kept.yardstick]
    if known:
        return known[-1]
    resources.report("training a copy on the expert examples, to judge contributions by", 0.0)
    base = resources.base(state.plan, ())
    rows = [answers[place % len(answers)] for place in range(max(EXAMPLE_PASSES, len(answers)))]
    parameters = sum(parameter.numel() for parameter in base.model.parameters())
    options = replace(training_options(state.plan, parameters=parameters), passes=1)
    seed = derive_seed(state.plan.campaign.seed, "yardstick")
    (trained,) = resources.backend(state.plan).train(
        base, [GroupData(0, tuple(rows), seed)], options=options, output=resources.artifacts.root
    )
    resources.artifacts.keep_adapter(trained.digest)
    return trained.digest
