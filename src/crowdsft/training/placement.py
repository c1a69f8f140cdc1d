"""Where a base model lives and in which type: on the processor in float32, or on a GPU in bfloat16."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from crowdsft.core.errors import InputError

Precision = Literal["float32", "bfloat16"]

AUTO = "auto"
SMALLEST_FOR_GPU = 20_000_000
"""Parameters below which a GPU waits for the processor most of the time."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the weights go, in torch's words ("cpu", "cuda", "cuda:1", ...), and their type.

    Adapters are trained, stored and merged in float32 everywhere.
    """

    device: str = "cpu"
    precision: Precision = "float32"


ON_CPU = Placement()


def choose_placement(parameters: int, *, device: str = AUTO, precision: str = AUTO) -> Placement:
    """Where a model of so many parameters belongs on this machine.

    Args:
        parameters: Of the model; "auto" leaves small models on the processor.
        device: "auto", or a device in torch's words.
        precision: "auto" (bfloat16 on a GPU that has it), "float32" or "bfloat16".

    Raises:
        InputError: The device is not there, or a word is not known.
    """
    import torch

    if precision not in (AUTO, "float32", "bfloat16"):
        raise InputError(f'the precision is {precision!r}; it must be "auto", "float32" or "bfloat16".')
    if device == AUTO:
        device = "cuda" if torch.cuda.is_available() and parameters >= SMALLEST_FOR_GPU else "cpu"
    try:
        kind = torch.device(device).type
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            f"there is no device {device!r} here ({str(error).splitlines()[0]}). "
            'Use "auto", "cpu", "cuda" or "cuda:N"; `nvidia-smi` lists the GPUs that can be used.'
        ) from error
    if precision == "float32":
        return Placement(device, "float32")
    is_fast = kind == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return Placement(device, "bfloat16" if precision == "bfloat16" or is_fast else "float32")


def count_parameters(config: Any, *, trust_remote_code: bool = False) -> int:
    """Parameters of a model from its configuration; nothing is loaded."""
    import torch
    from transformers import AutoModelForCausalLM

    make: Any = AutoModelForCausalLM.from_config
    with torch.device("meta"):
        model = make(config, trust_remote_code=trust_remote_code)
    return sum(parameter.numel() for parameter in model.parameters())
