"""The parameters of J adapters: one flat array of values, one of gradients, and views into them.

Row j holds adapter j: for each group of modules that read the same input their A's, one under the other,
then their B's. Adapters are sorted by their number of steps, so the ones still training are the first rows.

Where a base computes in bfloat16 on a GPU, so do the adapters beside it: the factor groups then view a rounded
copy of the values, and gradients in that type, which are gathered in float32 after each pass. What is trained
and stored stays in float32.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from crowdsft.core.seeds import derive_seed
from crowdsft.training.multi_lora.shares import GroupShares, StepBlocks


@dataclass(frozen=True, slots=True)
class Shape:
    """A linear module: its name, inputs and outputs."""

    name: str
    inputs: int
    outputs: int


@dataclass(frozen=True, slots=True)
class Part:
    """One module's share of a group: where its outputs stand in the group's, and its B with the gradient.

    Args:
        name: The module's full name.
        columns: Its outputs among the group's outputs.
        ranks: Its inner dimensions among the group's.
        B, B_gradient: [J, outputs, rank].
    """

    name: str
    columns: slice
    ranks: slice
    B: Tensor
    B_gradient: Tensor


@dataclass(frozen=True, slots=True)
class FactorGroup:
    """The factors of all adapters for modules that read the same input, computed as one.

    Args:
        A, A_gradient: [J, parts * rank, inputs], in the type that is computed in.
        parts: The modules that have an adapter.
        scale: alpha / rank.
        shares: Where gradients go when they are wanted apart, instead of `A_gradient` and `B_gradient`.
    """

    A: Tensor
    A_gradient: Tensor
    parts: tuple[Part, ...]
    scale: float
    shares: GroupShares | None = None

    def only(self, rows: slice) -> FactorGroup:
        """Views of some of the adapters."""
        parts = tuple(
            Part(part.name, part.columns, part.ranks, part.B[rows], part.B_gradient[rows])
            for part in self.parts
        )
        return FactorGroup(self.A[rows], self.A_gradient[rows], parts, self.scale)


class AdapterParameters:
    """Values and gradients of J adapters, [J, P] each, and the factor groups that view them.

    Args:
        groups: Modules that read the same input, group by group, in the order of their outputs.
        adapted: Full names of the modules that get an adapter; the others only take up columns.
        count: J.
        rank: Inner dimension of every adapter.
        scale: alpha / rank.
        dtype, device: Of the values and gradients.
        trained: Whether gradients will be used; otherwise their memory is left as it is found.
        compute: The type that factor groups compute in; None: `dtype`.
    """

    def __init__(
        self,
        groups: Sequence[Sequence[Shape]],
        adapted: Sequence[str],
        *,
        count: int,
        rank: int,
        scale: float,
        dtype: torch.dtype,
        device: torch.device,
        trained: bool = True,
        compute: torch.dtype | None = None,
    ) -> None:
        wanted = frozenset(adapted)
        chosen = [[shape for shape in group if shape.name in wanted] for group in groups]
        size = sum(rank * (shape.inputs + shape.outputs) for group in chosen for shape in group)
        self.rank = rank
        self.values = torch.zeros(count, size, dtype=dtype, device=device)
        self.gradients = (torch.zeros_like if trained else torch.empty_like)(self.values)
        is_rounded = compute is not None and compute != dtype
        self._rounded = self.values.to(compute) if is_rounded else None
        self._passing = torch.zeros_like(self._rounded) if self._rounded is not None else None
        self.groups: dict[str, FactorGroup] = {}
        self._places: list[tuple[str, slice, int, slice, int]] = []
        self.shares: Tensor | None = None
        self._views: dict[tuple[int, int], dict[str, FactorGroup]] = {}
        self._b_columns = torch.zeros(size, dtype=torch.bool, device=device)
        start = 0
        for group, kept in zip(groups, chosen, strict=True):
            if kept:
                factors, start = self._place(group, kept, start, scale)
                self.groups[group[0].name] = factors

    def _place(
        self, group: Sequence[Shape], kept: Sequence[Shape], start: int, scale: float
    ) -> tuple[FactorGroup, int]:
        rank, inputs = self.rank, kept[0].inputs
        values = self.values if self._rounded is None else self._rounded
        gradients = self.gradients if self._passing is None else self._passing

        def views(rows: int, columns: int, at: int) -> tuple[Tensor, Tensor]:
            span = slice(at, at + rows * columns)
            shape = (len(values), rows, columns)
            return values[:, span].view(shape), gradients[:, span].view(shape)

        A, A_gradient = views(len(kept) * rank, inputs, start)
        a_start, a_size = start, rank * inputs
        start += len(kept) * rank * inputs
        starts = {
            shape.name: sum(other.outputs for other in group[:place]) for place, shape in enumerate(group)
        }
        parts = []
        for place, shape in enumerate(kept):
            B, B_gradient = views(shape.outputs, rank, start)
            own = slice(a_start + place * a_size, a_start + (place + 1) * a_size)
            b_span = slice(start, start + shape.outputs * rank)
            self._places.append((shape.name, own, inputs, b_span, shape.outputs))
            self._b_columns[b_span] = True
            start = b_span.stop
            column = starts[shape.name]
            parts.append(
                Part(
                    shape.name,
                    slice(column, column + shape.outputs),
                    slice(place * rank, (place + 1) * rank),
                    B,
                    B_gradient,
                )
            )
        return FactorGroup(A, A_gradient, tuple(parts), scale), start

    def only(self, adapters: slice, blocks: StepBlocks | None = None) -> dict[str, FactorGroup]:
        """The groups' views of some of the adapters.

        Args:
            adapters: Which.
            blocks: Whose gradients are wanted apart in the coming pass; None: only their sum.
        """
        key = (adapters.start, adapters.stop)
        if key not in self._views:
            self._views[key] = {name: group.only(adapters) for name, group in self.groups.items()}
        if blocks is None:
            return self._views[key]
        assert self.shares is not None
        return {
            name: replace(group, shares=self._shares_of(self.groups[name], adapters, blocks))
            for name, group in self._views[key].items()
        }

    @property
    def rounded_bytes(self) -> int:
        """Bytes per parameter of the copy that is computed with; 0 where the values themselves are."""
        return 0 if self._rounded is None else self._rounded.element_size()

    def refresh(self) -> None:
        """Bring what is computed with up to the values; after anything changed them."""
        if self._rounded is not None:
            self._rounded.copy_(self.values)

    def gather(self, adapters: slice) -> None:
        """Add the gradients of a pass over some of the adapters to `gradients`, where they are not there already."""
        if self._passing is not None:
            self.gradients[adapters].add_(self._passing[adapters])
            self._passing[adapters].zero_()

    def share_gradients(self, slots: int) -> Tensor:
        """Make room for gradients kept apart, [J, slots, P]; what is in it at first means nothing."""
        self.shares = self.values.new_zeros(len(self.values), slots, self.values.shape[1])
        return self.shares

    def _shares_of(self, group: FactorGroup, adapters: slice, blocks: StepBlocks) -> GroupShares:
        """Where one group's gradients stand in `shares`, at the same columns as its values in `values`."""
        assert self.shares is not None
        shares = self.shares[adapters]

        def view(like: Tensor) -> Tensor:
            start, size = like.storage_offset(), like.shape[1] * like.shape[2]
            return shares[..., start : start + size].view(*shares.shape[:2], *like.shape[1:])

        return GroupShares(view(group.A), tuple(view(part.B) for part in group.parts), blocks)

    def rate_factors(self, b_rate_ratio: float) -> Tensor:
        """[P]: what the learning rate of each parameter is multiplied by."""
        return torch.where(self._b_columns, b_rate_ratio, 1.0).to(self.values.dtype)

    def factors_of(self, adapter: int) -> Iterator[tuple[str, Tensor, Tensor]]:
        """Each module's name, A [rank, inputs] and B [outputs, rank] of one adapter, sorted as PEFT's names are."""
        row = self.values[adapter]
        found = [
            (name, row[a_span].view(self.rank, inputs), row[b_span].view(outputs, self.rank))
            for name, a_span, inputs, b_span, outputs in self._places
        ]
        return iter(sorted(found, key=lambda entry: f"{entry[0]}.lora_A"))

    @torch.no_grad()
    def draw(self, adapter: int, *, seed: int) -> None:
        """Start one adapter: A from uniform numbers within 1 / sqrt(inputs), B from 0, as `lora` does."""
        generator = torch.Generator().manual_seed(derive_seed(seed, "adapter"))
        for _, A, B in self.factors_of(adapter):
            bound = 1 / math.sqrt(A.shape[1])
            A.copy_(torch.empty(A.shape).uniform_(-bound, bound, generator=generator))
            B.zero_()

    def stored(self, adapter: int) -> Mapping[str, Tensor]:
        """One adapter's tensors by the names that PEFT stores them under, in float32."""
        tensors = {}
        for name, A, B in self.factors_of(adapter):
            tensors[f"base_model.model.{name}.lora_A.weight"] = A.detach().float()
            tensors[f"base_model.model.{name}.lora_B.weight"] = B.detach().float()
        return tensors
