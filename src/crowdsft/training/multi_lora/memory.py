"""How much memory training together takes, and how a step is cut into passes so that it stays within bounds.

Adapters are there all the time: values, gradients and Adam's two moments, 16 bytes per parameter and adapter (20
where a rounded copy is computed with). Activations are there for the length of a pass, forward and back. What a
token leaves behind for the way back is measured on one example, since no formula knows every architecture; a
label's share is the logits over the vocabulary. With gradient checkpointing only each block's input is kept, and
one block at a time is computed again.

Nothing here depends on what happens to be free, so the same training on the same machine is cut the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from crowdsft.training.multi_lora.batches import StepExamples
from crowdsft.training.multi_lora.parameters import AdapterParameters

CPU_ACTIVATIONS = 2 << 30
"""Bytes that activations of a pass may take on a processor."""
SHARE_OF_DEVICE = 0.85
"""Of a GPU's memory; the rest is for its libraries and for what allocation wastes."""
BLOCKS_AT_WORK = 3.0
"""Gradients and temporary results of a pass, in units of what one block keeps."""


@dataclass(frozen=True, slots=True)
class PassMemory:
    """What a pass takes, by what is in it.

    Args:
        per_token: Bytes for each place of the layout, padding included.
        per_label: Bytes for each place whose next token carries loss.
        checkpointing: Whether blocks are computed twice instead of being kept.
    """

    per_token: float
    per_label: float
    checkpointing: bool

    def bytes_of(self, examples: StepExamples) -> float:
        """What a pass over these examples takes; all rows count as long as the longest."""
        longest = max(len(example.tokens) for mine in examples for example in mine)
        rows = max(len(mine) for mine in examples)
        labels = max(sum(example.response_length for example in mine) for mine in examples)
        return len(examples) * (rows * longest * self.per_token + labels * self.per_label)


@dataclass(frozen=True, slots=True)
class Budget:
    """What one pass may take: tokens, beyond which more no longer fill the machine better, and bytes."""

    tokens: int
    limit_bytes: float
    memory: PassMemory

    def allows(self, examples: StepExamples) -> bool:
        """Whether these examples may go through the model in one pass."""
        tokens = sum(len(example.tokens) for mine in examples for example in mine)
        return tokens <= self.tokens and self.memory.bytes_of(examples) <= self.limit_bytes


@dataclass(frozen=True, slots=True)
class Pass:
    """Some adapters with all of a step's examples, or one adapter with some of them."""

    adapters: slice
    examples: StepExamples


def passes(step: StepExamples, budget: Budget, *, may_split: bool = True) -> Iterator[Pass]:
    """Cut a step into passes: neighbouring adapters as long as the budget allows, at least one example each.

    Args:
        step: Of each active adapter.
        budget: For one pass.
        may_split: Whether one adapter's examples may be divided between passes; their gradients then add up.
    """
    start = 0
    while start < len(step):
        stop = start + 1
        while stop < len(step) and budget.allows(step[start : stop + 1]):
            stop += 1
        if stop > start + 1 or not may_split:
            yield Pass(slice(start, stop), step[start:stop])
        else:
            yield from _portions(step, start, budget)
        start = stop


def _portions(step: StepExamples, adapter: int, budget: Budget) -> Iterator[Pass]:
    mine, first = step[adapter], 0
    while first < len(mine):
        end = first + 1
        while end < len(mine) and budget.allows([mine[first : end + 1]]):
            end += 1
        yield Pass(slice(adapter, adapter + 1), [mine[first:end]])
        first = end


def default_tokens_per_pass(device: torch.device) -> int:
    """What fills the device without overflowing its caches: measured on a processor core, generous elsewhere."""
    return 1_200 if device.type == "cpu" else 16_384


def activation_limit(model: Any, parameters: AdapterParameters) -> float:
    """Bytes that activations may take beside the model and its adapters, by the size of the device."""
    device = parameters.values.device
    if device.type != "cuda":
        return CPU_ACTIVATIONS
    total = int(torch.cuda.get_device_properties(device).total_memory)
    weights = int(sum(parameter.numel() * parameter.element_size() for parameter in model.parameters()))
    return max(0.0, SHARE_OF_DEVICE * total - weights - adapter_bytes(parameters))


def adapter_bytes(parameters: AdapterParameters) -> int:
    """Of values, gradients and Adam's moments of all adapters, and of what they are computed with."""
    values = parameters.values
    return values.numel() * (4 * values.element_size() + 2 * parameters.rounded_bytes)


def block_list(model: Any) -> list[nn.Module]:
    """The model's transformer blocks: the longest list of modules of one class."""
    lists = [list(module) for module in model.modules() if isinstance(module, nn.ModuleList)]
    alike = [blocks for blocks in lists if len({type(block) for block in blocks}) == 1]
    return max(alike, key=len, default=[])


def pass_memory(kept_bytes: int, places: int, model: Any, *, checkpointing: bool) -> PassMemory:
    """What a pass takes, from what a small one without checkpointing left behind.

    Args:
        kept_bytes: What is kept for the way back, logits left out.
        places: Of its layout, padding included.
        model: Counts of blocks and sizes.
        checkpointing: Whether blocks will be computed twice.
    """
    blocks = max(1, len(block_list(model)))
    size = model.get_input_embeddings().weight.element_size()
    kept, hidden = kept_bytes / places, model.config.hidden_size * size
    own = blocks * hidden if checkpointing else kept
    wide = max(4, size)
    return PassMemory(
        own + BLOCKS_AT_WORK * kept / blocks, model.config.vocab_size * (3 * wide + 2 * size), checkpointing
    )


class KeptBytes:
    """Inside the block, counts what operations keep for the way back; parameters of the model do not count."""

    def __init__(self, model: Any, parameters: AdapterParameters) -> None:
        self._known = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
        self._known |= {parameters.values.untyped_storage().data_ptr()}
        self._seen: dict[int, int] = {}
        self._hooks = torch.autograd.graph.saved_tensors_hooks(self._pack, lambda tensor: tensor)

    @property
    def total(self) -> int:
        """Bytes so far; storage that several operations keep counts once."""
        return sum(self._seen.values())

    def _pack(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self._known:
            self._seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    def __enter__(self) -> KeptBytes:
        self._hooks.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self._hooks.__exit__(*details)
