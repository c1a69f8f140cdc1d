"""What each contributor's rows do to the loss on held-out answers, measured while they train.

Adam moves the parameters by -lr m_hat / (sqrt(v_hat) + eps). The first moment m is linear in the gradients, and
the gradient of a batch is the sum of the gradients of its rows, so m is a sum of moments m_c, one for each
contributor c. To first order a step lowers the loss L on the held-out answers by

    sum over c of lr <m_c_hat / (sqrt(v_hat) + eps), gradient of L>,

whose terms, added up over the steps, are the contributors' credits. The held-out answers go through the
network in the same pass as the rows, so they cost their tokens and nothing else.

Source: Wang et al., Data Shapley in one training run, 2024 (arXiv 2406.11011), for SGD; and, for Adam with
per-source moments, arXiv 2602.00329.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from crowdsft.core.errors import TrainingError
from crowdsft.core.seeds import derive_rng
from crowdsft.training.base import Credit, GroupData, TrainingOptions
from crowdsft.training.chat_examples import TokenisedExample, tokenise_examples
from crowdsft.training.models import LoadedModel
from crowdsft.training.multi_lora.apart import Apart
from crowdsft.training.multi_lora.parameters import AdapterParameters
from crowdsft.training.optimiser import BETA_1

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


class InRunCredit:
    """Credits of J groups' contributors, added up step by step.

    The gradient on held-out answers is taken at every `credit_every`-th step, each time on the next
    `credit_rows` answers, and holds until the next one.

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
        self._moments = torch.zeros_like(self._gradients[:, : self._slot_of_answers])
        self._scale = 1.0
        self._credits = np.zeros(self._moments.shape[:2])
        self._present = self._moments.new_zeros(self._moments.shape[:2])
        self._summed = parameters.gradients
        self.first_order = np.zeros(len(groups))
        """float64[J]: what each whole run lowered the loss by, to first order."""

    def lay_out(self, step: int, examples: Sequence[Sequence[TokenisedExample]]) -> CreditedStep:
        """Sort one step's examples by contributor; at every `credit_every`-th step held-out answers follow.

        Args:
            step: From 0.
            examples: Of the active adapters, the first ones.
        """
        measures = step % self._options.credit_every == 0
        count = self._options.credit_rows if measures else 0
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

    @torch.no_grad()
    def add(self, clips: Tensor | None, mean: Tensor, steps: Tensor) -> None:
        """Add one step's credit.

        Args:
            clips: [J, 1], what the gradients were multiplied by; None: nothing.
            mean: [J, P], Adam's first moment after this step.
            steps: [J, P], what it is multiplied by to become the step that is taken.
        """
        count = len(mean)
        moments, apart = self._moments[:count], self._gradients[:count, : self._slot_of_answers]
        self._scale *= BETA_1
        if self._scale < SMALLEST_SCALE:
            self._moments.mul_(self._scale)
            self._scale = 1.0
        added = self._present[:count] if clips is None else self._present[:count] * clips
        moments.addcmul_(apart, added[..., None], value=(1 - BETA_1) / self._scale)
        direction = steps.mul_(self._gradients[:count, self._slot_of_answers])
        gains = torch.bmm(moments, direction[..., None])[..., 0]
        self._credits[:count] += self._scale * gains.double().cpu().numpy()
        self.first_order[:count] += (mean * direction).sum(dim=1).double().cpu().numpy()

    def credits_of(self, adapter: int) -> tuple[Credit, ...]:
        """What came together for the contributors of one adapter."""
        return tuple(
            Credit(name, float(self._credits[adapter, slot])) for name, slot in self._slots[adapter].items()
        )


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
