"""Finding and loading causal language models."""

from __future__ import annotations
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A causal language model in memory with its tokenizer.

    Args:
        model: Parameters in `float32` on a CPU, in evaluation mode.
        tokenizer: Its tokenizer; has a padding token.
        reference: What `load_model` was given.
        revision: The hub revision that was asked for, or None.
        adapters: Digests of the adapters merged into the weights, oldest first.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    reference: str
    revision: str | None = None
    adapters: tuple[str, ...] = ()
