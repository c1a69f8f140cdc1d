"""The options of TRL's SFTConfig that a campaign file may set, and what they must be.

A closed list: what our own settings say already (rates, batches, passes, seeds) stands there and only there, and
what writes files, sends reports, runs code or loads things from elsewhere is not for a campaign file.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

TrlValue = bool | int | float | str

TRL_OPTIONS: dict[str, type[bool] | type[int] | type[float] | type[str]] = {
    "activation_offloading": bool,
    "adam_beta1": float,
    "adam_beta2": float,
    "adam_epsilon": float,
    "bf16": bool,
    "fp16": bool,
    "gradient_accumulation_steps": int,
    "gradient_checkpointing": bool,
    "loss_type": str,
    "lr_scheduler_type": str,
    "neftune_noise_alpha": float,
    "optim": str,
    "optim_args": str,
    "pad_to_multiple_of": int,
    "router_aux_loss_coef": float,
    "tf32": bool,
    "torch_empty_cache_steps": int,
}


def trl_option_problems(options: Mapping[str, object]) -> list[str]:
    """What is wrong with `options`, a sentence each; none when TRL can be given all of them."""
    problems = []
    for name, value in options.items():
        if name not in TRL_OPTIONS:
            problems.append(f"{name!r} cannot be set. {_guess(name)}Allowed: {', '.join(TRL_OPTIONS)}")
        elif not _is(value, TRL_OPTIONS[name]):
            problems.append(f"{name} is {value!r}; it must be {_WORDS[TRL_OPTIONS[name]]}")
    return problems


_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def _is(value: object, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _guess(name: str) -> str:
    close = difflib.get_close_matches(name, TRL_OPTIONS, n=1)
    return f"Did you mean {close[0]!r}? " if close else ""
