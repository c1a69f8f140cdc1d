"""Responses of a base model and of each of its candidates, to the same prompts and with the same chance."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from crowdsft.core.errors import InputError, ModelError
from crowdsft.training.adapters import FULL_WEIGHTS, read_adapter
from crowdsft.training.chat_examples import tokenise_prompt
from crowdsft.training.common_random import Chance, CommonUniforms, Prompts, Rows
from crowdsft.training.fitting import one_thread
from crowdsft.training.merging import Factors, lora_factors, merged_in_place
from crowdsft.training.models import LoadedModel
from crowdsft.training.multi_lora.decoding import Decoder, known_modules, stack_factors
from crowdsft.training.multi_lora.llama import is_lean_model, read_llama

ROWS_ALONE = 48
"""From this many rows on, candidates are drawn one after the other with merged weights."""
ROWS_TOGETHER = 512
"""Most rows, over all candidates, in one batch of several candidates."""
ROWS_TOGETHER_ON_GPU = 1_024


@dataclass(frozen=True, slots=True)
class GenerationProgress:
    """`candidate` of `candidates` (from 0) has drawn `tokens` of at most `max_tokens` tokens of each row.

    Where several candidates are drawn together, `candidate` is the first of them.
    """

    candidate: int
    candidates: int
    tokens: int
    max_tokens: int


def generate(
    base: LoadedModel,
    adapters: Sequence[Path | None],
    *,
    prompts: Sequence[str],
    seed: int,
    max_new_tokens: int,
    temperature: float = 1.0,
    progress: Callable[[GenerationProgress], None] | None = None,
) -> list[list[str]]:
    """One response to every prompt from the base with each adapter.

    Candidates share their chance (see `common_random`): equal models give equal texts, and a candidate's
    texts do not depend on which others are generated beside it.

    Args:
        base: The round's base model; it is left exactly as it was.
        adapters: One adapter folder per candidate; None stands for the base itself.
        prompts: n prompts; repeat one to get several responses to it.
        seed: Fixes every draw.
        max_new_tokens: A response that has not ended by then is cut off.
        temperature: 0 takes the likeliest token throughout; 1 samples from the model's distribution.
        progress: Called after every token.

    Returns:
        For each adapter n texts, without special tokens and surrounding white space.

    Raises:
        InputError: Settings out of their range, or a prompt that leaves no room for the response.
        ModelError: An adapter that does not belong to the base.
    """
    if max_new_tokens < 1 or not 0 <= temperature < float("inf"):
        raise InputError(
            "generation needs max_new_tokens >= 1 and a temperature >= 0, "
            f"not {max_new_tokens} and {temperature}."
        )
    if not prompts:
        return [[] for _ in adapters]
    distinct, of_row = _distinct(prompts)
    asked = Prompts([tokenise_prompt(base.tokenizer, prompt) for prompt in distinct], of_row)
    _require_room(base, asked.tokens, max_new_tokens)
    chance = Chance(
        CommonUniforms(seed, rows=len(prompts), positions=max_new_tokens) if temperature > 0 else None,
        temperature,
        max_new_tokens,
    )
    responses: list[list[list[int]]] = []
    with one_thread(), torch.inference_mode():
        for portion in _portions(base, adapters, rows=len(prompts)):

            def report(tokens: int, first: int = len(responses)) -> None:
                if progress is not None:
                    progress(GenerationProgress(first, len(adapters), tokens, max_new_tokens))

            responses += _draw(base, portion, asked, chance, report)
    return [_decode(base, drawn) for drawn in responses]


@dataclass(frozen=True, slots=True)
class _Portion:
    """Adapters that are drawn from in one batch: one, or several whose factors were read."""

    adapters: Sequence[Path | None]
    factors: Sequence[Mapping[str, Factors]] = ()


def _portions(base: LoadedModel, adapters: Sequence[Path | None], *, rows: int) -> list[_Portion]:
    """Which adapters to draw from in one batch.

    Many rows fill the machine on their own, and merged weights are cheaper than adapters beside them; few
    rows are drawn for all candidates together. Weights in half precision would round a merged adapter away, so
    there adapters stay beside them wherever they can.
    """
    alone = [_Portion([adapter]) for adapter in adapters]
    if not is_lean_model(base.model):
        return alone
    is_wide = base.model.dtype in (torch.float32, torch.float64)
    if is_wide and (rows >= ROWS_ALONE or len(adapters) == 1):
        return alone
    known = known_modules(base.model)
    read: list[Mapping[str, Factors]] = []
    for adapter in adapters:
        stored = None if adapter is None else read_adapter(adapter)
        if stored is not None and stored.config.get("peft_type") == FULL_WEIGHTS:
            return alone
        factors = {} if stored is None or adapter is None else lora_factors(stored, adapter)
        if not factors.keys() <= known:
            return alone
        read.append(factors)
    together = ROWS_TOGETHER_ON_GPU if base.model.device.type == "cuda" else ROWS_TOGETHER
    most = max(1, together // rows)
    spans = [slice(start, start + most) for start in range(0, len(adapters), most)]
    return [_Portion(adapters[span], read[span]) for span in spans]


def _draw(
    base: LoadedModel, portion: _Portion, asked: Prompts, chance: Chance, report: Callable[[int], None]
) -> list[list[list[int]]]:
    """The response tokens of each adapter's rows."""
    if portion.factors:
        stacked = stack_factors(base.model, portion.factors, device=base.model.device)
        decoder = Decoder(
            read_llama(base.model), stacked, candidates=len(portion.adapters), stop=base.stop_tokens
        )
        return decoder.run(asked, chance, report)
    with merged_in_place(base.model, portion.adapters[0]):
        if is_lean_model(base.model):
            decoder = Decoder(read_llama(base.model), {}, candidates=1, stop=base.stop_tokens)
            return decoder.run(asked, chance, report)
        return [AnyDecoder(base).run(asked, chance, report)]


@dataclass(frozen=True, slots=True)
class AnyDecoder:
    """Draws all rows of any transformers model token by token; a row leaves as soon as it has ended."""

    base: LoadedModel

    def run(self, asked: Prompts, chance: Chance, report: Callable[[int], None]) -> list[list[int]]:
        """The response tokens of each row, the end token left out."""
        model: Any = self.base.model
        device = model.device
        stop = torch.tensor(sorted(self.base.stop_tokens), device=device)
        tokens, mask = _pad_left(asked.tokens, self.base.tokenizer.pad_token_id, device)
        logits, cache = _forward(model, tokens, mask, None)
        of_row = torch.from_numpy(asked.of_row).to(device)
        logits, mask = logits[of_row], mask[of_row]
        cache.reorder_cache(of_row)
        rows = np.arange(len(asked.of_row))
        responses: list[list[int]] = [[] for _ in rows]
        for position in range(chance.max_new_tokens):
            chosen = chance.choose(logits, rows, position)
            goes_on = ~torch.isin(chosen, stop)
            report(position + 1)
            if not bool(goes_on.all()):
                rows, chosen, mask = rows[goes_on.cpu().numpy()], chosen[goes_on], mask[goes_on]
                cache.reorder_cache(goes_on.nonzero().squeeze(1))
            for row, token in zip(rows, chosen.tolist(), strict=True):
                responses[row].append(token)
            if len(rows) == 0 or position + 1 == chance.max_new_tokens:
                break
            mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
            logits, cache = _forward(model, chosen[:, None], mask, cache)
        return responses


def _forward(model: Any, tokens: Tensor, mask: Tensor, cache: Any) -> tuple[Tensor, Any]:
    """Logits of the last position, float[B, V], and the cache that now includes `tokens`.

    Args:
        tokens: int64[B, T]; the new tokens.
        mask: int64[B, P + T]; 0 on the padding at the left, over the P tokens in the cache and the new ones.
    """
    options: dict[str, Any] = {}
    accepted = _parameters_of(type(model))
    if "position_ids" in accepted:
        options["position_ids"] = (mask.cumsum(dim=1) - 1).clamp_(min=0)[:, -tokens.shape[1] :]
    if "logits_to_keep" in accepted:
        options["logits_to_keep"] = 1
    output = model(input_ids=tokens, attention_mask=mask, past_key_values=cache, use_cache=True, **options)
    cache = getattr(output, "past_key_values", None)
    if cache is None or not hasattr(cache, "reorder_cache"):
        raise ModelError(
            f"{type(model).__name__} keeps no key-value cache, which generation needs. "
            "Choose another base model."
        )
    return output.logits[:, -1], cache


def _parameters_of(model_class: type) -> frozenset[str]:
    return frozenset(inspect.signature(model_class.forward).parameters)  # type: ignore[attr-defined]


def _pad_left(prompts: Sequence[Sequence[int]], padding: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """int64[B, T] tokens and their mask, so that every prompt ends in the last column."""
    longest = max(len(prompt) for prompt in prompts)
    tokens = [[padding] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
    mask = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts]
    return torch.tensor(tokens, device=device), torch.tensor(mask, device=device)


def _distinct(prompts: Sequence[str]) -> tuple[list[str], Rows]:
    """The distinct prompts in order of appearance, and the number of each prompt among them."""
    numbers = {prompt: number for number, prompt in enumerate(dict.fromkeys(prompts))}
    return list(numbers), np.array([numbers[prompt] for prompt in prompts], dtype=np.int64)


def _require_room(base: LoadedModel, encoded: Sequence[Sequence[int]], max_new_tokens: int) -> None:
    room = getattr(base.model.config, "max_position_embeddings", None)
    longest = max(len(prompt) for prompt in encoded)
    if min(len(prompt) for prompt in encoded) == 0:
        raise InputError("a prompt has no tokens; give it at least one character.")
    if room is not None and longest + max_new_tokens > room:
        raise InputError(
            f"the longest prompt takes {longest} tokens and the response may take {max_new_tokens}, but "
            f"{base.reference!r} reads at most {room}. Shorten the prompt or lower max_new_tokens."
        )


def _decode(base: LoadedModel, responses: Sequence[Sequence[int]]) -> list[str]:
    decoded: list[str] = base.tokenizer.batch_decode(
        [list(tokens) for tokens in responses], skip_special_tokens=True
    )
    return [text.strip() for text in decoded]
