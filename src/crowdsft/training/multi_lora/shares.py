"""Gradients kept apart by whose rows they come from."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class AdapterBlocks:
    """Whose positions stand where in one adapter's step: block after block from its first position on.

    Args:
        slots: Whose gradient each block is; all different.
        tokens: Numbers of tokens of each block.
        labels: Numbers of positions with loss of each block.
    """

    slots: tuple[int, ...]
    tokens: tuple[int, ...]
    labels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StepBlocks:
    """All blocks of a pass; together they hold every token of it that is not filling.

    Args:
        adapters: One entry each.
        labels: Positions with loss of each adapter in the layout, filling included; a module that sees as many
            positions sees those, any other one all tokens.
    """

    adapters: tuple[AdapterBlocks, ...]
    labels: int


@dataclass(frozen=True, slots=True)
class GroupShares:
    """Where the gradients of one factor group go, slot by slot.

    Args:
        A: [J, slots, parts * rank, inputs].
        B: For each part [J, slots, outputs, rank].
        blocks: Of the coming pass.
    """

    A: Tensor
    B: tuple[Tensor, ...]
    blocks: StepBlocks

    def put_inner(self, d_inner: Tensor, low: Tensor, scale: float) -> None:
        """Gradients of A from [J, n, parts * rank] and [J, n, inputs]; what stood there is overwritten."""
        _put(self.A, d_inner, low, scale, self.blocks)

    def put_outer(self, part: int, d_part: Tensor, inner: Tensor, scale: float) -> None:
        """Gradients of one part's B from [J, n, outputs] and [J, n, rank]; what stood there is overwritten."""
        _put(self.B[part], d_part, inner, scale, self.blocks)


def _put(out: Tensor, left: Tensor, right: Tensor, scale: float, blocks: StepBlocks) -> None:
    for places, d_outer, inner, mine in zip(out, left, right, blocks.adapters, strict=True):
        sizes = mine.labels if left.shape[1] == blocks.labels else mine.tokens
        total = sum(sizes)
        parts = zip(mine.slots, d_outer[:total].split(sizes), inner[:total].split(sizes), strict=True)
        for slot, own_left, own_right in parts:
            place = places[slot]
            torch.addmm(place, own_left.mT, own_right, beta=0, alpha=scale, out=place)
