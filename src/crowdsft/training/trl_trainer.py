"""TRL's SFTTrainer, told to see our batches in our order, at our rates, and to say the loss of every step."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor, nn
from transformers import PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from crowdsft.core.errors import TrainingError
from crowdsft.core.settings.trl_options import TrlValue
from crowdsft.training.base import GroupData, ProgressCallback, TrainingOptions, TrainingProgress
from crowdsft.training.chat_examples import TokenisedExample
from crowdsft.training.fitting import finite_loss
from crowdsft.training.optimiser import BETA_1, BETA_2, EPSILON, learning_rate_at

IGNORED = -100


def fit(
    wrapped: Any,
    steps: Sequence[Sequence[TokenisedExample]],
    *,
    tokenizer: Any,
    options: TrainingOptions,
    extra: Mapping[str, TrlValue],
    group: GroupData,
    scratch: Path,
    progress: ProgressCallback | None,
) -> list[float]:
    """Train the adapters of `wrapped` on the examples of each step.

    Args:
        wrapped: A PEFT model whose factors have their first values.
        scratch: An empty folder for what the trainer insists on writing.

    Returns:
        The loss of each step before its update, in nats per response token.

    Raises:
        TrainingError: TRL refuses its options, or a loss is not a finite number.
    """
    rows = [example for step in steps for example in step]
    losses = _Losses(options, group.group, len(steps), progress)
    _share_padding(wrapped, tokenizer)
    try:
        trainer = _Trainer(
            model=wrapped,
            args=_config(options, extra, seed=group.seed, steps=len(steps), scratch=scratch, wrapped=wrapped),
            train_dataset=_dataset(rows),
            processing_class=copy.deepcopy(tokenizer),  # TRL may change special tokens
            data_collator=_Collator(tokenizer.pad_token_id, extra.get("pad_to_multiple_of")),
            callbacks=[losses],
            losses=losses,
            options=options,
            total=len(steps),
            own_schedule="lr_scheduler_type" not in extra,
            weighted=not all(math.isclose(row.weight, 1.0, rel_tol=1e-9) for row in rows),
        )
    except (ImportError, TypeError, ValueError, RuntimeError) as error:
        given = ", ".join(f"{name} = {value!r}" for name, value in extra.items()) or "none"
        raise TrainingError(f"TRL refuses these options: {error} Given in training.trl: {given}.") from error
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    if not all(torch.isfinite(factor).all() for factor in wrapped.parameters() if factor.requires_grad):
        finite_loss(math.nan, group=group.group, step=len(steps), options=options)
    return losses.of_steps


def _config(
    options: TrainingOptions,
    extra: Mapping[str, TrlValue],
    *,
    seed: int,
    steps: int,
    scratch: Path,
    wrapped: Any,
) -> SFTConfig:
    parts = int(extra.get("gradient_accumulation_steps", 1))
    if parts < 1 or options.batch_size % parts:
        raise ValueError(
            f"gradient_accumulation_steps is {parts}; it must divide batch_size = {options.batch_size}."
        )
    ours: dict[str, Any] = {
        "output_dir": str(scratch),
        "per_device_train_batch_size": options.batch_size // parts,
        "num_train_epochs": 1,
        "learning_rate": options.learning_rate,
        "warmup_steps": math.ceil(options.warmup_fraction * steps),
        "lr_scheduler_type": "linear",
        "weight_decay": options.weight_decay,
        "max_grad_norm": options.gradient_clip,
        "adam_beta1": BETA_1,
        "adam_beta2": BETA_2,
        "adam_epsilon": EPSILON,
        "optim": "adamw_torch",
        "seed": seed % 2**32,
        "max_length": None,
        "dataset_kwargs": {"skip_prepare_dataset": True},
        "train_sampling_strategy": "sequential",
        "remove_unused_columns": False,
        "shuffle_dataset": False,
        "gradient_checkpointing": False,
        "bf16": False,
        "use_cpu": next(wrapped.parameters()).device.type == "cpu",
        "dataloader_pin_memory": False,
        "save_strategy": "no",
        "logging_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
    }
    return SFTConfig(**(ours | dict(extra)))


def _dataset(rows: Sequence[TokenisedExample]) -> Dataset:
    return Dataset.from_dict(
        {
            "input_ids": [list(row.tokens) for row in rows],
            "labels": [
                [IGNORED] * row.response_start + list(row.tokens[row.response_start :]) for row in rows
            ],
            "weight": [row.weight for row in rows],
        }
    )


def _share_padding(wrapped: Any, tokenizer: Any) -> None:
    """The trainer would do so itself, with a warning for every group."""
    for settings in (wrapped.config, wrapped.generation_config):
        if settings is not None:
            settings.pad_token_id = tokenizer.pad_token_id


class _Collator:
    """TRL's batches, with the weight of each example beside them."""

    def __init__(self, padding: int, multiple: Any) -> None:
        self._collate = DataCollatorForLanguageModeling(pad_token_id=padding, pad_to_multiple_of=multiple)

    def __call__(self, examples: list[dict[str, Any]]) -> dict[str, Tensor]:
        plain = [{name: row[name] for name in ("input_ids", "labels")} for row in examples]
        batch: dict[str, Tensor] = self._collate(plain)
        return batch | {"weights": torch.tensor([row["weight"] for row in examples], dtype=torch.float64)}


class _Losses(TrainerCallback):
    """The loss of each step: the sum over the parts into which its batch was cut."""

    def __init__(
        self, options: TrainingOptions, group: int, total: int, progress: ProgressCallback | None
    ) -> None:
        self._options, self._group, self._total, self._progress = options, group, total, progress
        self._of_parts: list[float] = []
        self.of_steps: list[float] = []

    def part(self, loss: float) -> None:
        """Note the loss of a part of the batch."""
        step = len(self.of_steps) + 1
        self._of_parts.append(finite_loss(loss, group=self._group, step=step, options=self._options))

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """An optimiser step is done."""
        self.of_steps.append(sum(self._of_parts))
        self._of_parts.clear()
        if self._progress is not None:
            done = len(self.of_steps)
            self._progress(TrainingProgress(self._group, done, self._total, self.of_steps[-1]))


class _Trainer(SFTTrainer):  # type: ignore[misc]  # trl may be absent, so it has no types for us
    optimizer: Any
    lr_scheduler: Any

    def __init__(
        self,
        *,
        losses: _Losses,
        options: TrainingOptions,
        total: int,
        own_schedule: bool,
        weighted: bool,
        **more: Any,
    ) -> None:
        if weighted and more["args"].loss_type != "nll":
            raise ValueError("examples that count differently need loss_type = 'nll'.")
        self._losses, self._options, self._total = losses, options, total
        self._own_schedule, self._weighted = own_schedule, weighted
        super().__init__(**more)

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """TRL's loss, except where examples count differently, of which TRL knows nothing."""
        weights = inputs.pop("weights")
        if self._weighted:
            loss = _weighted_loss(model, inputs, weights, tokens=num_items_in_batch)
        else:
            loss = super().compute_loss(model, inputs, num_items_in_batch=num_items_in_batch)
        self._losses.part(loss.item())
        return loss

    def create_optimizer(self, model: Any = None) -> Any:
        """TRL's optimiser, with B learning `b_rate_ratio` times as fast as A."""
        if self.optimizer is None:
            kind, settings = self.get_optimizer_cls_and_kwargs(self.args, self.model)
            factors = [pair for pair in self.model.named_parameters() if pair[1].requires_grad]
            rates = {".lora_A.": 1.0, ".lora_B.": self._options.b_rate_ratio}
            groups = [
                {
                    "params": [factor for name, factor in factors if part in name],
                    "lr": self._options.learning_rate * ratio,
                    "weight_decay": self._options.weight_decay,
                }
                for part, ratio in rates.items()
            ]
            self.optimizer = kind(groups, **settings)
        return self.optimizer

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """Our warm-up and decay, unless a schedule of TRL's was asked for."""
        if not self._own_schedule:
            return super().create_scheduler(num_training_steps, optimizer)
        if self.lr_scheduler is None:
            self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
                self.optimizer if optimizer is None else optimizer,
                lambda step: (
                    learning_rate_at(min(step, self._total), self._total, self._options)
                    / self._options.learning_rate
                ),
            )
        return self.lr_scheduler


def _weighted_loss(model: Any, inputs: Mapping[str, Tensor], weights: Tensor, *, tokens: Any) -> Tensor:
    """sum_i weights[i] * negative log-likelihood of response i, over the step's number of response tokens."""
    logits = model(
        input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False
    ).logits[:, :-1]
    labels = inputs["labels"][:, 1:]
    losses = nn.functional.cross_entropy(
        logits.float().transpose(1, 2), labels, ignore_index=IGNORED, reduction="none"
    )
    total = (labels != IGNORED).sum() if tokens is None else tokens
    return (losses.sum(dim=1) @ weights.to(losses)) / total
