"""A lean forward of Llama-like models for training adapters: packed tokens, joined maps, few operations.

In a small model most of the time goes into what stands around the matrix products: padding, many small
calls, and parts of the network whose results nobody needs. Here queries, keys and values are one product, as
are the two halves of the gated layer; padding exists inside attention only; and the last layer after its
attention, like the output head, sees only the positions whose next token carries loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from crowdsft.training.multi_lora.apart import Apart, packed_blocks
from crowdsft.training.multi_lora.batches import PackedBatch, StepExamples, pack
from crowdsft.training.multi_lora.fused import gate, gather, rms_norm, rows_for_attention
from crowdsft.training.multi_lora.layer import adapted_linear
from crowdsft.training.multi_lora.parameters import AdapterParameters, FactorGroup, Shape

LEAN_CLASSES = frozenset({"LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM"})
LARGEST_COPIED = 200_000_000
"""Parameters up to which joined maps are a copy; of a larger model the modules' weights become parts of the map."""

_ROPE_TYPES = frozenset({"default", "linear", "llama3"})
"""Rotations that do not depend on how long the text is."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Linear modules that read the same input, as one map.

    Args:
        names: Full names of the modules, in the order of their outputs.
        weight: [outputs, inputs], frozen.
        bias: [outputs] or None, frozen.
    """

    names: tuple[str, ...]
    weight: Tensor
    bias: Tensor | None

    def __call__(self, x: Tensor, factors: dict[str, FactorGroup]) -> Tensor:
        """[J, n, inputs] to [J, n, outputs]."""
        return adapted_linear(x, self.weight, self.bias, factors.get(self.names[0]))


@dataclass(frozen=True, slots=True)
class Layer:
    """One transformer block."""

    attention_norm: Tensor
    attention_inputs: Joined
    attention_output: Joined
    gated_norm: Tensor
    gated_inputs: Joined
    gated_output: Joined


@dataclass(frozen=True, slots=True)
class Llama:
    """A Llama-like network as its weights."""

    embedding: Tensor
    layers: tuple[Layer, ...]
    final_norm: Tensor
    head: Joined
    heads: int
    key_heads: int
    head_size: int
    epsilon: float
    rotary: Any


def is_lean_model(model: Any) -> bool:
    """Whether `Llama` computes just what this transformers model does."""
    config = model.config
    window = getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None
    rope = getattr(config, "rope_parameters", None) or {}
    return (
        type(model).__name__ in LEAN_CLASSES
        and config.hidden_act == "silu"
        and window is None
        and rope.get("rope_type", "default") in _ROPE_TYPES
    )


def read_llama(model: Any) -> Llama:
    """Take the weights out of a transformers model for which `is_lean_model` holds."""
    inner, config = model.model, model.config
    names = {module: name for name, module in model.named_modules()}
    copied = sum(parameter.numel() for parameter in model.parameters()) <= LARGEST_COPIED

    def joined(*modules: Any) -> Joined:
        biases = [module.bias for module in modules]
        return Joined(
            tuple(names[module] for module in modules),
            join_weights(modules, copied=copied),
            None if biases[0] is None else torch.cat([bias.detach() for bias in biases]),
        )

    def layer(block: Any) -> Layer:
        attention, gated = block.self_attn, block.mlp
        return Layer(
            block.input_layernorm.weight.detach(),
            joined(attention.q_proj, attention.k_proj, attention.v_proj),
            joined(attention.o_proj),
            block.post_attention_layernorm.weight.detach(),
            joined(gated.gate_proj, gated.up_proj),
            joined(gated.down_proj),
        )

    return Llama(
        inner.embed_tokens.weight.detach(),
        tuple(layer(block) for block in inner.layers),
        inner.norm.weight.detach(),
        joined(model.lm_head),
        config.num_attention_heads,
        config.num_key_value_heads,
        inner.layers[0].self_attn.head_dim,
        config.rms_norm_eps,
        inner.rotary_emb,
    )


def join_weights(modules: Sequence[Any], *, copied: bool) -> Tensor:
    """The modules' weights one under the other, [sum of outputs, inputs].

    Args:
        modules: Linear modules that read the same input.
        copied: Whether the result is a copy. Otherwise the modules keep their values and from now on view the
            result, so that nothing is held twice.
    """
    weights: list[Tensor] = [module.weight.detach() for module in modules]
    if len(weights) == 1:
        return weights[0]
    outputs = sum(len(weight) for weight in weights)
    is_one_storage = len({weight.untyped_storage().data_ptr() for weight in weights}) == 1
    ends = [weight.data_ptr() + weight.nbytes for weight in weights[:-1]]
    if is_one_storage and ends == [weight.data_ptr() for weight in weights[1:]]:  # joined before
        return weights[0].as_strided((outputs, weights[0].shape[1]), weights[0].stride())
    whole = torch.cat(weights)
    if not copied:
        for module, part in zip(
            modules, torch.split(whole, [len(weight) for weight in weights]), strict=True
        ):
            module.weight.data = part
    return whole


def lean_shapes(model: Any) -> list[list[Shape]]:
    """The linear modules by the input they read, as `Joined` puts them together."""
    groups = []
    for block in model.model.layers:
        attention, gated = block.self_attn, block.mlp
        groups += [
            [attention.q_proj, attention.k_proj, attention.v_proj],
            [attention.o_proj],
            [gated.gate_proj, gated.up_proj],
            [gated.down_proj],
        ]
    groups.append([model.lm_head])
    names = {module: name for name, module in model.named_modules()}
    return [
        [Shape(names[module], module.in_features, module.out_features) for module in group]
        for group in groups
    ]


@dataclass(frozen=True, slots=True)
class LlamaForward:
    """Losses of several adapters by the lean forward."""

    llama: Llama
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
        batch = pack(
            examples,
            padding=self.padding,
            device=self.parameters.values.device,
            held_out=apart.held_out if apart else 0,
            totals=totals,
        )
        blocks = packed_blocks(examples, apart, batch.labels) if apart else None
        factors = self.parameters.only(adapters, blocks)
        x = nn.functional.embedding(batch.tokens, self.llama.embedding).requires_grad_()
        turn = self._rotation(x, batch.longest)
        for layer in self.llama.layers[:-1]:
            if self.checkpointing:
                x = checkpoint(
                    self._layer, layer, x, batch, factors, turn, use_reentrant=False, preserve_rng_state=False
                )
            else:
                x = self._layer(layer, x, batch, factors, turn)
        last = self.llama.layers[-1]
        x = self._attend(
            last, x, batch, factors, turn, batch.to_packed[batch.labels.places], batch.labels.places
        )
        x = rms_norm(self._gate(last, x, factors), self.llama.final_norm, self.llama.epsilon)
        logits = self.llama.head(x, factors)
        return batch.labels.losses(logits.view(-1, logits.shape[-1]))

    def _rotation(self, x: Tensor, longest: int) -> tuple[Tensor, Tensor]:
        """Cosine and sine, [T, 1, head_size / 2] each; the other half repeats them."""
        with torch.no_grad():
            cosine, sine = self.llama.rotary(x, torch.arange(longest, device=x.device)[None])
        half = self.llama.head_size // 2
        return cosine[0, :, None, :half], sine[0, :, None, :half]

    def _layer(
        self,
        layer: Layer,
        x: Tensor,
        batch: PackedBatch,
        factors: dict[str, FactorGroup],
        turn: tuple[Tensor, Tensor],
    ) -> Tensor:
        """One transformer block at all packed positions, [J, n, hidden]."""
        x = self._attend(layer, x, batch, factors, turn, batch.to_packed)
        return self._gate(layer, x, factors)

    def _attend(
        self,
        layer: Layer,
        x: Tensor,
        batch: PackedBatch,
        factors: dict[str, FactorGroup],
        turn: tuple[Tensor, Tensor],
        wanted: Tensor,
        kept: Tensor | None = None,
    ) -> Tensor:
        """x + attention(x) at all packed positions, or at `kept` of them.

        Args:
            x: [J, n, hidden].
            wanted: int64; the places in the rows of the positions that are kept.
            kept: int64; the same positions among the packed tokens; None keeps all.
        """
        llama, adapters = self.llama, len(x)
        normed = rms_norm(x, layer.attention_norm, llama.epsilon)
        joined = layer.attention_inputs(normed, factors)
        heads = joined.view(-1, llama.heads + 2 * llama.key_heads, llama.head_size)
        q, k, v = rows_for_attention(heads, batch, turn, key_heads=llama.key_heads)
        attended = nn.functional.scaled_dot_product_attention(
            q, k, v, is_causal=True, enable_gqa=llama.heads != llama.key_heads
        )
        rows = attended.transpose(1, 2).reshape(-1, llama.heads * llama.head_size)
        packed = gather(rows, wanted)
        if kept is not None:
            x = gather(x.reshape(-1, x.shape[-1]), kept).view(adapters, -1, x.shape[-1])
        return x + layer.attention_output(packed.view(adapters, -1, packed.shape[-1]), factors)

    def _gate(self, layer: Layer, x: Tensor, factors: dict[str, FactorGroup]) -> Tensor:
        """x + down(silu(gate(x)) * up(x)), [J, n, hidden]."""
        normed = rms_norm(x, layer.gated_norm, self.llama.epsilon)
        return x + layer.gated_output(gate(layer.gated_inputs(normed, factors)), factors)


@contextmanager
def lean_model(
    model: Any, parameters: AdapterParameters, *, padding: int, checkpointing: bool = False
) -> Iterator[LlamaForward]:
    """The lean forward of `model`, whose weights are read and keep their values."""
    with torch.enable_grad():
        yield LlamaForward(read_llama(model), parameters, padding, checkpointing)
