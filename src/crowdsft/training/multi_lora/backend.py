"""The training backend that trains a round's adapters together."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from crowdsft.training.adapters import lora_config, save_adapter
from crowdsft.training.base import (
    GroupData,
    ProgressCallback,
    TrainedCandidate,
    TrainingOptions,
)
from crowdsft.training.fitting import Stopwatch, one_thread, plan_examples
from crowdsft.training.models import LoadedModel
from crowdsft.training.multi_lora.in_run_credit import InRunCredit
from crowdsft.training.multi_lora.llama import is_lean_model, lean_model, lean_shapes
from crowdsft.training.multi_lora.memory import (
    Budget,
    KeptBytes,
    activation_limit,
    adapter_bytes,
    default_tokens_per_pass,
    pass_memory,
)
from crowdsft.training.multi_lora.parameters import AdapterParameters
from crowdsft.training.multi_lora.rows import RowsMixedError, adapted_model, linear_shapes
from crowdsft.training.multi_lora.together import Forward, Run, TrainedTogether, fit_together
from crowdsft.training.targets import adapted_modules, short_names

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MultiLora:
    """LoRA for all groups at once: one frozen base, J adapters, one pass over the tokens of several.

    Equal to `Lora` up to rounding; other groups change a candidate by rounding only.

    Args:
        lean: Whether small Llama-like models go through a forward of their own; other models never do.
        tokens_per_pass: Adapters share a forward pass as long as their tokens do not exceed this, and a larger batch
            of one adapter goes through in parts; more tokens fill a machine better until its caches overflow. 0
            chooses for the base's device.
        activation_bytes: What a pass may take beside model and adapters; 0 chooses for the base's device.
        checkpointing: Whether transformer blocks keep their inputs only and are computed twice; None does so when
            a single example would not fit otherwise.
        low_precision: Whether adapters are computed with in the base's type where that is bfloat16 or float16; they
            are trained and stored in float32 either way. None does so on a GPU. Credit is always measured in float32.
    """

    lean: bool = True
    tokens_per_pass: int = 0
    activation_bytes: int = 0
    checkpointing: bool | None = None
    low_precision: bool | None = None

    def train(
        self,
        base: LoadedModel,
        groups: Sequence[GroupData],
        *,
        options: TrainingOptions,
        output: Path,
        progress: ProgressCallback | None = None,
    ) -> list[TrainedCandidate]:
        """See `TrainingBackend.train`.

        A model whose rows cannot be told apart by adapter is trained one candidate after the other; the log says
        which way it went. Credit is measured together or not at all.
        """
        if not groups:
            return []
        try:
            return self._train_together(base, groups, options=options, output=output, progress=progress)
        except RowsMixedError as reason:
            if options.credit_every:
                raise
            from crowdsft.training.lora import Lora  # the one sibling it knows: what it falls back to

            logger.warning("%s trains its candidates one by one with PEFT: %s", base.reference, reason)
            return Lora().train(base, groups, options=options, output=output, progress=progress)

    def _train_together(
        self,
        base: LoadedModel,
        groups: Sequence[GroupData],
        *,
        options: TrainingOptions,
        output: Path,
        progress: ProgressCallback | None,
    ) -> list[TrainedCandidate]:
        watch = Stopwatch()
        targets = short_names(base.model, adapted_modules(base.model, options))
        config = lora_config(
            rank=options.rank, alpha=options.alpha, target_modules=targets, base=base.reference
        )
        with self.trained(base, groups, options=options, progress=progress) as together:
            runs = together.runs
            saved = [
                save_adapter(output, config, together.parameters.stored(row)) for row in range(len(runs))
            ]
            credits_of = [together.credits(row) for row in range(len(runs))]
        per_token = watch.seconds() / sum(run.tokens for run in runs)
        candidates = {
            run.place: TrainedCandidate(
                run.group.group,
                folder,
                digest,
                len(run.steps),
                tuple(run.losses),
                per_token * run.tokens,
                earned,
            )
            for run, (folder, digest), earned in zip(runs, saved, credits_of, strict=True)
        }
        return [candidates[place] for place in range(len(runs))]

    @contextmanager
    def trained(
        self,
        base: LoadedModel,
        groups: Sequence[GroupData],
        *,
        options: TrainingOptions,
        progress: ProgressCallback | None = None,
    ) -> Iterator[TrainedTogether]:
        """Train one adapter per group, at least one, and hand them out in memory for the length of the block."""
        runs = [Run(place, group, plan_examples(base, group, options)) for place, group in enumerate(groups)]
        runs.sort(key=lambda run: -len(run.steps))
        with one_thread():
            parameters, is_lean = self._adapters(base, runs, options)
            credit = None
            if options.credit_every:
                credit = InRunCredit(parameters, [run.group for run in runs], base, options)
            budget = self._budget(base, runs, parameters, is_lean=is_lean)
            with self._forward(base, parameters, is_lean=is_lean, budget=budget) as model:
                fit_together(model, parameters, runs, options, progress, credit, budget)
                yield TrainedTogether(model, parameters, tuple(runs), credit)

    def _adapters(
        self, base: LoadedModel, runs: Sequence[Run], options: TrainingOptions
    ) -> tuple[AdapterParameters, bool]:
        """Fresh adapters, one per run, and whether the lean forward will serve them."""
        names = adapted_modules(base.model, options)
        weight = base.model.get_submodule(names[0]).weight
        assert isinstance(weight, Tensor)
        is_lean = self.lean and is_lean_model(base.model)
        kept = torch.float64 if weight.dtype == torch.float64 else torch.float32
        is_low = weight.device.type == "cuda" if self.low_precision is None else self.low_precision
        parameters = AdapterParameters(
            lean_shapes(base.model) if is_lean else linear_shapes(base.model, names),
            names,
            count=len(runs),
            rank=options.rank,
            scale=options.alpha / options.rank,
            dtype=kept,
            device=weight.device,
            compute=weight.dtype if is_low and not options.credit_every else kept,
        )
        for row, run in enumerate(runs):
            parameters.draw(row, seed=run.group.seed)
        parameters.refresh()
        return parameters, is_lean

    def _forward(
        self, base: LoadedModel, parameters: AdapterParameters, *, is_lean: bool, budget: Budget
    ) -> AbstractContextManager[Forward]:
        way = "by a lean forward" if is_lean else "inside the model's own modules"
        twice = ", each block computed twice" if budget.memory.checkpointing else ""
        logger.info(
            "%s trains %d candidates together, %s%s. The adapters take %s; a pass takes at most %d tokens and %s",
            base.reference,
            len(parameters.values),
            way,
            twice,
            in_megabytes(adapter_bytes(parameters)),
            budget.tokens,
            in_megabytes(budget.limit_bytes),
        )
        make = lean_model if is_lean else adapted_model
        return make(
            base.model,
            parameters,
            padding=base.tokenizer.pad_token_id,
            checkpointing=budget.memory.checkpointing,
        )

    def _budget(
        self, base: LoadedModel, runs: Sequence[Run], parameters: AdapterParameters, *, is_lean: bool
    ) -> Budget:
        """What a pass may take, with what a token takes measured on the longest example.

        The shortest goes with it: padding needs a mask, and attention with a mask may keep more.
        """
        limit = self.activation_bytes or activation_limit(base.model, parameters)
        by_length = sorted(
            {len(example.tokens): example for run in runs for step in run.steps for example in step}.items()
        )
        shortest, longest = by_length[0][1], by_length[-1][1]
        probe = [shortest, longest] if len(by_length) > 1 else [longest]
        make = lean_model if is_lean else adapted_model
        with (
            make(base.model, parameters, padding=base.tokenizer.pad_token_id) as model,
            KeptBytes(base.model, parameters) as kept,
        ):
            model.losses([probe], slice(0, 1))
        logits = base.model.config.vocab_size * sum(example.response_length for example in probe) * 4
        places = len(probe) * len(longest.tokens)
        found = [
            pass_memory(kept.total - logits, places, base.model, checkpointing=is_twice)
            for is_twice in (False, True)
        ]
        needs = found[False].bytes_of([[longest]]) > limit
        is_twice = needs if self.checkpointing is None else self.checkpointing
        tokens = self.tokens_per_pass or default_tokens_per_pass(parameters.values.device)
        return Budget(tokens, limit, found[is_twice])


def in_megabytes(count: float) -> str:
    """ "12 MB", for the log."""
    return f"{count / 1e6:.0f} MB"
