"""What a training backend is given, what it gives back, and the laws that it obeys.

Nothing here imports torch, so that a process which only plans a campaign stays light.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

from crowdsft.core.errors import Fault, SettingsError

if TYPE_CHECKING:
    from crowdsft.training.models import LoadedModel


CreditRule = Literal["mean_gradients", "adam_steps"]


@dataclass(frozen=True, slots=True)
class Example:
    """One prompt with the response that a model should give to it.

    Args:
        prompt: What the model is asked; its tokens carry no loss.
        response: What it should answer.
        weight: How much the example counts, relative to the others of its group (>= 0; 0 leaves it out).
        contributor: Who gave it; training does not look at it, credit does.
    """

    prompt: str
    response: str
    weight: float = 1.0
    contributor: str = ""


@dataclass(frozen=True, slots=True)
class GroupData:
    """The examples of one group in one round, and the seed that fixes every draw of its training.

    Args:
        group: Its number.
        examples: What it learns from.
        seed: Fixes every draw.
        expert_answers: What credit is measured on (see `TrainingOptions.credit_every`); nothing is learnt
            from them.
    """

    group: int
    examples: tuple[Example, ...]
    seed: int
    expert_answers: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How a candidate is trained; the same for every group of a campaign.

    The defaults suit the built-in model, where they come as close to a target as full fine-tuning does (see
    docs/decisions/lora-defaults.md). A model of billions of parameters wants a tenth of these rates or less.

    Args:
        rank: Inner dimension of the low-rank adapter.
        alpha: Scale of the adapter; its delta is alpha / rank * B A.
        learning_rate: Peak rate of AdamW; it rises over the warm-up and falls linearly to 0.
        b_rate_ratio: How many times the learning rate an adapter's B learns at. B starts at 0 and A does
            not, so equal rates leave B behind. Source: Hayou et al., LoRA+, 2024.
        batch_size: Examples in one optimiser step.
        passes: Times that each of the group's examples is seen.
        max_tokens: Longest example, prompt and response together, in tokens.
        warmup_fraction: Share of the steps over which the learning rate rises from 0.
        weight_decay: AdamW's decoupled weight decay.
        gradient_clip: Largest Euclidean norm of one candidate's gradient; 0 turns clipping off.
        target_modules: Names (or ends of names) of the linear modules that get an adapter;
            "all-linear" means all of them. The output head is a matter of its own:
        adapt_head: Whether the output head gets an adapter too. A small model learns which words to use
            mainly there; see docs/decisions/lora-defaults.md.
        credit_every: Measure what each contributor's rows do to the loss on the expert answers: the gradient
            of that loss is taken at every so many steps. 0: no credit, at no cost.
        credit_rows: Expert answers in each such gradient.
        credit_rule: How credit comes from gradients; see `multi_lora.in_run_credit`.

    Raises:
        SettingsError: Every field that is out of its range.
    """

    rank: int = 32
    alpha: float = 64.0
    learning_rate: float = 1e-3
    b_rate_ratio: float = 12.0
    batch_size: int = 8
    passes: int = 3
    max_tokens: int = 512
    warmup_fraction: float = 0.05
    weight_decay: float = 0.0
    gradient_clip: float = 1.0
    target_modules: str | tuple[str, ...] = "all-linear"
    adapt_head: bool = True
    credit_every: int = 0
    credit_rows: int = 4
    credit_rule: CreditRule = "mean_gradients"

    def __post_init__(self) -> None:
        faults = [
            Fault(name, f"{problem}, not {getattr(self, name)!r}") for name, problem in self._problems()
        ]
        if faults:
            raise SettingsError(faults, source="the training options")

    def _problems(self) -> list[tuple[str, str]]:
        problems = [
            (name, "must be at least 1")
            for name in ("rank", "batch_size", "passes", "credit_rows")
            if getattr(self, name) < 1
        ]
        if self.max_tokens < 2:
            problems.append(("max_tokens", "must be at least 2 (one token of prompt, one of response)"))
        problems += [
            (name, "must be a positive number")
            for name in ("alpha", "learning_rate", "b_rate_ratio")
            if not 0 < getattr(self, name) < math.inf
        ]
        problems += [
            (name, "must be 0 or a positive number")
            for name in ("weight_decay", "gradient_clip", "credit_every")
            if not 0 <= getattr(self, name) < math.inf
        ]
        if not 0 <= self.warmup_fraction <= 1:
            problems.append(("warmup_fraction", "must lie between 0 and 1"))
        if self.credit_rule not in get_args(CreditRule):
            problems.append(("credit_rule", f"must be one of {', '.join(get_args(CreditRule))}"))
        if not self.target_modules:
            problems.append(("target_modules", 'must name at least one module, or be "all-linear"'))
        return problems


TINY_PARAMETERS = 20_000_000


def options_by_size(parameters: int) -> dict[str, Any]:
    """The training options that follow the size of the base model, where nobody chose them.

    What a tiny model needs would make a large one diverge; see docs/decisions/lora-defaults.md.
    """
    if parameters < TINY_PARAMETERS:
        return {"learning_rate": 1e-3, "b_rate_ratio": 12.0, "adapt_head": True}
    return {"learning_rate": 2e-4, "b_rate_ratio": 1.0, "adapt_head": False}


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """One optimiser step of one group: `step` of `steps` is done and its batch had this mean loss."""

    group: int
    step: int
    steps: int
    loss: float


@dataclass(frozen=True, slots=True)
class Credit:
    """What one contributor's rows did to the loss on the expert answers, in one training.

    Args:
        contributor: Who.
        gain: By how much they lowered it, about and to first order, in nats per response token; negative: raised it.
    """

    contributor: str
    gain: float


@dataclass(frozen=True, slots=True)
class TrainedCandidate:
    """A group's fine-tuned model, as the adapter that makes it out of the base.

    Args:
        group: The group's number, as in its `GroupData`.
        adapter: Folder that holds the adapter; its last part is `digest`.
        digest: SHA-256 (hexadecimal) over the folder's sorted file names and contents.
        steps: Optimiser steps taken.
        losses: Mean loss per response token of each step's batch, in nats.
        seconds: Wall time of this group's training; a share of the whole where groups train together.
        credits: One for each contributor with rows in the group, in order of first appearance; empty where
            no credit was asked for.
    """

    group: int
    adapter: Path
    digest: str
    steps: int
    losses: tuple[float, ...]
    seconds: float
    credits: tuple[Credit, ...] = ()


ProgressCallback = Callable[[TrainingProgress], None]


class TrainingBackend(Protocol):
    """Trains a round's candidates, one per group, from one base.

    Laws, checked for every entry of the table:
    - one candidate per group, in the order of `groups`; the base is left exactly as it was;
    - the same base, groups and options give the same bytes, whatever was drawn from any random generator
      before; other groups beside it change a candidate by rounding at most;
    - multiplying every weight of a group by one positive number changes nothing but rounding;
    - an example of weight 0 changes nothing;
    - asking for credit changes a candidate by rounding at most, or is refused;
    - a run that stops early (an error, Ctrl-C) leaves only whole adapters behind.
    """

    def train(
        self,
        base: LoadedModel,
        groups: Sequence[GroupData],
        *,
        options: TrainingOptions,
        output: Path,
        progress: ProgressCallback | None = None,
    ) -> list[TrainedCandidate]:
        """Train one candidate per group and write its adapter to `output`/<digest>.

        Args:
            base: The round's base model.
            groups: Each group's examples; J groups.
            options: Shared by all groups.
            output: Folder for the adapters; it is made when it does not exist.
            progress: Called after each optimiser step.

        Returns:
            J candidates, in the order of `groups`.

        Raises:
            TrainingError: A group has nothing to learn from, its loss is not a finite number, or credit is asked
                for where it cannot be measured.
        """
        ...
