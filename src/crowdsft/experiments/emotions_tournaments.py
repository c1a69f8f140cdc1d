"""The tournaments: the paper's, a chain without selection, and ours in the two settings.

*Values only*: a tournament sees the values of its candidates and the contributions' texts, nothing else.
*Expert examples*: it also sees the hundred examples that the target was made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from crowdsft.core.credit.comment_scores import Scoring
from crowdsft.core.credit.keeping import Keeping, drawn
from crowdsft.core.credit.value_shares import shares_from_values
from crowdsft.core.grouping import GROUPINGS
from crowdsft.core.weighting import ExponentiatedGradient, no_merit
from crowdsft.experiments.emotions_arms import (
    CANDIDATE_PASSES,
    GROUPS,
    ROUND_PASSES,
    State,
    on_target,
    rate_of,
    state_of,
    trained_at_once,
)
from crowdsft.experiments.emotions_bench import Bench, Stack
from crowdsft.experiments.emotions_cell import CONTRIBUTORS, Floats, Indices

PAPER_OUTPUTS: Final = 50
CHOOSING_OUTPUTS: Final = 100
SINGLE_OUTPUTS: Final = 40  # of each of the twelve candidates of one contributor each
MERGE_TEMPERATURE: Final = 0.12  # distance at which a candidate counts e times less in a merge
EXPERT_PASSES: Final = 96
VALUES_SCORING: Final = Scoring()
EXPERT_SCORING: Final = Scoring(own=1.0, contributor=1.0)
KEEPING: Final = Keeping()
LEARNING: Final = ExponentiatedGradient(rate=1.0, least_effective_share=0.25)


@dataclass(slots=True)
class Archive:
    """All contributions so far.

    Args:
        texts, contributors, rounds: m each.
        gains: NaN where not measured.
    """

    texts: list[str] = field(default_factory=list)
    contributors: list[int] = field(default_factory=list)
    rounds: list[int] = field(default_factory=list)
    gains: list[float] = field(default_factory=list)

    def add(self, bench: Bench, number: int, gains: Floats | None = None) -> None:
        """Take in round `number`."""
        new = bench.cell.rounds[number - 1]
        self.texts += new.texts
        self.contributors += new.contributors.tolist()
        self.rounds += [number] * len(new.texts)
        self.gains += [float("nan")] * len(new.texts) if gains is None else gains.tolist()

    def drawn(self, weights: Floats, count: int, rng: np.random.Generator) -> list[str]:
        """Texts in proportion to weights."""
        return [self.texts[index] for index in drawn(weights, count, rng)]

    def by(self) -> Indices:
        """int64[m]: contributors."""
        return np.array(self.contributors, dtype=np.int64)


def paper_tournament(bench: Bench, reported: Sequence[int]) -> list[State]:
    """Three random groups, 50 outputs each with their own chance; the nearest becomes the base, always."""
    stack: Stack = ()
    states = []
    for number in range(1, max(reported) + 1):
        candidates = bench.train(stack, _random_groups(bench, "paper", number))
        distances = bench.distances(stack, candidates, PAPER_OUTPUTS, "paper", number, common=False)
        stack = candidates[int(np.argmin(distances.mean(axis=1)))]
        if number in reported:
            states.append(state_of(bench, "paper", number, stack))
    return states


def random_chain(bench: Bench, reported: Sequence[int]) -> list[State]:
    """The same with a winner by lot: steps without selection. Losers are counted, though nobody trains them."""
    stack: Stack = ()
    states = []
    for number in range(1, max(reported) + 1):
        groups = _random_groups(bench, "random chain", number)
        (stack,) = bench.train(stack, groups[:1], rate=rate_of(number))
        bench.passes.training += (GROUPS - 1) * CANDIDATE_PASSES
        if number in reported:
            states.append(state_of(bench, "random_chain", number, stack))
    return states


def _random_groups(bench: Bench, arm: str, number: int) -> list[list[str]]:
    """Three random groups' comments of a round, each comment three times. Groups are in random order."""
    new = bench.cell.rounds[number - 1]
    group_of = bench.cell.key.rng_for(arm, number).permutation(CONTRIBUTORS) % GROUPS
    repeats = ROUND_PASSES // len(new.texts)
    return [
        [text for text, by in zip(new.texts, new.contributors, strict=True) if group_of[by] == group]
        * repeats
        for group in range(GROUPS)
    ]


def learnt_weights(bench: Bench, reported: Sequence[int], *, control: bool) -> list[State]:
    """Values only, contributors only: exponentiated gradient on effects estimated from all rounds' values.

    Three groups by the balanced design; a candidate learns from all that its members have written so far, in
    proportion to their weights. The best of the candidates and of two merges becomes the base.
    """
    key = bench.cell.key
    merit, archive = no_merit(1, CONTRIBUTORS), Archive()
    stack: Stack = ()
    equal = np.ones((1, CONTRIBUTORS))
    states = []
    for number in range(1, max(reported) + 1):
        archive.add(bench, number)
        rng = key.rng_for("learnt weights", number)
        weights = LEARNING.weights(equal, merit.sums)[0]
        group_of = GROUPINGS.make("balanced_design").assign(
            equal, groups=GROUPS, round_number=number, rounds=max(reported), rng=rng, history=merit.design
        )[0]
        by = archive.by()
        member = group_of == np.arange(GROUPS)[:, None]
        groups = [archive.drawn(np.where(row, weights, 0.0)[by], CANDIDATE_PASSES, rng) for row in member]
        candidates = bench.train(stack, groups, rate=rate_of(number))
        distances = bench.distances(stack, candidates, CHOOSING_OUTPUTS, "learnt", number).mean(axis=1)
        merges = [
            bench.merge(candidates, [1 / GROUPS] * GROUPS),
            bench.merge(candidates, _merge_weights(distances)),
        ]
        of_merges = bench.distances(stack, merges, CHOOSING_OUTPUTS, "learnt", number).mean(axis=1)
        stack = [*candidates, *merges][int(np.argmin([*distances, *of_merges]))]
        rows = np.where(member, weights, 0.0)
        merit = merit.after(-distances[None], (rows / rows.sum(axis=1, keepdims=True))[None])
        if number in reported:
            weights_now = LEARNING.weights(equal, merit.sums)[0][by]
            states.append(
                state_of(
                    bench,
                    "learnt_weights",
                    number,
                    stack,
                    on_target=on_target(bench, archive.texts, weights_now),
                )
            )
            if control and number == max(reported):
                states.append(
                    _pooled_control(bench, "pooled_learnt_weights", archive.texts, weights_now, number)
                )
    return states


def values_tournament(bench: Bench, reported: Sequence[int], *, control: bool) -> list[State]:
    """Values only: groups of one tell who helps; then the tournament's own models tell which comments do.

    Round 1: twelve candidates of one contributor each, a quarter of a candidate's passes each, so that the
    round costs what three groups do. Their values give each contributor's share, and their merge by value is
    the next base. Later rounds: each new comment's gain in likelihood from the first base to the current one;
    the best quarter of all comments so far is trained on by three candidates, each with its own group's new
    comments and everybody's old ones; the best of them and of their mean becomes the base. A round's gains
    are then measured again by the candidates that have not seen the comment.
    """
    archive = Archive()
    archive.add(bench, 1)
    shares, stack = _first_round(bench)
    states = []
    weights = _values_weights(archive, shares)
    if 1 in reported:
        states.append(state_of(bench, "values", 1, stack))
    for number in range(2, max(reported) + 1):
        new = bench.cell.rounds[number - 1]
        gains = bench.gains(stack, new.texts) if number > 2 else None  # the first merge has seen too little
        archive.add(bench, number, gains)
        weights = _values_weights(archive, shares)
        group_of = _dealt(weights, archive.by(), bench.cell.key.rng_for("values groups", number))
        base = stack
        candidates, stack = _filtered_round(bench, "values", number, base, archive, weights, group_of)
        _measure_again(bench, archive, number, candidates, group_of)
        if number in reported:
            weights_now = _values_weights(archive, shares)
            part = on_target(bench, archive.texts, weights_now)
            states.append(state_of(bench, "values", number, stack, on_target=part))
            if control:
                states.append(_pooled_control(bench, "pooled_values", archive.texts, weights_now, number))
    return states


def _first_round(bench: Bench) -> tuple[Floats, Stack]:
    new = bench.cell.rounds[0]
    repeats = ROUND_PASSES // len(new.texts)
    groups = [
        [text for text, by in zip(new.texts, new.contributors, strict=True) if by == one] * repeats
        for one in range(CONTRIBUTORS)
    ]
    singles = bench.train((), groups)
    distances = bench.distances((), [(), *singles], SINGLE_OUTPUTS, "singles").mean(axis=1)
    shares = shares_from_values(-distances[1:], base=-distances[0], best=0.0)
    return shares, bench.merge(singles, _merge_weights(distances[1:]))


def _values_weights(archive: Archive, shares: Floats) -> Floats:
    scores = VALUES_SCORING.scores(
        archive.gains, rounds=np.array(archive.rounds), contributors=archive.by(), shares=shares
    )
    return KEEPING.weights(scores)


def _measure_again(
    bench: Bench, archive: Archive, number: int, candidates: list[Stack], group_of: Indices
) -> None:
    """The gains of round `number`'s comments by the mean of the two candidates that were not trained on them."""
    start = archive.rounds.index(number)
    new = bench.cell.rounds[number - 1]
    for group in range(GROUPS):
        others = [candidate for place, candidate in enumerate(candidates) if place != group]
        mean = bench.merge(others, [1 / len(others)] * len(others))
        places = np.flatnonzero(group_of[new.contributors] == group)
        for place, gain in zip(
            places, bench.gains(mean, [new.texts[place] for place in places]), strict=True
        ):
            archive.gains[start + place] = float(gain)


def expert_tournament(
    bench: Bench, reported: Sequence[int], *, arm: str, with_examples: bool, control: bool
) -> list[State]:
    """Expert examples: a copy trained on them says which comments help.

    The gain of a comment is its likelihood under that copy against the first base; its score adds the mean of
    its contributor. The rest is as in `values_tournament`.

    Args:
        with_examples: Whether candidates also train on the examples themselves.
    """
    archive = Archive()
    stack: Stack = ()
    examples = bench.cell.expert_examples
    (copy,) = bench.train((), [[examples[place % len(examples)] for place in range(EXPERT_PASSES)]])
    extra = examples if with_examples else ()
    states = []
    for number in range(1, max(reported) + 1):
        archive.add(bench, number, bench.gains(copy, bench.cell.rounds[number - 1].texts))
        flat = np.full(CONTRIBUTORS, 0.5)
        scores = EXPERT_SCORING.scores(
            archive.gains,
            rounds=np.zeros(len(archive.texts), np.int64),
            contributors=archive.by(),
            shares=flat,
        )
        weights = KEEPING.weights(scores)
        group_of = _dealt(weights, archive.by(), bench.cell.key.rng_for(arm, "groups", number))
        _, stack = _filtered_round(bench, arm, number, stack, archive, weights, group_of, extra=extra)
        if number in reported:
            part = on_target(bench, archive.texts, weights)
            states.append(state_of(bench, arm, number, stack, on_target=part))
            if control and (with_examples or number == max(reported)):
                texts, shared = (
                    [*archive.texts, *extra],
                    _with_examples(weights, len(archive.texts), len(extra)),
                )
                states.append(
                    _pooled_control(bench, f"pooled_{arm}", texts, shared, number, extra=EXPERT_PASSES)
                )
    return states


def _filtered_round(
    bench: Bench,
    arm: str,
    number: int,
    base: Stack,
    archive: Archive,
    weights: Floats,
    group_of: Indices,
    *,
    extra: Sequence[str] = (),
) -> tuple[list[Stack], Stack]:
    """Train three candidates on their groups' new and everybody's old comments; the candidates and the best."""
    rng = bench.cell.key.rng_for(arm, "comments", number)
    by, is_old = archive.by(), np.array(archive.rounds) < number
    texts = [*archive.texts, *extra]
    groups = []
    for group in range(GROUPS):
        own = np.where(is_old | (group_of[by] == group), weights, 0.0)
        shared = _with_examples(own / own.sum(), len(archive.texts), len(extra))
        groups.append([texts[index] for index in drawn(shared, CANDIDATE_PASSES, rng)])
    candidates = bench.train(base, groups, rate=rate_of(number))
    contenders = [*candidates, bench.merge(candidates, [1 / GROUPS] * GROUPS)]
    distances = bench.distances(base, contenders, CHOOSING_OUTPUTS, arm, number).mean(axis=1)
    return candidates, contenders[int(np.argmin(distances))]


def _with_examples(weights: Floats, comments: int, examples: int) -> Floats:
    """Weights of comments (sum 1) and examples, such that a kept comment counts as much as an example."""
    return np.concatenate([weights * KEEPING.share * comments, np.ones(examples)])


def _dealt(weights: Floats, by: Indices, rng: np.random.Generator) -> Indices:
    """int64[12]: three groups with about equal parts of the training: ranked by weight and dealt in threes."""
    total = np.bincount(by, weights, minlength=CONTRIBUTORS)
    order = np.argsort(-total, kind="stable")
    groups = np.empty(CONTRIBUTORS, dtype=np.int64)
    for start in range(0, CONTRIBUTORS, GROUPS):
        groups[order[start : start + GROUPS]] = rng.permutation(GROUPS)
    return groups


def _merge_weights(distances: Floats) -> list[float]:
    """Of sum 1; the nearest counts most."""
    weights = np.exp(-(distances - distances.min()) / MERGE_TEMPERATURE)
    return [float(weight) for weight in weights / weights.sum()]


def _pooled_control(
    bench: Bench, arm: str, texts: Sequence[str], weights: Floats, rounds: int, *, extra: int = 0
) -> State:
    """One training from the base on the tournament's own final weights, as many passes as the tournament.

    What the weights cost to learn is not counted: the control gets them for nothing.
    """
    passes = rounds * ROUND_PASSES + extra
    before = bench.passes.training, bench.passes.outputs, bench.passes.scored
    state = trained_at_once(bench, arm, texts, weights, rounds=rounds, passes=passes)
    bench.passes.training, bench.passes.outputs, bench.passes.scored = before
    return state
