"""AdamW for J adapters side by side: each has its own rate, its own clip and its own number of steps."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from crowdsft.training.base import TrainingOptions
from crowdsft.training.multi_lora.in_run_credit import InRunCredit
from crowdsft.training.multi_lora.parameters import AdapterParameters
from crowdsft.training.optimiser import BETA_1, BETA_2, EPSILON

FIT_THE_CACHE = 1 << 17
"""Numbers that a processor updates at a time: what its core's cache holds."""
FILL_A_GPU = 1 << 24
"""Numbers that any other device updates at a time: enough to keep it busy, and few beside the adapters' own."""


class BatchedAdamW:
    """AdamW over the first rows of the flat arrays; equal to J optimisers that never meet.

    A clip over all adapters together would couple them, so the norm is taken row by row.
    """

    def __init__(self, parameters: AdapterParameters, options: TrainingOptions) -> None:
        self._parameters = parameters
        self._options = options
        self._updates = 0
        self._mean = torch.zeros_like(parameters.values)
        self._square = torch.zeros_like(parameters.values)
        self._rate_factors = parameters.rate_factors(options.b_rate_ratio)

    @torch.no_grad()
    def step(self, learning_rates: Sequence[float], credit: InRunCredit | None = None) -> None:
        """Update the first len(learning_rates) adapters and clear their gradients.

        Args:
            learning_rates: Of this step.
            credit: Is told what becomes of the gradients.
        """
        active = slice(0, len(learning_rates))
        values, gradients = self._parameters.values[active], self._parameters.gradients[active]
        clips = torch.ones(len(values), 1, dtype=values.dtype, device=values.device)
        if self._options.gradient_clip > 0:
            norms = torch.linalg.vector_norm(gradients, dim=1, keepdim=True)
            limit = self._options.gradient_clip
            clips = torch.where(norms > limit, limit / (norms + 1e-6), 1.0)
        self._updates += 1
        rates = torch.tensor(learning_rates, dtype=values.dtype, device=values.device)[:, None]
        if credit is not None:
            credit.begin(len(values))
        for columns in self._spans(len(values)):
            self._step(active, columns, clips, rates, credit)
        self._parameters.refresh()

    def _step(
        self, active: slice, columns: slice, clips: Tensor, rates: Tensor, credit: InRunCredit | None
    ) -> None:
        values, gradients = (
            self._parameters.values[active, columns],
            self._parameters.gradients[active, columns],
        )
        mean, square = self._mean[active, columns], self._square[active, columns]
        factors = self._rate_factors[columns]
        if self._options.gradient_clip > 0:
            gradients.mul_(clips)
        mean.lerp_(gradients, 1 - BETA_1)
        square.mul_(BETA_2).addcmul_(gradients, gradients, value=1 - BETA_2)
        spread, bias = self._spread(square), 1 - BETA_1**self._updates
        if credit is not None:
            credit.add(
                columns, clips=clips, mean=mean, spread=spread, rates=rates, factors=factors, bias=bias
            )
        if self._options.weight_decay > 0:
            values.addcmul_(values, rates * factors, value=-self._options.weight_decay)
        values.addcmul_(mean.div(spread).mul_(factors), rates, value=-1 / bias)
        gradients.zero_()

    def _spread(self, square: Tensor) -> Tensor:
        """sqrt(v_hat) + eps."""
        return square.sqrt().div_(math.sqrt(1 - BETA_2**self._updates)).add_(EPSILON)

    def _spans(self, rows: int) -> list[slice]:
        """The columns, some at a time."""
        columns = self._parameters.values.shape[1]
        is_processor = self._parameters.values.device.type == "cpu"
        width = max(1, (FIT_THE_CACHE if is_processor else FILL_A_GPU) // rows)
        return [slice(start, min(start + width, columns)) for start in range(0, columns, width)]
