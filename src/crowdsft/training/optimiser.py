"""AdamW over one flat array, and the learning rate's course.

A small model has many small parameters, and an optimiser that walks over them one by one spends its time
on the walk. Here parameters and gradients are views into two flat arrays, so a step is a dozen vector
operations. (torch.optim would also load torch's compiler on first use, half a second that a worker feels.)

Source: Loshchilov and Hutter, Decoupled weight decay regularization, 2019, algorithm 2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn

from crowdsft.training.base import TrainingOptions

BETA_1 = 0.9
BETA_2 = 0.999
EPSILON = 1e-8


def learning_rate_at(step: int, steps: int, options: TrainingOptions) -> float:
    """The rate of step `step` (from 0) out of `steps`: linear warm-up, then linear decay towards 0."""
    warmup = math.ceil(options.warmup_fraction * steps)
    if step < warmup:
        return options.learning_rate * (step + 1) / warmup
    return options.learning_rate * (steps - step) / max(1, steps - warmup)


class FlatAdamW:
    """AdamW whose parameters are made views of one flat array, as are their gradients.

    Args:
        parameters: The trainable parameters, all of one dtype on one device; their storage moves into
            the flat array, their values stay.
        options: Weight decay and the gradient's largest norm.
        rate_factors: For each parameter what the learning rate is multiplied by; None: 1 for all.
    """

    def __init__(
        self,
        parameters: Sequence[nn.Parameter],
        options: TrainingOptions,
        *,
        rate_factors: Sequence[float] | None = None,
    ) -> None:
        self._options = options
        self._updates = 0
        with torch.no_grad():
            self.values = torch.cat([parameter.detach().reshape(-1) for parameter in parameters])
        self.gradients = torch.zeros_like(self.values)
        self._mean = torch.zeros_like(self.values)
        self._square = torch.zeros_like(self.values)
        sizes = torch.tensor([parameter.numel() for parameter in parameters])
        factors = torch.ones(len(parameters)) if rate_factors is None else torch.tensor(rate_factors)
        self._rate_factors = factors.to(self.values).repeat_interleave(sizes.to(self.values.device))
        start = 0
        for parameter in parameters:
            part = slice(start, start + parameter.numel())
            parameter.data = self.values[part].view_as(parameter)
            parameter.grad = self.gradients[part].view_as(parameter)
            start += parameter.numel()

    def clear_gradients(self) -> None:
        """Set every gradient to 0, in place."""
        self.gradients.zero_()

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Clip the gradient, then update the parameters in place."""
        gradients = self.gradients
        if self._options.gradient_clip > 0:
            norm = float(torch.linalg.vector_norm(gradients))
            if norm > self._options.gradient_clip:
                gradients.mul_(self._options.gradient_clip / (norm + 1e-6))
        self._updates += 1
        self._mean.lerp_(gradients, 1 - BETA_1)
        self._square.mul_(BETA_2).addcmul_(gradients, gradients, value=1 - BETA_2)
        if self._options.weight_decay > 0:
            self.values.addcmul_(
                self.values, self._rate_factors, value=-learning_rate * self._options.weight_decay
            )
        correction = math.sqrt(1 - BETA_2**self._updates)
        spread = self._square.sqrt().div_(correction).add_(EPSILON)
        update = self._mean.div(spread).mul_(self._rate_factors)
        self.values.add_(update, alpha=-learning_rate / (1 - BETA_1**self._updates))
