"""The training backend that trains a round's adapters together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from crowdsft.training.adapters import lora_config, save_adapter
from crowdsft.training.base import (
    GroupData,
    ProgressCallback,
    TrainedCandidate,
    TrainingOptions,
    TrainingProgress,
)
from crowdsft.training.chat_examples import TokenisedExample
from crowdsft.training.fitting import Stopwatch, finite_loss, one_thread, plan_examples
from crowdsft.training.models import LoadedModel
from crowdsft.training.multi_lora.batches import StepExamples
from crowdsft.training.multi_lora.llama import is_lean_model, lean_model, lean_shapes
from crowdsft.training.multi_lora.optimiser import BatchedAdamW
from crowdsft.training.multi_lora.parameters import AdapterParameters
from crowdsft.training.multi_lora.rows import adapted_model, linear_shapes
from crowdsft.training.optimiser import learning_rate_at
from crowdsft.training.targets import adapted_modules, short_names


class Forward(Protocol):
    """A model that computes the losses of several adapters at once."""

    def losses(self, examples: StepExamples, adapters: slice) -> Tensor:
        """float[J]: the weighted mean loss of each of `adapters` on its examples, with a graph behind it."""
        ...


@dataclass(slots=True)
class _Run:
    """One group's way through training.

    Args:
        place: Its place in the caller's order.
        steps: The examples of each step.
        losses: Of the steps so far.
    """

    place: int
    group: GroupData
    steps: list[list[TokenisedExample]]
    losses: list[float] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        return sum(len(example.tokens) for step in self.steps for example in step)


@dataclass(frozen=True, slots=True)
class MultiLora:
    """LoRA for all groups at once: one frozen base, J adapters, one pass over the tokens of several.

    Equal to `Lora` up to rounding; other groups change a candidate by rounding only.

    Args:
        lean: Whether small Llama-like models go through a forward of their own; other models never do.
        tokens_per_pass: Adapters share a forward pass as long as their tokens do not exceed this; more tokens
            fill a machine better until its caches overflow. 0 chooses for the base's device.
    """

    lean: bool = True
    tokens_per_pass: int = 0

    def train(
        self,
        base: LoadedModel,
        groups: Sequence[GroupData],
        *,
        options: TrainingOptions,
        output: Path,
        progress: ProgressCallback | None = None,
    ) -> list[TrainedCandidate]:
        """See `TrainingBackend.train`."""
        watch = Stopwatch()
        runs = [_Run(place, group, plan_examples(base, group, options)) for place, group in enumerate(groups)]
        runs.sort(key=lambda run: -len(run.steps))
        if not runs:
            return []
        targets = short_names(base.model, adapted_modules(base.model, options))
        with one_thread():
            parameters, forward = self._prepare(base, runs, options)
            with forward as model:
                self._fit(model, parameters, runs, options, progress)
            config = lora_config(
                rank=options.rank, alpha=options.alpha, target_modules=targets, base=base.reference
            )
            saved = [save_adapter(output, config, parameters.stored(row)) for row in range(len(runs))]
        per_token = watch.seconds() / sum(run.tokens for run in runs)
        candidates = {
            run.place: TrainedCandidate(
                run.group.group, folder, digest, len(run.steps), tuple(run.losses), per_token * run.tokens
            )
            for run, (folder, digest) in zip(runs, saved, strict=True)
        }
        return [candidates[place] for place in range(len(runs))]

    def _prepare(
        self, base: LoadedModel, runs: Sequence[_Run], options: TrainingOptions
    ) -> tuple[AdapterParameters, AbstractContextManager[Forward]]:
        names = adapted_modules(base.model, options)
        weight = base.model.get_submodule(names[0]).weight
        assert isinstance(weight, Tensor)
        is_lean = self.lean and is_lean_model(base.model)
        parameters = AdapterParameters(
            lean_shapes(base.model) if is_lean else linear_shapes(base.model, names),
            names,
            count=len(runs),
            rank=options.rank,
            scale=options.alpha / options.rank,
            dtype=torch.float64 if weight.dtype == torch.float64 else torch.float32,
            device=weight.device,
        )
        for row, run in enumerate(runs):
            parameters.draw(row, seed=run.group.seed)
        make = lean_model if is_lean else adapted_model
        return parameters, make(base.model, parameters, padding=base.tokenizer.pad_token_id)

    def _fit(
        self,
        model: Forward,
        parameters: AdapterParameters,
        runs: Sequence[_Run],
        options: TrainingOptions,
        progress: ProgressCallback | None,
    ) -> None:
        """Train every run to its end; `runs` are sorted by their number of steps, the longest first."""
        optimiser = BatchedAdamW(parameters, options)
        budget = self.tokens_per_pass or default_tokens_per_pass(parameters.values.device)
        for step in range(len(runs[0].steps)):
            active = [run for run in runs if step < len(run.steps)]
            for span in passes([run.steps[step] for run in active], budget):
                losses = model.losses([run.steps[step] for run in active[span]], span)
                losses.sum().backward()  # type: ignore[no-untyped-call]
                for run, loss in zip(active[span], losses.tolist(), strict=True):
                    run.losses.append(
                        finite_loss(loss, group=run.group.group, step=step + 1, options=options)
                    )
            optimiser.step([learning_rate_at(step, len(run.steps), options) for run in active])
            if progress is not None:
                for run in active:
                    progress(TrainingProgress(run.group.group, step + 1, len(run.steps), run.losses[-1]))
        for run, is_finite in zip(runs, parameters.values.isfinite().all(dim=1).tolist(), strict=True):
            if not is_finite:
                finite_loss(math.nan, group=run.group.group, step=len(run.steps), options=options)


def default_tokens_per_pass(device: torch.device) -> int:
    """What fills the device without overflowing its caches: measured on a processor core, generous elsewhere."""
    return 1_200 if device.type == "cpu" else 16_384


def passes(examples: StepExamples, budget: int) -> Iterator[slice]:
    """Cut the adapters into runs of neighbours whose tokens together stay within `budget`; at least one each."""
    start, held = 0, 0
    for place, mine in enumerate(examples):
        tokens = sum(len(example.tokens) for example in mine)
        if place > start and held + tokens > budget:
            yield slice(start, place)
            start, held = place, 0
        held += tokens
    yield slice(start, len(examples))
