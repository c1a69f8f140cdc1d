"""Which examples each optimiser step sees, and their tokens as padded arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from crowdsft.core.errors import TrainingError
from crowdsft.core.seeds import derive_rng
from crowdsft.training.base import GroupData, TrainingOptions
from crowdsft.training.chat_examples import TokenisedExample


@dataclass(frozen=True, slots=True)
class Batch:
    """B examples, padded on the right to the longest of them, T tokens.

    Args:
        tokens: int64[B, T].
        is_token: bool[B, T]; False on padding.
        has_loss: bool[B, T]; True at the positions whose next token belongs to a response.
        targets: int64[N]; the next token at each position with loss, row by row.
        weights: float64[N]; the weight of its example over N, so that the loss is a weighted sum.
    """

    tokens: Tensor
    is_token: Tensor
    has_loss: Tensor
    targets: Tensor
    weights: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same batch on `device`."""
        return Batch(
            self.tokens.to(device),
            self.is_token.to(device),
            self.has_loss.to(device),
            self.targets.to(device),
            self.weights.to(device),
        )


def plan_steps(count: int, options: TrainingOptions, *, seed: int) -> list[list[int]]:
    """Indices of the examples in each step: `passes` shuffles of all of them, end to end, cut into batches.

    Only the very last batch can be smaller than `batch_size`. Depends on nothing but the arguments.
    """
    rng = derive_rng(seed, "order of examples")
    order = np.concatenate([rng.permutation(count) for _ in range(options.passes)])
    return [
        [int(index) for index in order[start : start + options.batch_size]]
        for start in range(0, len(order), options.batch_size)
    ]


def relevant_examples(group: GroupData) -> GroupData:
    """The group without its examples of weight 0, and with the other weights scaled to a mean of 1.

    Raises:
        TrainingError: A weight is negative or not finite, or nothing is left.
    """
    weights = np.array([example.weight for example in group.examples], dtype=np.float64)
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise TrainingError(f"group {group.group} has a weight that is negative or not a finite number.")
    kept = [example for example in group.examples if example.weight > 0]
    if not kept:
        raise TrainingError(
            f"group {group.group} has nothing to learn from: it has {len(group.examples)} examples, none "
            "of them with a positive weight. Form fewer groups, or wait for more contributions."
        )
    mean = float(weights[weights > 0].mean())
    scaled = tuple(replace(example, weight=example.weight / mean) for example in kept)
    return replace(group, examples=scaled)


def make_batch(examples: Sequence[TokenisedExample], *, padding: int) -> Batch:
    """Pad `examples` into one batch; `padding` is the token id that fills the rows up."""
    longest = max(len(example.tokens) for example in examples)
    tokens = np.full((len(examples), longest), padding, dtype=np.int64)
    is_token = np.zeros_like(tokens, dtype=bool)
    has_loss = np.zeros_like(tokens, dtype=bool)
    targets: list[int] = []
    weights: list[float] = []
    for row, example in enumerate(examples):
        length = len(example.tokens)
        tokens[row, :length] = example.tokens
        is_token[row, :length] = True
        has_loss[row, example.response_start - 1 : length - 1] = True
        targets.extend(example.tokens[example.response_start :])
        weights.extend([example.weight] * example.response_length)
    return Batch(
        torch.from_numpy(tokens),
        torch.from_numpy(is_token),
        torch.from_numpy(has_loss),
        torch.tensor(targets),
        torch.tensor(weights, dtype=torch.float64) / len(targets),
    )
