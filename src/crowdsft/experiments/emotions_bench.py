"""Training, merging, sampling and scoring for the emotions experiment, with every pass counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from crowdsft.embedding import EMBEDDINGS
from crowdsft.experiments.emotions_cell import Cell, Floats
from crowdsft.training.base import Example, GroupData, TrainingOptions
from crowdsft.training.batches import make_batch
from crowdsft.training.chat_examples import TokenisedExample, tokenise_examples
from crowdsft.training.fitting import one_thread, only_these_positions
from crowdsft.training.generation import generate
from crowdsft.training.merging import merge_adapters
from crowdsft.training.models import LoadedModel, model_with_adapters
from crowdsft.training.multi_lora.backend import MultiLora
from crowdsft.world import PROMPTS, label_scores

NEW_TOKENS: Final = 28
REPORTED_OUTPUTS: Final = 300
REPORTED: Final = "reported sample"
MAX_TOKENS: Final = 512
ROWS: Final = 48  # texts scored at a time
FORWARD_SHARE: Final = 1 / 3  # of a training pass that a pass without gradients costs

Stack = tuple[Path, ...]
"""A model: adapters on the first base, oldest first; () is the base itself."""


@dataclass(slots=True)
class Passes:
    """What an arm has used so far.

    Args:
        training: Examples trained on, each time counted: "equal compute" means equal numbers of these.
        outputs: Answers generated for choosing and learning (those for reporting are nobody's).
        scored: Texts whose likelihood was computed.
        sampling_seeds: Seeds of all answers that an arm has seen.
    """

    training: int = 0
    outputs: int = 0
    scored: int = 0
    sampling_seeds: set[int] = field(default_factory=set)

    @property
    def with_generation(self) -> float:
        """Everything, in training passes; an answer or a scored text is a third of one."""
        return self.training + FORWARD_SHARE * (self.outputs + self.scored)


@dataclass(frozen=True, slots=True)
class Measured:
    """What is reported of a model, from answers that no step has seen.

    Args:
        distance: Mean Euclidean distance of the answers' embeddings to the target.
        label_distance: The same by the grammar's own labels: 0 the wanted emotion, 1 off the grammar, and
            the root of 2 another emotion.
        unreadable: Share of answers that the grammar cannot read.
        copied: Share of answers that repeat a comment of the crowd or an expert example word for word.
        distinct: Share of different answers.
    """

    distance: float
    label_distance: float
    unreadable: float
    copied: float
    distinct: float

    def row(self) -> dict[str, float]:
        """As plain numbers."""
        return asdict(self)


class Bench:
    """One arm's tools in one cell.

    Args:
        base: The first base of all models.
        cell: Where the arm works.
        folder: For adapters; what is in it can be deleted when the arm is done.
    """

    def __init__(self, base: LoadedModel, cell: Cell, folder: Path) -> None:
        self.base, self.cell = base, cell
        self.passes = Passes()
        self._folder = folder
        self._embedding = EMBEDDINGS.make("emotions")
        self._trainings = 0

    def model(self, stack: Stack) -> LoadedModel:
        """The model that a stack stands for."""
        return model_with_adapters(self.base, stack) if stack else self.base

    def train(self, stack: Stack, groups: Sequence[Sequence[str]], *, rate: float = 1.0) -> list[Stack]:
        """One candidate per group, each text seen once, in random order.

        Args:
            stack: The base of all candidates.
            groups: Texts of each; one that is to be seen twice stands there twice.
            rate: Times the usual learning rate.
        """
        usual = TrainingOptions()
        options = TrainingOptions(passes=1, learning_rate=rate * usual.learning_rate)
        data = []
        for group, texts in enumerate(groups):
            examples = tuple(
                Example(prompt, text) for prompt, text in zip(_prompts(len(texts)), texts, strict=True)
            )
            data.append(
                GroupData(group, examples, self.cell.key.seed_for("training", self._trainings, group))
            )
            self.passes.training += len(texts)
        self._trainings += 1
        trained = MultiLora().train(self.model(stack), data, options=options, output=self._folder)
        return [(*stack, candidate.adapter) for candidate in trained]

    def merge(self, candidates: Sequence[Stack], weights: Sequence[float]) -> Stack:
        """sum_j weights[j] * candidate j, for candidates of the same base."""
        stack = candidates[0][:-1]
        folder, _ = merge_adapters([one[-1] for one in candidates], list(weights), output=self._folder)
        return (*stack, folder)

    def distances(
        self, base: Stack, candidates: Sequence[Stack], count: int, *purpose: int | str, common: bool = True
    ) -> Floats:
        """float64[J, count]: distances to the target of fresh answers; for choosing, never for reporting.

        Args:
            base: What the candidates were trained from.
            candidates: J of them; the base may be among them.
            count: Answers of each.
            purpose: Names the sample; equal names give equal chance.
            common: Whether all candidates get the same random numbers.
        """
        loaded = self.model(base)
        adapters = [None if one == base else one[-1] for one in candidates]
        if common:
            samples = self._answers(loaded, adapters, count, "choosing", *purpose)
        else:
            samples = [
                self._answers(loaded, [adapter], count, "choosing", *purpose, index)[0]
                for index, adapter in enumerate(adapters)
            ]
        return np.array([self._distance(texts) for texts in samples])

    def gains(self, stack: Stack, texts: Sequence[str]) -> Floats:
        """float64[m]: by how much the log-likelihood per token of each text rises from the first base to `stack`."""
        self.passes.scored += 2 * len(texts)
        return losses_per_token(self.base, texts) - losses_per_token(self.model(stack), texts)

    def measured(self, stack: Stack) -> Measured:
        """The reported figures: from a sample that nothing else sees."""
        seed = self.cell.key.seed_for(REPORTED)
        if seed in self.passes.sampling_seeds:
            raise AssertionError("the reported sample has been used for choosing")
        texts = generate(
            self.model(stack),
            [None],
            prompts=_prompts(REPORTED_OUTPUTS),
            seed=seed,
            max_new_tokens=NEW_TOKENS,
        )[0]
        scores = label_scores(texts)
        known = {*self.cell.until(len(self.cell.rounds)).texts, *self.cell.expert_examples}
        return Measured(
            float(self._distance(texts).mean()),
            float(np.linalg.norm(scores - self.cell.labels, axis=1).mean()),
            1 - float(scores.sum()) / len(texts),
            float(np.mean([text in known for text in texts])),
            len(set(texts)) / len(texts),
        )

    def _answers(
        self, base: LoadedModel, adapters: Sequence[Path | None], count: int, *purpose: int | str
    ) -> list[list[str]]:
        seed = self.cell.key.seed_for(*purpose)
        self.passes.sampling_seeds.add(seed)
        self.passes.outputs += count * len(adapters)
        return generate(base, adapters, prompts=_prompts(count), seed=seed, max_new_tokens=NEW_TOKENS)

    def _distance(self, texts: Sequence[str]) -> Floats:
        return np.asarray(np.linalg.norm(self._embedding.embed(texts) - self.cell.target, axis=1))


def losses_per_token(loaded: LoadedModel, texts: Sequence[str]) -> Floats:
    """float64[m]: mean negative log-likelihood per token of each text as an answer to the first prompt, in nats."""
    examples = tokenise_examples(
        loaded.tokenizer, [Example(PROMPTS[0], text) for text in texts], max_tokens=MAX_TOKENS
    )
    result = np.empty(len(examples))
    by_length = np.argsort([len(example.tokens) for example in examples], kind="stable")
    with one_thread(), torch.inference_mode():
        for start in range(0, len(examples), ROWS):
            rows = by_length[start : start + ROWS]
            result[rows] = _batch_losses(loaded, [examples[row] for row in rows])
    return result


def _batch_losses(loaded: LoadedModel, examples: Sequence[TokenisedExample]) -> Floats:
    batch = make_batch(examples, padding=loaded.tokenizer.pad_token_id)
    model: Any = loaded.model
    with only_these_positions(model, batch.has_loss):
        logits = model(input_ids=batch.tokens, attention_mask=batch.is_token.long(), use_cache=False).logits
    each = nn.functional.cross_entropy(logits.flatten(0, -2).float(), batch.targets, reduction="none").numpy()
    lengths = batch.has_loss.sum(dim=1).numpy()
    sums = np.bincount(np.repeat(np.arange(len(lengths)), lengths), each)
    return np.asarray(sums / lengths)


def _prompts(count: int) -> list[str]:
    return [PROMPTS[index % len(PROMPTS)] for index in range(count)]
