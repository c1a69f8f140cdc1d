"""Adapters in a model by PEFT: put in, started from a seed, read out under PEFT's names, and taken out again."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from crowdsft.core.errors import MissingExtraError, TrainingError
from crowdsft.core.seeds import derive_seed
from crowdsft.training.base import TrainingOptions
from crowdsft.training.targets import adapted_modules

Named = dict[str, nn.Parameter]


@contextmanager
def peft_model(model: Any, options: TrainingOptions) -> Iterator[Any]:
    """`model` with an adapter in its linear modules, which are taken out again at the end of the block."""
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise MissingExtraError("Training LoRA adapters", "train") from error
    config = LoraConfig(
        r=options.rank,
        lora_alpha=options.alpha,  # type: ignore[arg-type]  # a fraction works as well
        lora_dropout=0.0,
        bias="none",
        target_modules=adapted_modules(model, options),
        task_type="CAUSAL_LM",
    )
    was_training = model.training
    wanted = {name: parameter.requires_grad for name, parameter in model.named_parameters()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # GPT-2's transposed weights, tied heads: both are seen to
            wrapped = get_peft_model(model, config)
    except ValueError as error:
        raise TrainingError(f"adapters cannot be put into this model: {error}") from error
    try:
        wrapped.eval()  # no dropout: a candidate is a function of its data and seed alone
        yield wrapped
    finally:
        wrapped.unload()
        if hasattr(model, "peft_config"):
            del model.peft_config
        model.train(was_training)
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(wanted[name])


def trainable_factors(wrapped: nn.Module) -> Named:
    """The adapter's factors by name, sorted, e.g. "base_model.model...q_proj.lora_A.default.weight"."""
    return {
        name: parameter for name, parameter in sorted(wrapped.named_parameters()) if parameter.requires_grad
    }


@torch.no_grad()
def draw_factors(factors: Named, *, seed: int) -> None:
    """Start A from uniform numbers within 1 / sqrt(inputs) and B from 0, whatever was in them before.

    The numbers are drawn on the CPU, so that a seed means the same on every device.
    """
    generator = torch.Generator().manual_seed(derive_seed(seed, "adapter"))
    for name, parameter in factors.items():
        if ".lora_A." in name:
            bound = 1 / math.sqrt(parameter.shape[1])
            drawn = torch.empty(parameter.shape).uniform_(-bound, bound, generator=generator)
            parameter.copy_(drawn)
        else:
            parameter.zero_()


def stored_tensors(factors: Named) -> dict[str, Tensor]:
    """The factors under the names that PEFT stores them by."""
    return {name.replace(".default.", "."): parameter.detach() for name, parameter in factors.items()}
