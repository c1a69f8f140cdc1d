"""Sampling with common random numbers: similar models, given the same chance, write similar texts.

The uniform number behind (row, position) depends on (seed, row, position) alone, never on the candidate.
Two candidates compared on the same rows then differ by what they learnt and much less by luck, so that
the difference of their means needs fewer samples for the same error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from crowdsft.core.seeds import derive_seed

Rows = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
"""Numbers of rows."""


class CommonUniforms:
    """Uniform numbers in [0, 1) for `rows` rows and `positions` positions, the same for every candidate.

    Row r is a stream of its own (Philox, keyed by the seed and r), so more rows or more positions leave
    the numbers that were there before as they are.
    """

    def __init__(self, seed: int, *, rows: int, positions: int) -> None:
        key = derive_seed(seed, "generation")
        self._table = np.stack(
            [np.random.Generator(np.random.Philox(key=[key, row])).random(positions) for row in range(rows)]
        )

    def at(self, rows: Sequence[int] | Rows, position: int) -> Tensor:
        """float64[len(rows)]: the numbers of these rows at one position."""
        return torch.from_numpy(self._table[rows, position])


@dataclass(frozen=True, slots=True)
class Prompts:
    """The distinct prompts as tokens, and which of them each of a candidate's n rows answers.

    Args:
        tokens: One list of tokens per distinct prompt.
        of_row: int64[n].
    """

    tokens: Sequence[Sequence[int]]
    of_row: Rows


@dataclass(frozen=True, slots=True)
class Chance:
    """How tokens are drawn.

    Args:
        uniforms: The rows' random numbers; None takes the likeliest token.
        temperature: Divides the logits; 0 takes the likeliest token.
        max_new_tokens: A response that has not ended by then is cut off.
    """

    uniforms: CommonUniforms | None
    temperature: float
    max_new_tokens: int

    def choose(self, logits: Tensor, rows: Rows, position: int) -> Tensor:
        """int64[B]: the next token of `rows` (int64[B]) at one position, from logits float[B, V]."""
        uniforms = None if self.uniforms is None else self.uniforms.at(rows, position)
        return choose_tokens(logits, uniforms, self.temperature)


def choose_tokens(logits: Tensor, uniforms: Tensor | None, temperature: float) -> Tensor:
    """The next token of each row by inverting its cumulative distribution at the row's uniform number.

    Tokens are taken in the order of their numbers, so a row's choice moves only as far as its model's
    distribution does.

    Args:
        logits: float[B, V].
        uniforms: float64[B] in [0, 1); None takes the likeliest token.
        temperature: Divides the logits; 0 takes the likeliest token.

    Returns:
        int64[B].
    """
    if uniforms is None or temperature == 0:
        return logits.argmax(dim=-1)
    weights = (logits - logits.amax(dim=-1, keepdim=True)).float().div_(temperature).exp_()
    cumulative = weights.cumsum(dim=-1, dtype=torch.float64)
    thresholds = uniforms.to(cumulative.device)[:, None] * cumulative[:, -1:]
    return torch.searchsorted(cumulative, thresholds, right=True).squeeze(-1).clamp_(max=logits.shape[-1] - 1)
