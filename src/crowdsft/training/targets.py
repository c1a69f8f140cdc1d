"""Which linear modules of a model get an adapter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from crowdsft.core.errors import TrainingError
from crowdsft.training.base import TrainingOptions


def is_linear(module: nn.Module) -> bool:
    """Whether a low-rank adapter can stand beside `module`: nn.Linear, or GPT-2's transposed Conv1D."""
    return isinstance(module, nn.Linear) or type(module).__name__ == "Conv1D"


def adapted_modules(model: Any, options: TrainingOptions) -> list[str]:
    """Full names of the modules that get an adapter, sorted.

    Raises:
        TrainingError: No module has one of the wanted names.
    """
    head = model.get_output_embeddings()
    linear = {name: module for name, module in model.named_modules() if is_linear(module)}
    wanted = options.target_modules
    names = {
        name
        for name, module in linear.items()
        if module is not head and (wanted == "all-linear" or _is_named(name, wanted))
    }
    if not names:
        endings = sorted({name.rsplit(".", 1)[-1] for name, module in linear.items() if module is not head})
        raise TrainingError(
            f"target_modules = {wanted!r} names no linear module of {type(model).__name__}. "
            f"Its linear modules are called {', '.join(endings)}."
        )
    if options.adapt_head:
        names |= {name for name, module in linear.items() if module is head}
    return sorted(names)


def short_names(model: nn.Module, names: Sequence[str]) -> list[str]:
    """The last parts of `names`, sorted, when they stand for the same linear modules; `names` otherwise."""
    endings = tuple(sorted({name.rsplit(".", 1)[-1] for name in names}))
    meant = {name for name, module in model.named_modules() if is_linear(module) and _is_named(name, endings)}
    return list(endings) if meant == set(names) else sorted(names)


def _is_named(name: str, wanted: str | tuple[str, ...]) -> bool:
    endings = (wanted,) if isinstance(wanted, str) else wanted
    return any(name == ending or name.endswith(f".{ending}") for ending in endings)
