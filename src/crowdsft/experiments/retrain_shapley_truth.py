"""The truth: every coalition of a world's contributors retrained from the base, all of them batched."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.seeds import derive_seed
from crowdsft.core.valuation.designs import all_coalitions
from crowdsft.experiments.retrain_shapley_worlds import EXPERT_ANSWERS, World, expert_answers, rows_of
from crowdsft.training.base import Example, GroupData, TrainingOptions
from crowdsft.training.chat_examples import tokenise_examples
from crowdsft.training.models import LoadedModel
from crowdsft.training.multi_lora.backend import MultiLora

Floats = NDArray[np.float64]
Coalitions = NDArray[np.bool_]

OPTIONS = TrainingOptions(
    rank=8, alpha=16, learning_rate=3e-4, b_rate_ratio=8, passes=2, batch_size=8, max_tokens=128
)
"""How everything in this experiment is trained.

Gentler than campaigns of the built-in model are by default: those make it write like its contributors, and
raise its loss on answers that it has not seen, whoever contributes. Then there is no gain to share.
"""

ADAPTERS_AT_ONCE = 48


def base_loss(base: LoadedModel, answers: Sequence[Example]) -> float:
    """The base's mean loss per response token on the expert answers."""
    from crowdsft.training.likelihood import response_log_likelihoods

    pairs = [(answer.prompt, answer.response) for answer in answers]
    return -response_log_likelihoods(base, [None], pairs, max_tokens=OPTIONS.max_tokens)[0]


def retrained_table(
    base: LoadedModel, world: World, *, seed: int, progress: Callable[[str], None] = lambda _: None
) -> Floats:
    """float64[2^8]: what each coalition's training lowers the loss on the expert answers by, in nats per token.

    Bit i of a place is contributor i; place 0, nobody, is worth 0. Every coalition starts from random numbers of
    its own: a Shapley value is a mean over 128 differences, so that one training's luck hardly matters, while
    the luck of a start that all share would stay.

    Args:
        seed: Fixes the adapters' starts and the orders of the rows.
    """
    coalitions = all_coalitions(len(world.seats))
    values = np.zeros(len(coalitions))
    order = np.argsort(-coalitions.sum(axis=1), kind="stable")[:-1]  # nobody is the last
    for start in range(0, len(order), ADAPTERS_AT_ONCE):
        places = order[start : start + ADAPTERS_AT_ONCE]
        seeds = [derive_seed(world.seed, "retraining", seed, int(place)) for place in places]
        values[places] = gains(base, world, coalitions[places], seeds=seeds)
        progress(
            f"{world.name}: {min(start + ADAPTERS_AT_ONCE, len(order))} of {len(order)} coalitions retrained"
        )
    return values


def gains(base: LoadedModel, world: World, coalitions: Coalitions, *, seeds: Sequence[int]) -> Floats:
    """float64[m]: the gains of the given coalitions bool[m, n], none of them empty, trained side by side."""
    rows, answers = rows_of(world), expert_answers(world)
    groups = [
        GroupData(
            number,
            tuple(row for member in np.flatnonzero(coalition) for row in rows[member]),
            seeds[number],
        )
        for number, coalition in enumerate(coalitions)
    ]
    tokenised = tokenise_examples(base.tokenizer, answers, max_tokens=OPTIONS.max_tokens)
    with MultiLora().trained(base, groups, options=OPTIONS) as together:
        losses = together.held_out_losses(tokenised)
    return base_loss(base, answers) - np.array(losses)


def kept_table(
    folder: Path,
    base: LoadedModel,
    world: World,
    *,
    seed: int,
    progress: Callable[[str], None] = lambda _: None,
) -> Floats:
    """`retrained_table`, read from `folder` where it was made before, so that a broken-off run goes on."""
    told = repr((world, OPTIONS, EXPERT_ANSWERS, seed))
    digest = hashlib.sha256(told.encode()).hexdigest()
    file = folder / f"{world.name.replace(' ', '-')}-seed{seed}.json"
    if file.exists():
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["digest"] == digest:
            return np.array(kept["values"])
    began = time.process_time()
    values = retrained_table(base, world, seed=seed, progress=progress)
    seconds = time.process_time() - began
    folder.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(
        json.dumps({"digest": digest, "seconds": seconds, "values": values.tolist()}), encoding="utf-8"
    )
    partial.replace(file)
    progress(f"{world.name}: every coalition retrained with seed {seed} in {seconds:.0f} s of processor time")
    return values
