"""Gradients kept apart by whose rows they come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Block:
    """One contributor's rows in one adapter's step; they stand side by side.

    Args:
        adapter: Place of the adapter in the pass.
        slot: Whose gradient this is.
        tokens: Its part of the adapter's tokens.
        labels: Its part of the adapter's positions with loss.
    """

    adapter: int
    slot: int
    tokens: slice
    labels: slice


@dataclass(frozen=True, slots=True)
class StepBlocks:
    """All blocks of a pass; together they hold every token of it that is not filling.

    Args:
        blocks: No two have the same adapter and slot.
        labels: Positions with loss of each adapter in the layout, filling included; a module that sees as many
            positions sees those, any other one all tokens.
    """

    blocks: tuple[Block, ...]
    labels: int

    def spans(self, positions: int) -> Iterator[tuple[int, int, slice]]:
        """Adapter, slot and positions of each block, for a module that sees `positions` of each adapter."""
        for block in self.blocks:
            yield block.adapter, block.slot, block.labels if positions == self.labels else block.tokens


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
    for adapter, slot, span in blocks.spans(left.shape[1]):
        place = out[adapter, slot]
        torch.addmm(place, left[adapter, span].mT, right[adapter, span], beta=0, alpha=scale, out=place)
