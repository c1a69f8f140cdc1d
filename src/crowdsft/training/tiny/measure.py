"""Figures about the built-in model: is it fluent, is it balanced, can it be steered?"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch

from crowdsft.core.seeds import derive_rng, derive_seed
from crowdsft.embedding import EMBEDDINGS
from crowdsft.training.base import Example, GroupData, TrainingOptions
from crowdsft.training.fitting import fit, one_thread, plan_batches
from crowdsft.training.models import LoadedModel
from crowdsft.world import EMOTIONS, PROMPTS, expert_comments, label_scores

NEW_TOKENS: Final = 32
UNSEEN_PROMPTS: Final = (
    "Compose a brief remark, would you?",
    "Was gibt es Neues?",
    "Explain photosynthesis to a sailor.",
    "1 + 1 =",
)
"""Prompts unlike any in training: a campaign may ask anything."""
STEERING_RATES: Final = (1e-3, 2e-3)
"""Learning rates of full fine-tuning: with the first it moves carefully, with the second most of the way."""


@dataclass(frozen=True, slots=True)
class Fluency:
    """What the model writes when nobody steers it.

    Args:
        parsed: Share of the outputs that the grammar accepts.
        ended: Share that ended by themselves within the token limit.
        distinct: Share of different texts among the outputs.
        shares: For each emotion its share of the accepted outputs.
    """

    parsed: float
    ended: float
    distinct: float
    shares: dict[str, float]


@dataclass(frozen=True, slots=True)
class Steering:
    """Mean distance of outputs to an emotion's target, before and after fine-tuning on its comments."""

    emotion: str
    learning_rate: float
    before: float
    after: float
    parsed_after: float


def measure_fluency(
    base: LoadedModel, *, outputs: int = 500, seed: int = 0, prompts: Sequence[str] = PROMPTS
) -> Fluency:
    """Samples `outputs` answers to `prompts` in turn, at temperature 1."""
    texts, ended = sample(base, [prompts[row % len(prompts)] for row in range(outputs)], seed=seed)
    scores = label_scores(texts)
    accepted = scores.sum()
    by_emotion = scores.sum(axis=0) / max(accepted, 1.0)
    shares = {name: float(share) for name, share in zip(EMOTIONS, by_emotion, strict=True)}
    return Fluency(float(accepted) / outputs, ended, len(set(texts)) / outputs, shares)


def measure_steering(
    base: LoadedModel, emotion: str, *, learning_rate: float = 1e-3, outputs: int = 200, seed: int = 0
) -> Steering:
    """Fine-tunes a copy on 100 comments of `emotion` and measures outputs of both against their mean."""
    wanted = expert_comments(emotion, 100, derive_rng(seed, "expert comments", emotion))
    embedding = EMBEDDINGS.make("emotions")
    target = embedding.embed(wanted).mean(axis=0)
    tuned = fine_tuned(base, wanted, learning_rate=learning_rate, seed=derive_seed(seed, "steering", emotion))
    prompts = [PROMPTS[row % len(PROMPTS)] for row in range(outputs)]
    distances: list[float] = []
    texts: list[str] = []
    for model in (base, tuned):
        texts, _ = sample(model, prompts, seed=derive_seed(seed, "outputs", emotion))
        distances.append(float(np.linalg.norm(embedding.embed(texts) - target, axis=1).mean()))
    parsed = float(label_scores(texts).sum()) / outputs
    return Steering(emotion, learning_rate, distances[0], distances[1], parsed)


def fine_tuned(base: LoadedModel, comments: Sequence[str], *, learning_rate: float, seed: int) -> LoadedModel:
    """A copy of `base` after full fine-tuning on comments as answers to the sample prompts, each seen once."""
    answers = [Example(PROMPTS[row % len(PROMPTS)], text) for row, text in enumerate(comments)]
    group = GroupData(0, tuple(answers), seed)
    options = TrainingOptions(learning_rate=learning_rate, batch_size=8, passes=1)
    model = copy.deepcopy(base.model).requires_grad_(True)
    tuned = LoadedModel(model, base.tokenizer, base.reference)
    with one_thread():
        batches = plan_batches(tuned, group, options)
        fit(model, list(model.parameters()), batches, options=options, group=0, progress=None)
    model.requires_grad_(False)
    return tuned


def sample(base: LoadedModel, prompts: Sequence[str], *, seed: int) -> tuple[list[str], float]:
    """One answer to each prompt at temperature 1, and the share of answers that ended by themselves.

    Sets torch's global seed, inside a block that puts the generator's state back.
    """
    tokenizer: Any = base.tokenizer
    model: Any = base.model
    turns = [[{"role": "user", "content": prompt}] for prompt in prompts]
    rendered = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    given = tokenizer(
        rendered, return_tensors="pt", padding=True, padding_side="left", add_special_tokens=False
    )
    with torch.no_grad(), torch.random.fork_rng(devices=[]), one_thread():
        torch.manual_seed(seed % 2**63)
        answers = model.generate(
            input_ids=given["input_ids"],
            attention_mask=given["attention_mask"],
            do_sample=True,
            temperature=1.0,
            top_k=0,
            max_new_tokens=NEW_TOKENS,
        )[:, given["input_ids"].shape[1] :]
    ended = (answers == tokenizer.eos_token_id).any(dim=1).float().mean().item()
    return tokenizer.batch_decode(answers, skip_special_tokens=True), float(ended)
