"""Drawing responses by the lean forward, with a key-value cache: one model, or several adapters of one base.

Rows stand candidate by candidate, n for each, so a linear map is one product with the frozen weights and one
batched product with the adapters. Rows that have ended leave the batch when enough of them have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from crowdsft.training.common_random import Chance, Prompts
from crowdsft.training.merging import Factors
from crowdsft.training.multi_lora.fused import gate, rms_norm, turn_in_place
from crowdsft.training.multi_lora.llama import Layer, Llama, lean_shapes
from crowdsft.training.multi_lora.parameters import AdapterParameters, FactorGroup

SHRINK_BELOW = 0.75
"""Share of rows still going on below which the others are dropped: dropping copies the whole cache."""


def stack_factors(
    model: Any, adapters: Sequence[Mapping[str, Factors]], *, device: torch.device
) -> dict[str, FactorGroup]:
    """The factors of C adapters side by side; missing modules, ranks and whole adapters ({}) are zeros.

    Args:
        adapters: For each adapter its modules' factors by full name.
    """
    shapes = lean_shapes(model)
    names = sorted({name for factors in adapters for name in factors})
    rank = max((pair.A.shape[0] for factors in adapters for pair in factors.values()), default=1)
    parameters = AdapterParameters(
        shapes,
        names,
        count=len(adapters),
        rank=rank,
        scale=1.0,
        dtype=torch.float32,
        device=device,
        trained=False,
        compute=model.dtype if device.type == "cuda" else None,
    )
    for row, factors in enumerate(adapters):
        for name, A, B in parameters.factors_of(row):
            if name in factors:
                pair = factors[name]
                A[: len(pair.A)].copy_(pair.A)
                B[:, : len(pair.A)].copy_(pair.B)
    parameters.refresh()
    return parameters.groups


def known_modules(model: Any) -> set[str]:
    """Full names of the modules that the lean forward computes."""
    return {shape.name for group in lean_shapes(model) for shape in group}


class Decoder:
    """Draws the rows of C candidates token by token.

    Args:
        llama: The network that the candidates share.
        factors: Their adapters, C each; empty for the network as it is (then C is 1).
        candidates: C.
        stop: Tokens that end a response.
    """

    def __init__(
        self, llama: Llama, factors: Mapping[str, FactorGroup], *, candidates: int, stop: frozenset[int]
    ) -> None:
        self._llama = llama
        self._factors = dict(factors)
        self._candidates = candidates
        self._device = llama.embedding.device
        self._stop = torch.tensor(sorted(stop), device=self._device)

    def run(self, prompts: Prompts, chance: Chance, report: Callable[[int], None]) -> list[list[list[int]]]:
        """For each candidate the response tokens of each row, the end token left out."""
        count = len(prompts.of_row)
        cache, hidden = self._read_prompts(prompts, chance.max_new_tokens)
        rows = np.tile(np.arange(count), (self._candidates, 1))  # [C, n]: which row stands where
        going = np.ones(rows.shape, dtype=bool)
        drawn: list[list[list[int]]] = [[[] for _ in range(count)] for _ in range(self._candidates)]
        for position in range(chance.max_new_tokens):
            logits = self._llama.head(hidden, self._factors).flatten(0, 1)
            chosen = chance.choose(logits, rows.reshape(-1), position)
            report(position + 1)
            going &= ~torch.isin(chosen, self._stop).cpu().numpy().reshape(rows.shape)
            tokens = chosen.cpu().numpy().reshape(rows.shape)
            for candidate, place in zip(*np.nonzero(going), strict=True):
                drawn[candidate][rows[candidate, place]].append(int(tokens[candidate, place]))
            live = int(going.sum(axis=1).max())
            if live == 0 or position + 1 == chance.max_new_tokens:
                break
            if live < SHRINK_BELOW * rows.shape[1]:
                kept = np.argsort(~going, axis=1, kind="stable")[
                    :, :live
                ]  # some that ended may stay, to be even
                rows, going, tokens = (
                    np.take_along_axis(array, kept, axis=1) for array in (rows, going, tokens)
                )
                cache.take(torch.from_numpy(kept).to(self._device))
            hidden = self._step(torch.from_numpy(tokens).to(self._device), cache)
        return drawn

    def _read_prompts(self, prompts: Prompts, max_new_tokens: int) -> tuple[Cache, Tensor]:
        """The cache after the prompts, one entry per row, and the last hidden states, [C, n, hidden]."""
        longest = max(len(tokens) for tokens in prompts.tokens)
        padded = torch.zeros(len(prompts.tokens), longest, dtype=torch.int64)
        padding = torch.tensor([longest - len(tokens) for tokens in prompts.tokens])
        for row, tokens in enumerate(prompts.tokens):
            padded[row, longest - len(tokens) :] = torch.tensor(tokens)
        cache = Cache.empty(
            self._llama, self._candidates, padding.to(self._device), columns=longest + max_new_tokens
        )
        hidden = self._forward(padded.to(self._device).expand(self._candidates, -1, -1), cache)
        of_row = torch.from_numpy(prompts.of_row).to(self._device)
        cache.take(of_row.expand(self._candidates, -1))
        return cache, hidden[:, :, -1][:, of_row]

    def _step(self, tokens: Tensor, cache: Cache) -> Tensor:
        """[C, n, hidden] after one more token of each row, int64[C, n]."""
        return self._forward(tokens[..., None], cache)[:, :, 0]

    def _forward(self, tokens: Tensor, cache: Cache) -> Tensor:
        """Normalised hidden states [C, b, t, hidden] of t new tokens in each of b rows, int64[C, b, t]."""
        candidates, _, new = tokens.shape
        llama = self._llama
        x = nn.functional.embedding(tokens.reshape(candidates, -1), llama.embedding)
        view = cache.view(new)
        for number, layer in enumerate(llama.layers):
            x = self._block(layer, x, cache, view, number)
        cache.length += new
        return rms_norm(x, llama.final_norm, llama.epsilon).view(*tokens.shape, -1)

    def _block(self, layer: Layer, x: Tensor, cache: Cache, view: View, number: int) -> Tensor:
        """One transformer block on [C, b * t, hidden]."""
        llama = self._llama
        normed = rms_norm(x, layer.attention_norm, llama.epsilon)
        heads = layer.attention_inputs(normed, self._factors)
        heads = heads.view(cache.rows, -1, llama.heads + 2 * llama.key_heads, llama.head_size)
        turn_in_place(heads[:, :, : llama.heads + llama.key_heads], view.cosine, view.sine)
        q, k, v = torch.split(heads, [llama.heads, llama.key_heads, llama.key_heads], dim=2)
        keys, values = cache.extend(number, k.transpose(1, 2), v.transpose(1, 2))
        attended = nn.functional.scaled_dot_product_attention(
            q.transpose(1, 2), keys, values, attn_mask=view.mask, enable_gqa=llama.heads != llama.key_heads
        )
        joined = attended.transpose(1, 2).reshape(x.shape[0], x.shape[1], -1)
        x = x + layer.attention_output(joined, self._factors)
        normed = rms_norm(x, layer.gated_norm, llama.epsilon)
        return x + layer.gated_output(gate(layer.gated_inputs(normed, self._factors)), self._factors)


@dataclass(frozen=True, slots=True)
class View:
    """What t new tokens may look at, and how they are rotated.

    Args:
        mask: bool[R, 1, t, columns so far].
        cosine, sine: [R, t, 1, head_size / 2].
    """

    mask: Tensor
    cosine: Tensor
    sine: Tensor


class Cache:
    """Keys and values of R = C * n rows; padding stands at the left, so that all rows grow in step."""

    def __init__(
        self,
        keys: list[Tensor],
        values: list[Tensor],
        padding: Tensor,
        turn: tuple[Tensor, Tensor],
        *,
        candidates: int,
    ) -> None:
        self._keys, self._values = keys, values
        self._padding = padding
        self._candidates = candidates
        self._turn = turn
        self.length = 0

    @classmethod
    def empty(cls, llama: Llama, candidates: int, padding: Tensor, *, columns: int) -> Cache:
        """Room for `columns` tokens in candidates * len(padding) rows."""
        rows = candidates * len(padding)
        shape = (rows, llama.key_heads, columns, llama.head_size)
        keys, values = ([llama.embedding.new_empty(shape) for _ in llama.layers] for _ in range(2))
        cosine, sine = llama.rotary(llama.embedding, torch.arange(columns, device=padding.device)[None])
        half = llama.head_size // 2
        return cls(
            keys,
            values,
            padding.repeat(candidates),
            (cosine[0, :, :half], sine[0, :, :half]),
            candidates=candidates,
        )

    @property
    def rows(self) -> int:
        """R."""
        return len(self._padding)

    def view(self, new: int) -> View:
        """What the next `new` tokens of each row may look at."""
        columns = torch.arange(self.length + new, device=self._padding.device)
        own = columns[self.length :]
        is_seen = columns[None, None, :] <= own[None, :, None]
        is_text = columns[None, None, :] >= self._padding[:, None, None]
        # padding looks at itself, or its attention would be undefined
        is_itself = columns[None, None, :] == own[None, :, None]
        positions = (own[None] - self._padding[:, None]).clamp_(min=0)
        cosine, sine = (table[positions][:, :, None] for table in self._turn)
        return View((is_seen & is_text | is_itself)[:, None], cosine, sine)

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Store the new keys and values, [R, heads, t, head_size]; returns all of the layer's so far."""
        end = self.length + keys.shape[2]
        for stored, new in ((self._keys, keys), (self._values, values)):
            stored[layer][:, :, self.length : end] = new
        return self._keys[layer][:, :, :end], self._values[layer][:, :, :end]

    def take(self, rows: Tensor) -> None:
        """Go on with these rows only, int64[C, n]; they count through each candidate's own rows."""
        starts = torch.arange(self._candidates, device=rows.device)[:, None] * (self.rows // self._candidates)
        index = (starts + rows).reshape(-1)
        self._keys = [keys.index_select(0, index) for keys in self._keys]
        self._values = [values.index_select(0, index) for values in self._values]
        self._padding = self._padding.index_select(0, index)
