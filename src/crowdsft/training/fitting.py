"""The training loop that every single-candidate backend shares."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from crowdsft.core.errors import TrainingError
from crowdsft.training.base import GroupData, ProgressCallback, TrainingOptions, TrainingProgress
from crowdsft.training.batches import Batch, make_batch, plan_steps, relevant_examples
from crowdsft.training.chat_examples import TokenisedExample, tokenise_examples
from crowdsft.training.models import LoadedModel
from crowdsft.training.optimiser import FlatAdamW, learning_rate_at


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread inside the block: sums are then taken in one order, and results repeat."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def refuse_credit(options: TrainingOptions, backend: str) -> None:
    """Stop a backend that cannot measure credit from being asked to.

    Raises:
        TrainingError: Credit is asked for.
    """
    if options.credit_every:
        raise TrainingError(
            f"the training backend {backend!r} cannot measure credit (credit_every = {options.credit_every}). "
            "Use 'multi_lora', or set credit_every = 0."
        )


def plan_batches(base: LoadedModel, group: GroupData, options: TrainingOptions) -> list[Batch]:
    """The batches of a group's training, in order.

    Raises:
        TrainingError: The group has no example to learn from, or a prompt is too long.
    """
    padding = base.tokenizer.pad_token_id
    return [make_batch(step, padding=padding) for step in plan_examples(base, group, options)]


def plan_examples(
    base: LoadedModel, group: GroupData, options: TrainingOptions
) -> list[list[TokenisedExample]]:
    """The examples of each step of a group's training, in order.

    Raises:
        TrainingError: The group has no example to learn from, or a prompt is too long.
    """
    relevant = relevant_examples(group)
    try:
        tokenised = tokenise_examples(base.tokenizer, relevant.examples, max_tokens=options.max_tokens)
    except TrainingError as error:
        raise TrainingError(f"group {group.group}: {error}") from error
    return [
        [tokenised[index] for index in indices]
        for indices in plan_steps(len(tokenised), options, seed=group.seed)
    ]


def fit(
    model: Any,
    parameters: Sequence[nn.Parameter],
    batches: Sequence[Batch],
    *,
    options: TrainingOptions,
    group: int,
    progress: ProgressCallback | None,
    rate_factors: Sequence[float] | None = None,
) -> list[float]:
    """Train `parameters` of `model` on `batches`, one optimiser step each.

    Args:
        rate_factors: For each parameter what its learning rate is multiplied by; None: 1 for all.

    Returns:
        The weighted mean loss per response token of each batch before its step, in nats.

    Raises:
        TrainingError: A loss is not a finite number.
    """
    optimiser = FlatAdamW(parameters, options, rate_factors=rate_factors)
    losses: list[float] = []
    for step, batch in enumerate(batches):
        optimiser.clear_gradients()
        loss = batch_loss(model, batch.to(parameters[0].device))
        losses.append(finite_loss(loss.item(), group=group, step=step + 1, options=options))
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step(learning_rate_at(step, len(batches), options))
        if progress is not None:
            progress(TrainingProgress(group, step + 1, len(batches), losses[-1]))
    if not torch.isfinite(optimiser.values).all():
        finite_loss(math.nan, group=group, step=len(batches), options=options)
    return losses


def batch_loss(model: Any, batch: Batch) -> Tensor:
    """sum_i weights[i] * negative log-likelihood of targets[i]; a scalar."""
    losses = token_losses(model, batch)
    return losses @ batch.weights.to(losses.dtype)


def token_losses(model: Any, batch: Batch) -> Tensor:
    """float[N]: the negative log-likelihood of each target, in nats."""
    with only_these_positions(model, batch.has_loss):
        logits = model(input_ids=batch.tokens, attention_mask=batch.is_token.long(), use_cache=False).logits
    if logits.dim() == 3:  # the model's head is not a module of its own, so nothing was left out
        logits = logits[batch.has_loss]
    wide = logits if logits.dtype == torch.float64 else logits.float()
    return nn.functional.cross_entropy(wide, batch.targets, reduction="none")


@contextmanager
def only_these_positions(model: Any, wanted: Tensor) -> Iterator[None]:
    """Inside the block the output head sees the hidden states at some positions of all [B, T] only.

    The head multiplies by the whole vocabulary, and prompts and padding need no logits. What a model
    does to the logits afterwards (scaling, soft capping) works on each position alone and is unaffected.

    Args:
        wanted: bool[B, T], or int64[N] that counts through the positions row by row.
    """
    head = model.get_output_embeddings()
    if head is None:
        yield
        return

    def select(_: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        chosen = wanted.flatten() if wanted.dtype == torch.bool else wanted
        return (inputs[0].flatten(0, -2)[chosen], *inputs[1:])

    handle = head.register_forward_pre_hook(select)
    try:
        yield
    finally:
        handle.remove()


def finite_loss(loss: float, *, group: int, step: int, options: TrainingOptions) -> float:
    """The loss itself, when it is a number.

    Raises:
        TrainingError: It is not.
    """
    if not math.isfinite(loss):
        raise TrainingError(
            f"the training of group {group} diverged: its loss at step {step} is {loss}. "
            f"Lower learning_rate (now {options.learning_rate:g})"
            + (" or set gradient_clip." if options.gradient_clip == 0 else ".")
        )
    return loss


class Stopwatch:
    """Wall time since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._start
