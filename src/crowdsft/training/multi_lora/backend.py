"""The training backend that trains a round's adapters together."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from crowdsft.training.adapters import lora_config, save_adapter
from crowdsft.training.base import (
    Credit,
    GroupData,
    ProgressCallback,
    TrainedCandidate,
    TrainingOptions,
    TrainingProgress,
)
from crowdsft.training.chat_examples import TokenisedExample
from crowdsft.training.fitting import Stopwatch, finite_loss, one_thread, plan_examples
from crowdsft.training.models import LoadedModel
from crowdsft.training.multi_lora.apart import Apart
from crowdsft.training.multi_lora.batches import StepExamples
from crowdsft.training.multi_lora.in_run_credit import InRunCredit
from crowdsft.training.multi_lora.llama import is_lean_model, lean_model, lean_shapes
from crowdsft.training.multi_lora.optimiser import BatchedAdamW
from crowdsft.training.multi_lora.parameters import AdapterParameters
from crowdsft.training.multi_lora.rows import RowsMixedError, adapted_model, linear_shapes
from crowdsft.training.optimiser import learning_rate_at
from crowdsft.training.targets import adapted_modules, short_names

logger = logging.getLogger(__name__)


class Forward(Protocol):
    """A model that computes the losses of several adapters at once."""

    def losses(self, examples: StepExamples, adapters: slice, apart: Apart | None = None) -> Tensor:
        """float[J]: the weighted mean loss of each of `adapters` on its examples, with a graph behind it.

        Args:
            examples: Of each adapter.
            adapters: Which.
            apart: Keep gradients apart by whose examples they come from. With held-out examples the losses
                are float[2, J], theirs in the second row.
        """
        ...


@dataclass(slots=True)
class Run:
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
class TrainedTogether:
    """Adapters in memory, just trained.

    Args:
        model: Computes losses under them.
        parameters: Their values; row k belongs to `runs[k]`.
        runs: The groups' ways through training, the longest first.
        credit: What was measured on the way; None where it was not asked for.
    """

    model: Forward
    parameters: AdapterParameters
    runs: tuple[Run, ...]
    credit: InRunCredit | None = None

    def credits(self, row: int) -> tuple[Credit, ...]:
        """Of the contributors of `runs[row]`."""
        return () if self.credit is None else self.credit.credits_of(row)

    @torch.no_grad()
    def held_out_losses(
        self, examples: Sequence[TokenisedExample], *, tokens_per_pass: int = 4_000
    ) -> list[float]:
        """Mean loss per response token of every group's adapter on the same examples, in the groups' order.

        Args:
            examples: At least one.
            tokens_per_pass: As in `MultiLora`.
        """
        losses = [0.0] * len(self.runs)
        for span in passes([examples] * len(self.runs), tokens_per_pass):
            found = self.model.losses([examples] * (span.stop - span.start), span)
            for run, loss in zip(self.runs[span], found.tolist(), strict=True):
                losses[run.place] = loss
        return losses


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
        """See `TrainingBackend.train`.

        A model whose rows cannot be told apart by adapter is trained one candidate after the other; the log says
        which way it went. Credit is measured together or not at all.
        """
        if not groups:
            return []
        try:
            return self._train_together(base, groups, options=options, output=output, progress=progress)
        except RowsMixedError as reason:
            if options.credit_every:
                raise
            from crowdsft.training.lora import Lora  # the one sibling it knows: what it falls back to

            logger.warning("%s trains its candidates one by one with PEFT: %s", base.reference, reason)
            return Lora().train(base, groups, options=options, output=output, progress=progress)

    def _train_together(
        self,
        base: LoadedModel,
        groups: Sequence[GroupData],
        *,
        options: TrainingOptions,
        output: Path,
        progress: ProgressCallback | None,
    ) -> list[TrainedCandidate]:
        watch = Stopwatch()
        targets = short_names(base.model, adapted_modules(base.model, options))
        config = lora_config(
            rank=options.rank, alpha=options.alpha, target_modules=targets, base=base.reference
        )
        with self.trained(base, groups, options=options, progress=progress) as together:
            runs = together.runs
            saved = [
                save_adapter(output, config, together.parameters.stored(row)) for row in range(len(runs))
            ]
            credits_of = [together.credits(row) for row in range(len(runs))]
        per_token = watch.seconds() / sum(run.tokens for run in runs)
        candidates = {
            run.place: TrainedCandidate(
                run.group.group,
                folder,
                digest,
                len(run.steps),
                tuple(run.losses),
                per_token * run.tokens,
                earned,
            )
            for run, (folder, digest), earned in zip(runs, saved, credits_of, strict=True)
        }
        return [candidates[place] for place in range(len(runs))]

    @contextmanager
    def trained(
        self,
        base: LoadedModel,
        groups: Sequence[GroupData],
        *,
        options: TrainingOptions,
        progress: ProgressCallback | None = None,
    ) -> Iterator[TrainedTogether]:
        """Train one adapter per group, at least one, and hand them out in memory for the length of the block."""
        runs = [Run(place, group, plan_examples(base, group, options)) for place, group in enumerate(groups)]
        runs.sort(key=lambda run: -len(run.steps))
        with one_thread():
            parameters, forward = self._prepare(base, runs, options)
            credit = None
            if options.credit_every:
                credit = InRunCredit(parameters, [run.group for run in runs], base, options)
            with forward as model:
                self._fit(model, parameters, runs, options, progress, credit)
                yield TrainedTogether(model, parameters, tuple(runs), credit)

    def _prepare(
        self, base: LoadedModel, runs: Sequence[Run], options: TrainingOptions
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
        way = "by a lean forward" if is_lean else "inside the model's own modules"
        logger.info("%s trains %d candidates together, %s", base.reference, len(runs), way)
        make = lean_model if is_lean else adapted_model
        return parameters, make(base.model, parameters, padding=base.tokenizer.pad_token_id)

    def _fit(
        self,
        model: Forward,
        parameters: AdapterParameters,
        runs: Sequence[Run],
        options: TrainingOptions,
        progress: ProgressCallback | None,
        credit: InRunCredit | None,
    ) -> None:
        """Train every run to its end; `runs` are sorted by their number of steps, the longest first."""
        optimiser = BatchedAdamW(parameters, options)
        budget = self.tokens_per_pass or default_tokens_per_pass(parameters.values.device)
        for step in range(len(runs[0].steps)):
            active = [run for run in runs if step < len(run.steps)]
            examples: StepExamples = [run.steps[step] for run in active]
            credited = None if credit is None else credit.lay_out(step, examples)
            for span in passes(examples if credited is None else credited.examples, budget):
                if credited is None:
                    losses = model.losses(examples[span], span)
                else:
                    mine, apart = credited.only(span)
                    losses = model.losses(mine, span, apart)
                losses.sum().backward()  # type: ignore[no-untyped-call]
                for run, loss in zip(
                    active[span], losses.view(-1, len(active[span]))[0].tolist(), strict=True
                ):
                    run.losses.append(
                        finite_loss(loss, group=run.group.group, step=step + 1, options=options)
                    )
            if credit is not None:
                credit.sum_up(len(active))
            optimiser.step([learning_rate_at(step, len(run.steps), options) for run in active], credit)
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
