"""Differentiable operations that the lean forward is made of, each with its gradient written out.

Every one keeps only what its gradient needs and allocates once; a chain of elementary operations would keep
and allocate at every link.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from crowdsft.training.multi_lora.batches import PackedBatch

Function = torch.autograd.Function


class _RmsNorm(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
        wide = x if x.dtype == torch.float64 else x.float()
        scale = (
            torch.linalg.vector_norm(wide, dim=-1, keepdim=True)
            .square_()
            .div_(x.shape[-1])
            .add_(epsilon)
            .rsqrt_()
        )
        normal = wide * scale
        ctx.save_for_backward(normal, scale, weight)
        y: Tensor = normal.to(x.dtype) * weight
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        normal, scale, weight = ctx.saved_tensors
        (dy,) = gradients
        d_normal = (dy * weight).to(normal.dtype)
        along = (d_normal * normal).mean(dim=-1, keepdim=True)
        return d_normal.addcmul_(normal, along, value=-1).mul_(scale).to(dy.dtype), None, None


def rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """x / sqrt(mean(x^2) + epsilon) * weight over the last dimension; at least float32 inside."""
    y: Tensor = _RmsNorm.apply(x, weight, epsilon)  # type: ignore[no-untyped-call]
    return y


class _Gate(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        gated, up = x.chunk(2, dim=-1)
        y: Tensor = nn.functional.silu(gated).mul_(up)
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        (dy,) = gradients
        gated, up = x.chunk(2, dim=-1)
        dx = torch.empty_like(x)
        d_gated, d_up = dx.chunk(2, dim=-1)
        sigmoid = torch.sigmoid(gated)
        silu = gated * sigmoid
        torch.mul(dy, silu, out=d_up)
        # silu' = sigmoid + silu (1 - sigmoid)
        torch.mul(dy, up, out=d_gated)
        d_gated.mul_(sigmoid.addcmul_(silu, 1 - sigmoid))
        return dx


def gate(x: Tensor) -> Tensor:
    """silu(a) * b for x = [a, b] joined in the last dimension."""
    y: Tensor = _Gate.apply(x)  # type: ignore[no-untyped-call]
    return y


class _Gather(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        ctx.rows = len(x)
        return x.index_select(0, index)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (index,) = ctx.saved_tensors
        (dy,) = gradients
        return dy.new_zeros(ctx.rows, dy.shape[1]).index_add_(0, index, dy), None


def gather(x: Tensor, index: Tensor) -> Tensor:
    """x[index] for x: [N, d] and index: int64[M]."""
    y: Tensor = _Gather.apply(x, index)  # type: ignore[no-untyped-call]
    return y


def turn_in_place(x: Tensor, cosine: Tensor, sine: Tensor) -> None:
    """Rotate the halves (a, b) of the last dimension by an angle, in place: (a c - b s, b c + a s)."""
    a, b = x.chunk(2, dim=-1)
    turned = (a * cosine).addcmul_(b, sine, value=-1)
    b.mul_(cosine).addcmul_(a, sine)
    a.copy_(turned)


class _RowsForAttention(Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, batch: PackedBatch, turn: tuple[Tensor, Tensor], key_heads: int
    ) -> tuple[Tensor, ...]:
        ctx.batch, ctx.turn, ctx.key_heads = batch, turn, key_heads
        rows = x.index_select(0, batch.to_rows).view(-1, batch.longest, *x.shape[1:])
        turn_in_place(rows[:, :, : x.shape[1] - key_heads], *turn)
        heads = x.shape[1] - 2 * key_heads
        parts = torch.split(rows, [heads, key_heads, key_heads], dim=2)
        return tuple(part.transpose(1, 2) for part in parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        rows = torch.cat([gradient.transpose(1, 2) for gradient in gradients], dim=2)
        cosine, sine = ctx.turn
        turn_in_place(rows[:, :, : rows.shape[2] - ctx.key_heads], cosine, -sine)
        # padding receives no gradient: nothing after it looks back at it
        return rows.flatten(0, 1).index_select(0, ctx.batch.to_packed), None, None, None


def rows_for_attention(
    x: Tensor, batch: PackedBatch, turn: tuple[Tensor, Tensor], *, key_heads: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Bring packed queries, keys and values into rows and rotate queries and keys by their positions.

    Args:
        x: [N, heads + 2 * key_heads, head_size]; queries, then keys, then values.
        turn: Cosine and sine of each position, [T, 1, head_size / 2].

    Returns:
        Queries [R, heads, T, head_size], keys and values [R, key_heads, T, head_size].
    """
    q, k, v = _RowsForAttention.apply(x, batch, turn, key_heads)  # type: ignore[no-untyped-call]
    return q, k, v
