"""Fine-tuning of every weight: the yardstick for adapters, and a backend for models that are small anyway.

What is stored is the delta of each weight in float32, so a candidate can be merged, averaged and stacked
just as a LoRA adapter can; it takes as much room as the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from crowdsft.training.adapters import FULL_WEIGHTS, save_adapter
from crowdsft.training.base import GroupData, ProgressCallback, TrainedCandidate, TrainingOptions
from crowdsft.training.fitting import Stopwatch, fit, one_thread, plan_batches, refuse_credit
from crowdsft.training.models import LoadedModel


@dataclass(frozen=True, slots=True)
class FullFinetune:
    """AdamW on all weights; `rank`, `alpha` and `target_modules` have no meaning here."""

    def train(
        self,
        base: LoadedModel,
        groups: Sequence[GroupData],
        *,
        options: TrainingOptions,
        output: Path,
        progress: ProgressCallback | None = None,
    ) -> list[TrainedCandidate]:
        """See `TrainingBackend.train`; credit is refused."""
        refuse_credit(options, "full_finetune")
        candidates = []
        with one_thread():
            for group in groups:
                watch = Stopwatch()
                batches = plan_batches(base, group, options)
                with trainable_weights(base.model) as before:
                    parameters = dict(base.model.named_parameters())
                    losses = fit(
                        base.model,
                        list(parameters.values()),
                        batches,
                        options=options,
                        group=group.group,
                        progress=progress,
                    )
                    delta = {
                        name: parameter.detach().float() - before[name].float()
                        for name, parameter in parameters.items()
                    }
                folder, digest = save_adapter(output, {"peft_type": FULL_WEIGHTS}, delta)
                candidates.append(
                    TrainedCandidate(group.group, folder, digest, len(losses), tuple(losses), watch.seconds())
                )
        return candidates


@contextmanager
def trainable_weights(model: Any) -> Iterator[dict[str, Tensor]]:
    """Let `model`'s weights be trained inside the block, then put the old ones back.

    Yields:
        The weights before training, by name.
    """
    wanted = {name: parameter.requires_grad for name, parameter in model.named_parameters()}
    storage = {name: parameter.data for name, parameter in model.named_parameters()}
    model.requires_grad_(True)
    try:
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.data = parameter.data.clone()
        yield storage
    finally:
        for name, parameter in model.named_parameters():
            parameter.data = storage[name]
            parameter.grad = None
            parameter.requires_grad_(wanted[name])
