"""Low-rank adapters on any Hugging Face causal language model through PEFT, one candidate after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crowdsft.training.adapters import lora_config, save_adapter
from crowdsft.training.base import GroupData, ProgressCallback, TrainedCandidate, TrainingOptions
from crowdsft.training.fitting import Stopwatch, fit, one_thread, plan_batches, refuse_credit
from crowdsft.training.models import LoadedModel
from crowdsft.training.peft_modules import draw_factors, peft_model, stored_tensors, trainable_factors
from crowdsft.training.targets import adapted_modules, short_names


@dataclass(frozen=True, slots=True)
class Lora:
    """LoRA by PEFT: W + alpha / rank * B A, with W frozen, B from 0 and A uniform as PEFT draws it.

    Source: Hu et al., LoRA: Low-rank adaptation of large language models, 2021.
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
        """See `TrainingBackend.train`; credit is refused."""
        refuse_credit(options, "lora")
        candidates = []
        targets = short_names(base.model, adapted_modules(base.model, options))
        with one_thread(), peft_model(base.model, options) as wrapped:
            for group in groups:
                watch = Stopwatch()
                batches = plan_batches(base, group, options)
                factors = trainable_factors(wrapped)
                draw_factors(factors, seed=group.seed)
                losses = fit(
                    wrapped,
                    list(factors.values()),
                    batches,
                    options=options,
                    group=group.group,
                    progress=progress,
                    rate_factors=[options.b_rate_ratio if ".lora_B." in name else 1.0 for name in factors],
                )
                config = lora_config(
                    rank=options.rank, alpha=options.alpha, target_modules=targets, base=base.reference
                )
                folder, digest = save_adapter(output, config, stored_tensors(factors))
                candidates.append(
                    TrainedCandidate(group.group, folder, digest, len(losses), tuple(losses), watch.seconds())
                )
        return candidates
