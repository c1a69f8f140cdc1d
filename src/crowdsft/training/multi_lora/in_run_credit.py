"""What each contributor's rows do to the loss on expert answers, measured while they train.

The gradient of a batch is the sum of the gradients of its rows, and those are kept apart by contributor. The
expert answers go through the network in the same pass as the rows, so they cost their tokens and little
else. Two rules turn gradients into credit:

mean_gradients   Let s_c be the sum over the steps of lr times contributor c's gradient, G the mean of the gradients
                 on the expert answers, and v Adam's second moment at the end. The credit is <s_c / sqrt(v), G>. A
                 few answers at a time are enough, since all of them are averaged before anything is multiplied.
adam_steps       Adam moves the parameters by -lr m_hat / (sqrt(v_hat) + eps), and m is a sum of moments m_c. The
                 credit is the sum over the steps of lr <m_c_hat / (sqrt(v_hat) + eps), G at that step>, so that
                 credits sum to what the steps really lowered the loss by, to first order. It is exact about the
                 run and unreliable about people: where rows of two contributors pull apart, their sum and with it
                 v are small, and both get large credits of opposite signs.

Source: Wang et al., Data Shapley in one training run, 2024 (arXiv 2406.11011), for SGD and step by step; for Adam
with per-source moments, arXiv 2602.00329. That sums are multiplied instead of steps is ours; how well either
agrees with retraining is in docs/explanation-credit.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from crowdsft.core.errors import TrainingError
from crowdsft.core.seeds import derive_rng
from crowdsft.training.base import Credit, CreditRule, GroupData, TrainingOptions
from crowdsft.training.chat_examples import TokenisedExample, tokenise_examples
from crowdsft.training.models import LoadedModel
from crowdsft.training.multi_lora.apart import Apart
from crowdsft.training.multi_lora.parameters import AdapterParameters
from crowdsft.training.optimiser import BETA_1

Floats = NDArray[np.float64]

SMALLEST_SCALE = 1e-12
"""Moments are kept up to a factor that shrinks at every step; below this they are multiplied out."""


@dataclass(frozen=True, slots=True)
class CreditedStep:
    """One step's examples of the active adapters, those of a contributor side by side, and whose they are."""

    examples: list[list[TokenisedExample]]
    apart: Apart

    def only(self, adapters: slice) -> tuple[list[list[TokenisedExample]], Apart]:
        """What belongs to some of the adapters."""
        return self.examples[adapters], Apart(self.apart.slots[adapters], self.apart.held_out)


@dataclass(frozen=True, slots=True)
class StepGradients:
    """Some columns of one step of the first J adapters, as their optimiser took it.

    Args:
        columns: Which of the parameters; P of them.
        apart: [J, C, P], each contributor's gradient; means nothing where `present` is 0.
        present: [J, C], 1 where the contributor had rows in the step.
        answers: [J, P], the latest gradient on expert answers.
        is_fresh: Whether it was taken at this step.
        clips: [J, 1], what gradients were multiplied by.
        summed: [J, P], their sum over contributors, clipped.
        mean: [J, P], Adam's first moment.
        spread: [J, P], sqrt(v_hat) + eps.
        rates: [J, 1], each adapter's learning rate.
        factors: [P], what it is multiplied by for each parameter.
        bias: What the first moment is divided by.
    """

    columns: slice
    apart: Tensor
    present: Tensor
    answers: Tensor
    is_fresh: bool
    clips: Tensor
    summed: Tensor
    mean: Tensor
    spread: Tensor
    rates: Tensor
    factors: Tensor
    bias: float


class Rule(Protocol):
    """Turns gradients into credit.

    Laws: credits sum to the whole's to rounding; equal gradients earn equal credit.
    """

    def begin(self, count: int, *, is_fresh: bool) -> None:
        """A step of the first `count` adapters comes, part by part; `is_fresh` as in `StepGradients`."""
        ...

    def add(self, step: StepGradients) -> None:
        """Take note of some columns of the step."""
        ...

    def gains(self) -> tuple[Floats, Floats]:
        """float64[J, C], what came together for each contributor, and float64[J], for the whole, by itself."""
        ...


class MeanGradients:
    """Sums of gradients times the mean gradient on the answers; see above. shape: (J, C, P)."""

    def __init__(self, shape: tuple[int, int, int], like: Tensor) -> None:
        adapters, _, size = shape
        self._apart = like.new_zeros(shape)
        self._whole, self._answers = like.new_zeros(adapters, size), like.new_zeros(adapters, size)
        self._spread = like.new_ones(adapters, size)
        self._factors = like.new_zeros(size)
        self._measured = np.zeros(adapters)

    def begin(self, count: int, *, is_fresh: bool) -> None:
        """See `Rule`."""
        self._measured[:count] += is_fresh

    def add(self, step: StepGradients) -> None:
        """See `Rule`."""
        count, columns = len(step.mean), step.columns
        weights = (step.present * step.clips * step.rates)[..., None]
        self._apart[:count, :, columns].addcmul_(step.apart, weights)
        self._whole[:count, columns].addcmul_(step.summed, step.rates)
        self._spread[:count, columns] = step.spread
        self._factors[columns] = step.factors
        if step.is_fresh:
            self._answers[:count, columns] += step.answers

    def gains(self) -> tuple[Floats, Floats]:
        """See `Rule`."""
        measured = torch.from_numpy(np.maximum(self._measured, 1)).to(self._answers)[:, None]
        direction = self._answers / measured * self._factors / self._spread
        apart = torch.bmm(self._apart, direction[..., None])[..., 0]
        return _array(apart), _array((self._whole * direction).sum(dim=1))


class AdamSteps:
    """First moments per contributor, multiplied at every step; see above. shape: (J, C, P)."""

    def __init__(self, shape: tuple[int, int, int], like: Tensor) -> None:
        self._moments = like.new_zeros(shape)
        self._scale = 1.0
        self._gains, self._whole = np.zeros(shape[:2]), np.zeros(shape[0])

    def begin(self, count: int, *, is_fresh: bool) -> None:
        """See `Rule`."""
        self._scale *= BETA_1
        if self._scale < SMALLEST_SCALE:
            self._moments.mul_(self._scale)
            self._scale = 1.0

    def add(self, step: StepGradients) -> None:
        """See `Rule`."""
        count = len(step.mean)
        moments = self._moments[:count, :, step.columns]
        added = (step.present * step.clips)[..., None]
        moments.addcmul_(step.apart, added, value=(1 - BETA_1) / self._scale)
        direction = step.answers * step.factors * step.rates / (step.spread * step.bias)
        self._gains[:count] += self._scale * _array(torch.bmm(moments, direction[..., None])[..., 0])
        self._whole[:count] += _array((step.mean * direction).sum(dim=1))

    def gains(self) -> tuple[Floats, Floats]:
        """See `Rule`."""
        return self._gains, self._whole


RULES: dict[CreditRule, type[MeanGradients] | type[AdamSteps]] = {
    "mean_gradients": MeanGradients,
    "adam_steps": AdamSteps,
}


class InRunCredit:
    """Credits of J groups' contributors, brought together step by step.

    The gradient on expert answers is taken at every `credit_every`-th step, each time on the next
    `credit_rows` answers.

    Args:
        parameters: Of the adapters; room for gradients kept apart is made in them.
        groups: J of them, in the order of the adapters.
        base: Its tokenizer reads the expert answers.
        options: With `credit_every` > 0.

    Raises:
        TrainingError: A group has no expert answers.
    """

    def __init__(
        self,
        parameters: AdapterParameters,
        groups: Sequence[GroupData],
        base: LoadedModel,
        options: TrainingOptions,
    ) -> None:
        self._options = options
        self._slots = [contributor_slots(group) for group in groups]
        self._answers = [_answers(group, base, options) for group in groups]
        self._slot_of_answers = max(len(slots) for slots in self._slots)
        self._gradients = parameters.share_gradients(self._slot_of_answers + 1)
        self._summed = parameters.gradients
        self._present = self._gradients.new_zeros(len(groups), self._slot_of_answers)
        self._is_fresh = False
        shape = (len(groups), self._slot_of_answers, self._gradients.shape[2])
        self._rule: Rule = RULES[options.credit_rule](shape, self._gradients)
        self._found: tuple[Floats, Floats] | None = None

    def lay_out(self, step: int, examples: Sequence[Sequence[TokenisedExample]]) -> CreditedStep:
        """Sort one step's examples by contributor; at every `credit_every`-th step expert answers follow.

        Args:
            step: From 0.
            examples: Of the active adapters, the first ones.
        """
        self._is_fresh = step % self._options.credit_every == 0
        count = self._options.credit_rows if self._is_fresh else 0
        self._present.zero_()
        laid_out, slots = [], []
        for adapter, mine in enumerate(examples):
            known = self._slots[adapter]
            rows = sorted(mine, key=lambda example: known[example.contributor])
            own = [known[example.contributor] for example in rows]
            self._present[adapter, own] = 1.0
            answers = self._answers[adapter]
            first = step // self._options.credit_every * count
            chosen = [answers[(first + place) % len(answers)] for place in range(count)]
            laid_out.append([*rows, *chosen])
            slots.append([*own, *[self._slot_of_answers] * count])
        return CreditedStep(laid_out, Apart(slots, count))

    @torch.no_grad()
    def sum_up(self, count: int) -> None:
        """Make the first `count` adapters' gradients the sums of their contributors'."""
        present, apart = self._present[:count, None], self._gradients[:count, : self._slot_of_answers]
        torch.bmm(present, apart, out=self._summed[:count, None])

    def begin(self, count: int) -> None:
        """The optimiser is about to take a step of the first `count` adapters."""
        self._found = None
        self._rule.begin(count, is_fresh=self._is_fresh)

    def add(
        self,
        columns: slice,
        *,
        clips: Tensor,
        mean: Tensor,
        spread: Tensor,
        rates: Tensor,
        factors: Tensor,
        bias: float,
    ) -> None:
        """Take note of what the optimiser makes of some columns of this step's gradients; see `StepGradients`."""
        count = len(mean)
        self._rule.add(
            StepGradients(
                columns,
                self._gradients[:count, : self._slot_of_answers, columns],
                self._present[:count],
                self._gradients[:count, self._slot_of_answers, columns],
                self._is_fresh,
                clips,
                self._summed[:count, columns],
                mean,
                spread,
                rates,
                factors,
                bias,
            )
        )

    def _gains(self) -> tuple[Floats, Floats]:
        if self._found is None:
            self._found = self._rule.gains()
        return self._found

    def first_order(self) -> Floats:
        """float64[J]: the credit of each whole run, computed without looking at contributors."""
        return self._gains()[1]

    def credits_of(self, adapter: int) -> tuple[Credit, ...]:
        """What came together for the contributors of one adapter."""
        gains = self._gains()[0][adapter]
        return tuple(Credit(name, float(gains[slot])) for name, slot in self._slots[adapter].items())


def contributor_slots(group: GroupData) -> dict[str, int]:
    """The contributors with rows that count, numbered in the order of their first."""
    names = dict.fromkeys(example.contributor for example in group.examples if example.weight > 0)
    return {name: slot for slot, name in enumerate(names)}


def _answers(group: GroupData, base: LoadedModel, options: TrainingOptions) -> list[TokenisedExample]:
    """The expert answers in an order that depends on their number alone, so that groups see the same ones."""
    if not group.expert_answers:
        raise TrainingError(
            f"group {group.group} has no expert answers, on which credit is measured. Give it some, or set "
            "credit_every = 0."
        )
    answers = tokenise_examples(base.tokenizer, group.expert_answers, max_tokens=options.max_tokens)
    order = derive_rng("order of expert answers", len(answers)).permutation(len(answers))
    return [answers[place] for place in order]


def _array(values: Tensor) -> Floats:
    return np.asarray(values.double().cpu().numpy())
