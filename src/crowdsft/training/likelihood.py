"""How likely given responses are under a base model and each of its candidates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from crowdsft.training.base import Example
from crowdsft.training.batches import make_batch
from crowdsft.training.chat_examples import TokenisedExample, tokenise_examples
from crowdsft.training.fitting import batch_loss, one_thread, token_losses
from crowdsft.training.merging import merged_in_place
from crowdsft.training.models import LoadedModel

ROWS_PER_BATCH = 32


def response_log_likelihoods(
    base: LoadedModel,
    adapters: Sequence[Path | None],
    pairs: Sequence[tuple[str, str]],
    *,
    max_tokens: int,
) -> list[float]:
    """Mean log-likelihood per token, in nats, of given responses to given prompts.

    Args:
        base: The base model; it is left exactly as it was.
        adapters: One adapter folder per candidate; None stands for the base itself.
        pairs: Prompt and response.
        max_tokens: Longest prompt and response together; what is beyond it is not looked at.

    Returns:
        One number for each adapter; higher is better.
    """
    examples = tokenise_examples(
        base.tokenizer, [Example(prompt, response) for prompt, response in pairs], max_tokens=max_tokens
    )
    batches = [
        make_batch(examples[start : start + ROWS_PER_BATCH], padding=base.tokenizer.pad_token_id)
        for start in range(0, len(examples), ROWS_PER_BATCH)
    ]
    tokens = sum(example.response_length for example in examples)
    device = next(base.model.parameters()).device
    likelihoods = []
    with one_thread(), torch.inference_mode():
        for adapter in adapters:
            total = 0.0
            with merged_in_place(base.model, adapter):
                for batch in batches:
                    moved = batch.to(device)
                    total += float(batch_loss(base.model, moved)) * len(moved.targets)
            likelihoods.append(-total / tokens)
    return likelihoods


def likelihoods_of_responses(
    base: LoadedModel,
    adapters: Sequence[Path | None],
    pairs: Sequence[tuple[str, str]],
    *,
    max_tokens: int,
) -> list[NDArray[np.float64]]:
    """The same for each response by itself: float64[n] for each adapter, n pairs; each row a mean over its tokens."""
    examples = tokenise_examples(
        base.tokenizer, [Example(prompt, response) for prompt, response in pairs], max_tokens=max_tokens
    )
    device = next(base.model.parameters()).device
    found = []
    with one_thread(), torch.inference_mode():
        for adapter in adapters:
            with merged_in_place(base.model, adapter):
                found.append(
                    np.concatenate(
                        [
                            _row_means(base, examples[start : start + ROWS_PER_BATCH], device)
                            for start in range(0, len(examples), ROWS_PER_BATCH)
                        ]
                    )
                )
    return found


def _row_means(
    base: LoadedModel, examples: Sequence[TokenisedExample], device: torch.device
) -> NDArray[np.float64]:
    """float64[B]: mean log-likelihood per token of each example's response."""
    batch = make_batch(examples, padding=base.tokenizer.pad_token_id).to(device)
    losses = token_losses(base.model, batch).double().cpu().numpy()
    lengths = [example.response_length for example in examples]
    rows = np.repeat(np.arange(len(examples)), lengths)
    totals = np.bincount(rows, losses, minlength=len(examples))
    return np.asarray(-totals / np.array(lengths), dtype=np.float64)
