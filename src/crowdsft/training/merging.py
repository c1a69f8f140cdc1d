"""What adapters add to a model's weights, and sums of several adapters.

A LoRA adapter adds s B A to a weight matrix, with B: [out, rank], A: [rank, in] and s = alpha / rank.
Averaging is done on these deltas. Averaging the factors is something else, since
(B1 + B2)(A1 + A2) has cross terms; ranks are concatenated instead: [s1 w1 B1, s2 w2 B2] [A1; A2].
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from crowdsft.core.errors import InputError, ModelError
from crowdsft.training.adapters import FULL_WEIGHTS, StoredAdapter, lora_config, read_adapter, save_adapter

Delta = tuple[str, Tensor]
"""A parameter's name and what is added to it: float32, of the parameter's shape and on its device."""

_FACTOR = re.compile(r"(?:base_model\.model\.)?(?P<module>.+)\.lora_(?P<letter>[AB])\.weight")
_UNSUPPORTED = (
    "use_dora",
    "use_rslora",
    "rank_pattern",
    "alpha_pattern",
    "modules_to_save",
    "trainable_token_indices",
)


@dataclass(frozen=True, slots=True)
class Factors:
    """The two factors of one module's delta: B [out, rank] with the scale multiplied in, and A [rank, in]."""

    B: Tensor
    A: Tensor


def adapter_deltas(model: nn.Module, folder: Path) -> Iterator[Delta]:
    """What the adapter in `folder` adds to each of `model`'s weights, one after the other.

    Raises:
        ModelError: The folder is no adapter, of another model, or of a kind that is not a sum of matrices.
    """
    stored = read_adapter(folder)
    parameters = dict(model.named_parameters(remove_duplicate=False))
    if stored.config.get("peft_type") == FULL_WEIGHTS:
        pairs: Iterable[Delta] = stored.tensors.items()
    else:
        pairs = ((f"{module}.weight", factors) for module, factors in _lora_deltas(model, stored, folder))
    for name, delta in pairs:
        parameter = parameters.get(name)
        if parameter is None or parameter.shape != delta.shape:
            found = "has no such weight" if parameter is None else f"has {tuple(parameter.shape)} there"
            raise ModelError(
                f"the adapter {folder} changes {name} {tuple(delta.shape)}, but the model {found}. "
                "It was trained on another base model."
            )
        yield name, delta.to(device=parameter.device, dtype=torch.float32)


def add_deltas(model: nn.Module, deltas: Iterable[Delta]) -> None:
    """Add deltas to a model's weights in place; the sum is taken in float32.

    A delta of an output head that shares the input embedding's weight is the head's alone: the head gets
    a weight of its own first.
    """
    with torch.no_grad():
        for name, delta in deltas:
            if name == _tied_head(model):
                _untie_head(model)
            weight = model.get_parameter(name)
            weight.copy_(weight.float() + delta)


@contextmanager
def merged_in_place(model: nn.Module, folder: Path | None) -> Iterator[None]:
    """Merge an adapter into `model` for the duration of the block, then put the very same weights back.

    Args:
        folder: The adapter; None leaves the model as it is.
    """
    if folder is None:
        yield
        return
    with deltas_in_place(model, list(adapter_deltas(model, folder))):
        yield


@contextmanager
def deltas_in_place(model: nn.Module, deltas: Sequence[Delta]) -> Iterator[None]:
    """Add deltas to `model` for the duration of the block, then put the very same weights back."""
    head = _tied_head(model)
    saved = {name: model.get_parameter(name).detach().clone() for name, _ in deltas if name != head}
    try:
        add_deltas(model, deltas)
        yield
    finally:
        with torch.no_grad():
            for name, weight in saved.items():
                model.get_parameter(name).copy_(weight)
        if head is not None:
            _tie_head(model)


def merge_adapters(adapters: Sequence[Path], weights: Sequence[float], *, output: Path) -> tuple[Path, str]:
    """Store sum_i weights[i] * delta_i as one adapter; a LoRA adapter's rank is the sum of the ranks.

    Args:
        adapters: k adapter folders of one base model, all LoRA or all whole-weight deltas.
        weights: k factors; they need not sum to 1.
        output: Folder for the result, which is named by its digest.

    Returns:
        The merged adapter's folder and its digest.

    Raises:
        InputError: Nothing to merge, numbers that do not match, or kinds that do not mix.
        ModelError: A folder is not an adapter.
    """
    if not adapters or len(adapters) != len(weights):
        raise InputError(
            f"merging needs one weight per adapter, not {len(weights)} for {len(adapters)} adapters."
        )
    stored = [read_adapter(folder) for folder in adapters]
    whole = [adapter.config.get("peft_type") == FULL_WEIGHTS for adapter in stored]
    if all(whole):
        return save_adapter(output, stored[0].config, _sum_whole(stored, weights))
    if any(whole):
        raise InputError("a LoRA adapter and a whole-weight delta cannot be merged into one adapter.")
    factors = [lora_factors(adapter, folder) for adapter, folder in zip(stored, adapters, strict=True)]
    return save_lora(output, _concatenate(factors, weights), like=[adapter.config for adapter in stored])


def lora_factors(stored: StoredAdapter, folder: Path) -> dict[str, Factors]:
    """Each module's factors in float32, with the scale alpha / rank multiplied into B.

    Raises:
        ModelError: The adapter is not a plain LoRA adapter.
    """
    config = stored.config
    unsupported = [name for name in _UNSUPPORTED if config.get(name)]
    if config.get("peft_type") != "LORA" or unsupported:
        what = ", ".join(unsupported) if unsupported else f"the type {config.get('peft_type')!r}"
        raise ModelError(f"the adapter {folder} uses {what}; only plain LoRA adapters can be merged.")
    scale = config["lora_alpha"] / config["r"]
    halves: dict[str, dict[str, Tensor]] = {}
    for name, tensor in sorted(stored.tensors.items()):
        match = _FACTOR.fullmatch(name)
        if match is None:
            raise ModelError(f"the adapter {folder} holds {name}, which is not a factor of a linear module.")
        halves.setdefault(match["module"], {})[match["letter"]] = tensor.float()
    return {module: Factors(half["B"] * scale, half["A"]) for module, half in halves.items()}


def save_lora(
    output: Path, factors: dict[str, Factors], *, like: Sequence[Mapping[str, Any]]
) -> tuple[Path, str]:
    """Store factors whose scale is already in B (so alpha = rank); all modules have one rank.

    Args:
        like: Configurations of the adapters that were merged; together they name the modules.
    """
    rank = next(iter(factors.values())).A.shape[0]
    tensors = {}
    for module, pair in factors.items():
        tensors[f"base_model.model.{module}.lora_A.weight"] = pair.A
        tensors[f"base_model.model.{module}.lora_B.weight"] = pair.B
    named = [config["target_modules"] for config in like]
    listed = {module for modules in named if isinstance(modules, list) for module in modules}
    config = lora_config(
        rank=rank,
        alpha=rank,
        target_modules=list(factors) if any(isinstance(modules, str) for modules in named) else list(listed),
        base=like[0].get("base_model_name_or_path") or "",
    )
    return save_adapter(output, config, tensors)


def _tied_head(model: Any) -> str | None:
    """The name of the output head's weight when it is the input embedding's as well, else None."""
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    if head is None or embedding is None or head.weight is not embedding.weight:
        return None
    return next(f"{name}.weight" for name, module in model.named_modules() if module is head)


def _untie_head(model: Any) -> None:
    head = model.get_output_embeddings()
    head.weight = nn.Parameter(head.weight.detach().clone(), requires_grad=head.weight.requires_grad)
    model.config.tie_word_embeddings = False


def _tie_head(model: Any) -> None:
    model.get_output_embeddings().weight = model.get_input_embeddings().weight
    model.config.tie_word_embeddings = True


def _lora_deltas(model: nn.Module, stored: StoredAdapter, folder: Path) -> Iterator[Delta]:
    for module_name, factors in lora_factors(stored, folder).items():
        delta = factors.B @ factors.A
        try:
            is_transposed = (
                type(model.get_submodule(module_name)).__name__ == "Conv1D"
            )  # GPT-2 stores [in, out]
        except AttributeError:
            is_transposed = False
        yield module_name, delta.T if is_transposed else delta


def _sum_whole(stored: Sequence[StoredAdapter], weights: Sequence[float]) -> dict[str, Tensor]:
    total: dict[str, Tensor] = {}
    for adapter, weight in zip(stored, weights, strict=True):
        for name, tensor in adapter.tensors.items():
            total[name] = total.get(name, 0.0) + weight * tensor.float()
    return total


def _concatenate(adapters: Sequence[dict[str, Factors]], weights: Sequence[float]) -> dict[str, Factors]:
    """Concatenate ranks; a module that an adapter does not touch gets zeros, so that all ranks agree."""
    shapes = {module: pair for adapter in adapters for module, pair in adapter.items()}
    ranks = [next(iter(adapter.values())).A.shape[0] for adapter in adapters]
    merged = {}
    for module, like in sorted(shapes.items()):
        B, A = [], []
        for adapter, weight, rank in zip(adapters, weights, ranks, strict=True):
            pair = adapter.get(module)
            B.append(like.B.new_zeros(like.B.shape[0], rank) if pair is None else weight * pair.B)
            A.append(like.A.new_zeros(rank, like.A.shape[1]) if pair is None else pair.A)
        merged[module] = Factors(torch.cat(B, dim=1), torch.cat(A, dim=0))
    return merged
