"""Ways to find out what eight contributors are worth, each much cheaper than retraining every coalition."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.evidence import RoundRecord
from crowdsft.core.rewards import DecodedShapley, RewardPolicy, RidgeHistory
from crowdsft.core.rewards.in_run_split import member_values
from crowdsft.core.seeds import derive_rng, derive_seed
from crowdsft.experiments.retrain_shapley_truth import OPTIONS, base_loss, gains
from crowdsft.experiments.retrain_shapley_worlds import (
    CONTRIBUTORS,
    World,
    contributor_name,
    expert_answers,
    rows_of,
)
from crowdsft.training.base import CreditRule, GroupData, TrainedCandidate
from crowdsft.training.chat_examples import tokenise_examples
from crowdsft.training.group_shapley import MinusLoss, group_shapley
from crowdsft.training.models import LoadedModel
from crowdsft.training.multi_lora.backend import MultiLora

Floats = NDArray[np.float64]
Parts = Sequence[Sequence[int]]

EVERYBODY: Final[Parts] = (tuple(range(CONTRIBUTORS)),)
GROUPS: Final = 2
ROUNDS: Final = 4
CREDIT_EVERY, CREDIT_ROWS = 2, 4


@dataclass(frozen=True, slots=True)
class Method:
    """A way to value contributors.

    Args:
        key: Its name in results.
        words: What it is, for readers.
        trainings: How many times everybody's rows are trained on.
        values: From base, world and seed to float64[8].
        seeds: How many seeds it is tried with at most.
    """

    key: str
    words: str
    trainings: float
    values: Callable[[LoadedModel, World, int], Floats]
    seeds: int = 3


def in_run(
    base: LoadedModel,
    world: World,
    seed: int,
    *,
    parts: Parts = EVERYBODY,
    rule: CreditRule = "mean_gradients",
) -> Floats:
    """Credit measured while `parts` train, float64[8]."""
    return _credits(train(base, world, parts, seed=seed, rule=rule)[0])


def in_run_of_groups(base: LoadedModel, world: World, seed: int) -> Floats:
    """Credit measured while two groups of four train."""
    return in_run(base, world, seed, parts=random_groups(world, seed, 0))


def split(base: LoadedModel, world: World, seed: int) -> Floats:
    """Two groups of four, valued by merging them, their values split by credit."""
    parts = random_groups(world, seed, 0)
    candidates, group_values = train(base, world, parts, seed=seed, rule="mean_gradients", value_groups=True)
    credit, values = _credits(candidates), np.zeros(CONTRIBUTORS)
    for part, value in zip(parts, group_values, strict=True):
        values[list(part)] = member_values(value, credit[list(part)])
    return values


def merged(base: LoadedModel, world: World, seed: int) -> Floats:
    """Everybody trains alone; Shapley values of merging the eight adapters."""
    return train(base, world, [[i] for i in range(CONTRIBUTORS)], seed=seed, value_groups=True)[1]


def solo(base: LoadedModel, world: World, seed: int) -> Floats:
    """What training on one contributor's rows alone gains."""
    return gains(base, world, np.eye(CONTRIBUTORS, dtype=bool), seeds=_seeds(world, seed, CONTRIBUTORS))


def leave_one_out(base: LoadedModel, world: World, seed: int) -> Floats:
    """What training on everybody's rows loses without one contributor's."""
    coalitions = np.concatenate([np.ones((1, CONTRIBUTORS), bool), ~np.eye(CONTRIBUTORS, dtype=bool)])
    found = gains(base, world, coalitions, seeds=_seeds(world, seed, len(coalitions)))
    return np.asarray(found[0] - found[1:])


def by_policy(policy: RewardPolicy) -> Callable[[LoadedModel, World, int], Floats]:
    """A reward policy's estimates after four rounds of two random groups from the same base."""

    def values(base: LoadedModel, world: World, seed: int) -> Floats:
        history = [_record(base, world, seed, number) for number in range(ROUNDS)]
        settled = policy.settle(
            history,
            balances={},
            budget_per_round=1_000_000,
            utility=SummedGains(),
            seed=world.seed,
            closing=True,
        )
        return np.array([award.estimate for award in settled.awards], dtype=np.float64)

    return values


class SummedGains:
    """The utility of an embedding whose coordinates are gains on single answers: their sum."""

    def __call__(self, embeddings: Floats, /) -> Floats:
        """float64[...] for embeddings float64[..., d]."""
        return np.asarray(embeddings.sum(axis=-1))

    def gradient(self, embeddings: Floats, /) -> Floats:
        """float64[..., d] for embeddings float64[..., d]."""
        return np.ones_like(embeddings)


METHODS: Final[tuple[Method, ...]] = (
    Method("in_run", "Credit in the run, mean gradients, one group", 1, in_run),
    Method("in_run_groups", "Credit in the run, mean gradients, two groups", 1, in_run_of_groups),
    Method("split", "Two groups merged, split by credit in the run", 1, split),
    Method(
        "adam_steps",
        "Credit in the run, Adam's steps, one group",
        1,
        lambda base, world, seed: in_run(base, world, seed, rule="adam_steps"),
    ),
    Method("solo", "Each trained alone", 1, solo),
    Method("merged", "Each trained alone, all merges valued", 1, merged, seeds=1),
    Method("ridge", "Ridge over values of four rounds", ROUNDS, by_policy(RidgeHistory()), seeds=1),
    Method(
        "decoded",
        "Decoded from four rounds' answers",
        ROUNDS,
        by_policy(DecodedShapley(cluster_radius=0.0)),
        seeds=1,
    ),
    Method("leave_one_out", "Everybody but one", CONTRIBUTORS, leave_one_out, seeds=1),
)


def random_groups(world: World, seed: int, number: int) -> Parts:
    """Two groups of four at random; `number` counts rounds."""
    order = derive_rng(world.seed, "groups", seed, number).permutation(CONTRIBUTORS)
    return [sorted(map(int, order[start::GROUPS])) for start in range(GROUPS)]


def train(
    base: LoadedModel,
    world: World,
    parts: Parts,
    *,
    seed: int,
    rule: CreditRule | None = None,
    value_groups: bool = False,
) -> tuple[list[TrainedCandidate], Floats]:
    """Candidates of `parts`, with credit where there is a rule, and, if wanted, Shapley values of merging them."""
    rows, answers = rows_of(world), expert_answers(world)
    groups = [
        GroupData(
            number,
            tuple(row for member in part for row in rows[member]),
            derive_seed(world.seed, "method", seed, *part),
            answers,
        )
        for number, part in enumerate(parts)
    ]
    options = OPTIONS
    if rule is not None:
        options = replace(options, credit_every=CREDIT_EVERY, credit_rows=CREDIT_ROWS, credit_rule=rule)
    with tempfile.TemporaryDirectory() as folder:
        candidates = MultiLora().train(base, groups, options=options, output=Path(folder))
        if not value_groups:
            return candidates, np.zeros(0)
        found = group_shapley(
            base,
            [candidate.adapter for candidate in candidates],
            MinusLoss(answers, OPTIONS.max_tokens),
            weights=[float(len(group.examples)) for group in groups],
            rng=derive_rng(world.seed, "merging"),
        )
    return candidates, found.values


def _credits(candidates: Sequence[TrainedCandidate]) -> Floats:
    gained = {credit.contributor: credit.gain for each in candidates for credit in each.credits}
    return np.array([gained[contributor_name(place)] for place in range(CONTRIBUTORS)])


def _record(base: LoadedModel, world: World, seed: int, number: int) -> RoundRecord:
    """One round of two groups: each candidate's gain on every answer, so that the gains of all add up."""
    rows, answers, parts = rows_of(world), expert_answers(world), random_groups(world, seed, number)
    groups = [
        GroupData(
            group,
            tuple(row for member in part for row in rows[member]),
            derive_seed(world.seed, "round", seed, number, *part),
        )
        for group, part in enumerate(parts)
    ]
    tokenised = tokenise_examples(base.tokenizer, answers, max_tokens=OPTIONS.max_tokens)
    lengths = np.array([answer.response_length for answer in tokenised], dtype=np.float64)
    before = np.array([base_loss(base, [answer]) for answer in answers])
    with MultiLora().trained(base, groups, options=OPTIONS) as together:
        after = np.array([together.held_out_losses([answer]) for answer in tokenised])
    embeddings = ((before[:, None] - after) * (lengths / lengths.sum())[:, None]).T
    weights = np.array([[float(member in part) for member in range(CONTRIBUTORS)] for part in parts])
    return RoundRecord(
        round_number=number + 1,
        contributors=tuple(contributor_name(place) for place in range(CONTRIBUTORS)),
        weights=weights / weights.sum(axis=1, keepdims=True),
        base_value=0.0,
        values=embeddings.sum(axis=1),
        winner=None,
        significant=True,
        base_embedding=np.zeros(len(answers)),
        embeddings=embeddings,
    )


def _seeds(world: World, seed: int, count: int) -> list[int]:
    return [derive_seed(world.seed, "method", seed, "coalition", place) for place in range(count)]
