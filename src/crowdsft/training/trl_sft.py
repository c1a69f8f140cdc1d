"""Low-rank adapters by TRL's SFTTrainer, for those who want what TRL offers: its losses, optimisers, schedules.

The same adapters, seeds, batches and completion-only loss as the backend `lora`; with no options of TRL's own the
two differ by rounding. TRL computes the loss from the output head's bare weight, so the head gets no adapter here.
"""

from __future__ import annotations

import random
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from crowdsft.core.errors import MissingExtraError, TrainingError
from crowdsft.core.settings.trl_options import TrlValue
from crowdsft.training.adapters import lora_config, save_adapter
from crowdsft.training.base import GroupData, ProgressCallback, TrainedCandidate, TrainingOptions
from crowdsft.training.fitting import Stopwatch, one_thread, plan_examples, refuse_credit
from crowdsft.training.models import LoadedModel
from crowdsft.training.peft_modules import draw_factors, peft_model, stored_tensors, trainable_factors
from crowdsft.training.targets import adapted_modules, short_names


@dataclass(frozen=True, slots=True)
class TrlSft:
    """LoRA by TRL's SFTTrainer, one candidate after the other.

    Args:
        extra: Further options of TRL's SFTConfig; see `crowdsft.core.settings.trl_options`.
    """

    extra: Mapping[str, TrlValue] = field(default_factory=dict)

    def train(
        self,
        base: LoadedModel,
        groups: Sequence[GroupData],
        *,
        options: TrainingOptions,
        output: Path,
        progress: ProgressCallback | None = None,
    ) -> list[TrainedCandidate]:
        """See `TrainingBackend.train`; credit and adapters of the output head are refused."""
        try:
            from crowdsft.training.trl_trainer import fit
        except ImportError as error:
            raise MissingExtraError("Training by TRL", "trl") from error
        refuse_credit(options, "trl_sft")
        _refuse_head(options)
        candidates = []
        targets = short_names(base.model, adapted_modules(base.model, options))
        for group in groups:
            watch = Stopwatch()
            steps = plan_examples(base, group, options)
            with _as_it_was(base.model), one_thread(), peft_model(base.model, options) as wrapped:
                with (
                    _without_dropout(wrapped),
                    tempfile.TemporaryDirectory(prefix="crowdsft-trl-") as scratch,
                ):
                    factors = trainable_factors(wrapped)
                    draw_factors(factors, seed=group.seed)
                    losses = fit(
                        wrapped,
                        steps,
                        tokenizer=base.tokenizer,
                        options=options,
                        extra=self.extra,
                        group=group,
                        scratch=Path(scratch),
                        progress=progress,
                    )
                config = lora_config(
                    rank=options.rank, alpha=options.alpha, target_modules=targets, base=base.reference
                )
                folder, digest = save_adapter(output, config, stored_tensors(factors))
            candidates.append(
                TrainedCandidate(group.group, folder, digest, len(losses), tuple(losses), watch.seconds())
            )
        return candidates


def _refuse_head(options: TrainingOptions) -> None:
    if options.adapt_head:
        raise TrainingError(
            "the training backend 'trl_sft' cannot train an adapter of the output head: TRL computes the loss from "
            "the head's own weight. Set adapt_head = false, or use the backend 'lora'."
        )


@contextmanager
def _as_it_was(model: Any) -> Iterator[None]:
    """Undo at the end of the block what a trainer leaves behind on the model, its settings and random generators."""
    objects = [model, model.config, *([model.generation_config] if model.can_generate() else [])]
    before = [dict(vars(one)) for one in objects]
    hooks = {module: dict(module._forward_hooks) for module in model.modules()}
    recomputing = {
        module: module.gradient_checkpointing
        for module in model.modules()
        if hasattr(module, "gradient_checkpointing")
    }
    python, numbers = random.getstate(), np.random.get_state()  # noqa: NPY002  (transformers seeds the global one)
    try:
        with torch.random.fork_rng(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numbers)  # noqa: NPY002
        for module, known in hooks.items():
            module._forward_hooks.clear()
            module._forward_hooks.update(known)
        for module, recomputes in recomputing.items():
            module.gradient_checkpointing = recomputes
        for one, attributes in zip(objects, before, strict=True):
            vars(one).clear()
            vars(one).update(attributes)


@contextmanager
def _without_dropout(model: nn.Module) -> Iterator[None]:
    """No unit is dropped in the block, although trainers put models in training mode: a candidate is a function of
    its data and seed alone."""
    changed = [
        (module, name, value)
        for module in model.modules()
        for name, value in vars(module).items()
        if isinstance(value, float) and value and (isinstance(module, nn.Dropout) or "dropout" in name)
    ]
    try:
        for module, name, _ in changed:
            setattr(module, name, 0.0)
        yield
    finally:
        for module, name, value in changed:
            setattr(module, name, value)
