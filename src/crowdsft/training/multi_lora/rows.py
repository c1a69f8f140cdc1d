"""Training in any transformers model: its own forward, with its linear modules exchanged for adapted ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from crowdsft.core.errors import TrainingError
from crowdsft.training.fitting import only_these_positions
from crowdsft.training.multi_lora.apart import Apart, padded_blocks
from crowdsft.training.multi_lora.batches import StepExamples, pad_rows
from crowdsft.training.multi_lora.layer import adapted_linear
from crowdsft.training.multi_lora.memory import block_list
from crowdsft.training.multi_lora.parameters import AdapterParameters, FactorGroup, Shape


class RowsMixedError(TrainingError):
    """The model sends only some tokens through a module, so its rows cannot be told apart by adapter."""


class AdaptedModule(nn.Module):
    """Stands in for a linear module; `factors` are those of the adapters that the current rows belong to."""

    def __init__(self, name: str, original: nn.Module) -> None:
        super().__init__()
        self.name = name
        self.original = original
        self.factors: FactorGroup | None = None
        self.expected: tuple[int, ...] = ()
        weight, bias = original.weight, original.bias
        assert isinstance(weight, Tensor)
        assert bias is None or isinstance(bias, Tensor)
        self._is_transposed = not isinstance(original, nn.Linear)  # GPT-2 stores [inputs, outputs]
        self.weight, self.bias = weight, bias

    def forward(self, x: Tensor) -> Tensor:
        """[..., inputs] to [..., outputs]; the leading places belong to the adapters in turn, evenly."""
        assert self.factors is not None
        count = x.shape[:-1].numel()
        if count not in self.expected:
            raise RowsMixedError(
                f"the module {self.name} sees {count} tokens of a batch, not {self.expected[0]}, so its rows cannot "
                "be told apart by adapter. Use the training backend 'lora', or leave it out of target_modules."
            )
        weight = self.weight.mT if self._is_transposed else self.weight
        adapters = len(self.factors.A)
        y = adapted_linear(x.reshape(adapters, -1, x.shape[-1]), weight, self.bias, self.factors)
        return y.view(*x.shape[:-1], -1)


@dataclass(frozen=True, slots=True)
class RowsForward:
    """A transformers model whose linear modules are adapted; see `adapted_model`."""

    model: Any
    modules: tuple[AdaptedModule, ...]
    parameters: AdapterParameters
    padding: int
    checkpointing: bool = False

    def losses(
        self,
        examples: StepExamples,
        adapters: slice,
        apart: Apart | None = None,
        totals: Sequence[int] | None = None,
    ) -> Tensor:
        """See `Forward.losses`."""
        batch = pad_rows(
            examples,
            padding=self.padding,
            device=self.parameters.values.device,
            held_out=apart.held_out if apart else 0,
            totals=totals,
        )
        expected = (batch.tokens.numel(), batch.labels.places.numel())
        blocks = padded_blocks(examples, apart, batch) if apart else None
        factors = self.parameters.only(adapters, blocks)
        for module in self.modules:
            module.factors = factors[module.name]
            module.expected = expected
        twice = checkpointed(self.model) if self.checkpointing else nullcontext()
        with twice, only_these_positions(self.model, batch.labels.places):
            output = self.model(input_ids=batch.tokens, attention_mask=batch.mask, use_cache=False)
        logits = output.logits
        if logits.dim() == 3:  # the head is not a module of its own, so nothing was left out
            logits = logits.flatten(0, 1)[batch.labels.places]
        return batch.labels.losses(logits)


def linear_shapes(model: Any, names: list[str]) -> list[list[Shape]]:
    """Each module as a group of its own."""
    shapes = []
    for name in names:
        outputs, inputs = model.get_submodule(name).weight.shape
        if not isinstance(model.get_submodule(name), nn.Linear):
            outputs, inputs = inputs, outputs
        shapes.append([Shape(name, inputs, outputs)])
    return shapes


@contextmanager
def checkpointed(model: Any) -> Iterator[None]:
    """Inside the block the model's transformer blocks keep their inputs only, and are computed again on the way back.

    Transformers' own switch works in training mode alone, in which dropout would make a candidate a matter of luck.
    """
    blocks = block_list(model)
    try:
        for block in blocks:
            block.forward = partial(checkpoint, block.forward, use_reentrant=False, preserve_rng_state=False)
        yield
    finally:
        for block in blocks:
            block.__dict__.pop("forward", None)


@contextmanager
def adapted_model(
    model: Any, parameters: AdapterParameters, *, padding: int, checkpointing: bool = False
) -> Iterator[RowsForward]:
    """`model` with adapted modules in place of its linear ones, which come back at the end of the block."""
    modules = []
    hook = model.get_input_embeddings().register_forward_hook(
        lambda _module, _inputs, output: output.requires_grad_()
    )
    try:
        for name in parameters.groups:
            module = AdaptedModule(name, model.get_submodule(name))
            model.set_submodule(name, module)
            modules.append(module)
        with torch.enable_grad():
            yield RowsForward(model, tuple(modules), parameters, padding, checkpointing)
    finally:
        hook.remove()
        for module in modules:
            model.set_submodule(module.name, module.original)
