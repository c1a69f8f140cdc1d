"""AdamW for J adapters side by side: each has its own rate, its own clip and its own number of steps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from crowdsft.training.base import TrainingOptions
from crowdsft.training.multi_lora.in_run_credit import InRunCredit
from crowdsft.training.multi_lora.parameters import AdapterParameters
from crowdsft.training.optimiser import BETA_1, BETA_2, EPSILON

AT_A_TIME = 1 << 20
"""Columns of the flat arrays that are updated at a time."""


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
        mean, square = self._mean[active], self._square[active]
        clips = None
        if self._options.gradient_clip > 0:
            norms = torch.linalg.vector_norm(gradients, dim=1, keepdim=True)
            limit = self._options.gradient_clip
            clips = torch.where(norms > limit, limit / (norms + 1e-6), 1.0)
            gradients.mul_(clips)
        self._updates += 1
        rates = torch.tensor(learning_rates, dtype=values.dtype, device=values.device)[:, None]
        mean.lerp_(gradients, 1 - BETA_1)
        square.mul_(BETA_2).addcmul_(gradients, gradients, value=1 - BETA_2)
        if credit is not None:
            spread = self._spread(square)
            credit.add(
                clips=torch.ones_like(rates) if clips is None else clips,
                summed=gradients,
                mean=mean,
                spread=spread,
                rates=rates * self._rate_factors,
                bias=1 - BETA_1**self._updates,
            )
        for span in self._spans():
            self._update(values[:, span], mean[:, span], square[:, span], rates, self._rate_factors[span])
        gradients.zero_()
        self._parameters.refresh()

    def _update(self, values: Tensor, mean: Tensor, square: Tensor, rates: Tensor, factors: Tensor) -> None:
        if self._options.weight_decay > 0:
            values.addcmul_(values, rates * factors, value=-self._options.weight_decay)
        update = mean.div(self._spread(square)).mul_(factors)
        values.addcmul_(update, rates, value=-1 / (1 - BETA_1**self._updates))

    def _spread(self, square: Tensor) -> Tensor:
        """sqrt(v_hat) + eps."""
        return square.sqrt().div_(math.sqrt(1 - BETA_2**self._updates)).add_(EPSILON)

    def _spans(self) -> Iterator[slice]:
        """The columns, some at a time, so that what is needed in between stays small."""
        columns = self._parameters.values.shape[1]
        for start in range(0, columns, AT_A_TIME):
            yield slice(start, min(start + AT_A_TIME, columns))
