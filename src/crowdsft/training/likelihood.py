"""How likely given responses are under a base model and each of its candidates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from crowdsft.training.base import Example
from crowdsft.training.batches import make_batch
from crowdsft.training.chat_examples import tokenise_examples
from crowdsft.training.fitting import batch_loss, one_thread
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
