"""A frozen linear map with J adapters: y_j = x_j W' + bias + scale (x_j A_j') B_j' for each adapter j.

The frozen product is one matrix product over all adapters' rows; the adapters are batched products. Gradients
of A and B are added straight to the flat array, so no copy of them is made.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from crowdsft.training.multi_lora.parameters import FactorGroup


class _AdaptedLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, factors: FactorGroup) -> Tensor:
        y = nn.functional.linear(x, weight, bias)
        low = x.to(factors.A.dtype)
        inner = torch.bmm(low, factors.A.mT)  # [J, n, parts * rank]
        for part in factors.parts:
            columns = y[..., part.columns]
            if y.dtype == inner.dtype:
                columns.baddbmm_(inner[..., part.ranks], part.B.mT, alpha=factors.scale)
            else:
                columns.add_(torch.bmm(inner[..., part.ranks], part.B.mT).mul_(factors.scale))
        ctx.save_for_backward(low, inner, weight)
        ctx.factors = factors
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, None, None, None]:
        low, inner, weight = ctx.saved_tensors
        factors: FactorGroup = ctx.factors
        (dy,) = gradients
        d_inner = torch.empty_like(inner)
        shares = factors.shares
        for number, part in enumerate(factors.parts):
            d_part = dy[..., part.columns].to(inner.dtype)
            d_inner[..., part.ranks] = torch.bmm(d_part, part.B)
            if shares is None:
                part.B_gradient.baddbmm_(d_part.mT, inner[..., part.ranks], alpha=factors.scale)
            else:
                shares.put_outer(number, d_part, inner[..., part.ranks], factors.scale)
        if shares is None:
            factors.A_gradient.baddbmm_(d_inner.mT, low, alpha=factors.scale)
        else:
            shares.put_inner(d_inner, low, factors.scale)
        if not ctx.needs_input_grad[0]:
            return None, None, None, None
        dx = dy @ weight
        if dx.dtype == inner.dtype:
            dx.baddbmm_(d_inner, factors.A, alpha=factors.scale)
        else:
            dx.add_(torch.bmm(d_inner, factors.A).mul_(factors.scale))
        return dx, None, None, None


def adapted_linear(x: Tensor, weight: Tensor, bias: Tensor | None, factors: FactorGroup | None) -> Tensor:
    """Apply the frozen map and each adapter to its own rows.

    Args:
        x: [J, n, inputs]; x[j] belongs to adapter j. It must be part of the gradient's graph for A and B to
            receive gradients.
        weight: [outputs, inputs], frozen.
        bias: [outputs] or None, frozen.
        factors: The J adapters; None where the module has none.

    Returns:
        [J, n, outputs].
    """
    if factors is None:
        return nn.functional.linear(x, weight, bias)
    y: Tensor = _AdaptedLinear.apply(x, weight, bias, factors)  # type: ignore[no-untyped-call]
    return y
