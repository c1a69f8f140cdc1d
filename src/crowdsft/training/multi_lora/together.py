"""Adapters of a round on their way through training: what they are, and the loop that takes their steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from crowdsft.training.base import (
    Credit,
    GroupData,
    ProgressCallback,
    TrainingOptions,
    TrainingProgress,
)
from crowdsft.training.chat_examples import TokenisedExample
from crowdsft.training.fitting import finite_loss
from crowdsft.training.multi_lora.apart import Apart
from crowdsft.training.multi_lora.batches import StepExamples
from crowdsft.training.multi_lora.in_run_credit import CreditedStep, InRunCredit
from crowdsft.training.multi_lora.memory import Budget, PassMemory, passes
from crowdsft.training.multi_lora.optimiser import BatchedAdamW
from crowdsft.training.multi_lora.parameters import AdapterParameters
from crowdsft.training.optimiser import learning_rate_at


class Forward(Protocol):
    """A model that computes the losses of several adapters at once."""

    def losses(
        self,
        examples: StepExamples,
        adapters: slice,
        apart: Apart | None = None,
        totals: Sequence[int] | None = None,
    ) -> Tensor:
        """float[J]: the weighted mean loss of each of `adapters` on its examples, with a graph behind it.

        Args:
            examples: Of each adapter.
            adapters: Which.
            apart: Keep gradients apart by whose examples they come from. With held-out examples the losses
                are float[2, J], theirs in the second row.
            totals: Response tokens of each adapter's whole step, where these are only some of its examples; the
                losses are then their parts of the step's mean.
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
        total = sum(example.response_length for example in examples)
        budget = Budget(tokens_per_pass, math.inf, PassMemory(0, 0, False))
        for one in passes([examples] * len(self.runs), budget):
            runs = self.runs[one.adapters]
            for run, loss in zip(
                runs,
                self.model.losses(one.examples, one.adapters, None, [total] * len(runs)).tolist(),
                strict=True,
            ):
                losses[run.place] += loss
        return losses


def fit_together(
    model: Forward,
    parameters: AdapterParameters,
    runs: Sequence[Run],
    options: TrainingOptions,
    progress: ProgressCallback | None,
    credit: InRunCredit | None,
    budget: Budget,
) -> None:
    """Train every run to its end; `runs` are sorted by their number of steps, the longest first."""
    optimiser = BatchedAdamW(parameters, options)
    for step in range(len(runs[0].steps)):
        active = [run for run in runs if step < len(run.steps)]
        examples: StepExamples = [run.steps[step] for run in active]
        if credit is None:
            losses = _pass_plainly(model, parameters, examples, budget)
        else:
            losses = _pass_apart(model, credit.lay_out(step, examples), budget)
            credit.sum_up(len(active))
        for run, loss in zip(active, losses, strict=True):
            run.losses.append(finite_loss(loss, group=run.group.group, step=step + 1, options=options))
        optimiser.step([learning_rate_at(step, len(run.steps), options) for run in active], credit)
        if progress is not None:
            for run in active:
                progress(TrainingProgress(run.group.group, step + 1, len(run.steps), run.losses[-1]))
    for run, is_finite in zip(runs, parameters.values.isfinite().all(dim=1).tolist(), strict=True):
        if not is_finite:
            finite_loss(math.nan, group=run.group.group, step=len(run.steps), options=options)


def _pass_plainly(
    model: Forward, parameters: AdapterParameters, examples: StepExamples, budget: Budget
) -> list[float]:
    """Gradients of one step, in as many passes as the budget wants; returns each adapter's loss."""
    totals = [sum(example.response_length for example in mine) for mine in examples]
    found = torch.zeros(len(examples), dtype=torch.float64)
    for one in passes(examples, budget):
        losses = model.losses(one.examples, one.adapters, None, totals[one.adapters])
        losses.sum().backward()  # type: ignore[no-untyped-call]
        parameters.gather(one.adapters)
        found[one.adapters] += losses.detach().double().cpu()
    return [float(loss) for loss in found]


def _pass_apart(model: Forward, step: CreditedStep, budget: Budget) -> list[float]:
    """As `_pass_plainly`, with gradients kept apart; one adapter's examples all go through at once."""
    found: list[float] = []
    for one in passes(step.examples, budget, may_split=False):
        mine, apart = step.only(one.adapters)
        losses = model.losses(mine, one.adapters, apart)
        losses.sum().backward()  # type: ignore[no-untyped-call]
        found += losses.detach().view(-1, len(mine))[0].tolist()
    return found
