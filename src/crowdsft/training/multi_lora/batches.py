"""One step's examples of J adapters as arrays: padded rows for any model, packed tokens for the lean one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from crowdsft.training.chat_examples import TokenisedExample

StepExamples = Sequence[Sequence[TokenisedExample]]
"""For each adapter the examples of one step; at least one each."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Where the loss is taken: m positions per adapter, the missing ones filled up with weight 0.

    Args:
        places: int64[J * m]; index of each position among all tokens of the batch.
        targets: int64[J, m]; the next token there.
        weights: float[J, m]; weight of its example over the adapter's number of response tokens in the whole
            step, among those that are learnt from or among the others.
        is_held_out: bool[J, m]; which of them nothing is learnt from; None where there are none.
    """

    places: Tensor
    targets: Tensor
    weights: Tensor
    is_held_out: Tensor | None = None

    def losses(self, logits: Tensor) -> Tensor:
        """float[J]: each adapter's weighted negative log-likelihood, from logits [J * m, V] at `places`.

        With held-out examples: float[2, J], theirs in the second row.
        """
        wide = logits if logits.dtype == torch.float64 else logits.float()
        each = nn.functional.cross_entropy(wide, self.targets.reshape(-1), reduction="none")
        weighted = each.view(self.weights.shape) * self.weights.to(each.dtype)
        if self.is_held_out is None:
            return weighted.sum(dim=1)
        parts = [weighted.masked_fill(mask, 0.0) for mask in (self.is_held_out, ~self.is_held_out)]
        return torch.stack(parts).sum(dim=2)


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Right-padded rows; adapter j owns rows [j * b, (j + 1) * b), of which some may be empty.

    Args:
        tokens: int64[J * b, T].
        mask: int64[J * b, T]; 0 on padding. An empty row has one token, so that attention has a place to go.
        labels: Places count through `tokens` row by row.
    """

    tokens: Tensor
    mask: Tensor
    labels: Labels


@dataclass(frozen=True, slots=True)
class PackedBatch:
    """Each adapter's tokens end to end, filled up to n; attention works on R rows of at most T tokens.

    What fills an adapter up is cut into rows of its own, so every packed token has a place in some row and
    no loss ever reaches the filling.

    Args:
        tokens: int64[J, n].
        to_rows: int64[R * T]; which packed token stands in each place of the rows; any one on padding.
        to_packed: int64[J * n]; the place of each packed token in the rows.
        longest: T.
        labels: Places count through `tokens` adapter by adapter.
    """

    tokens: Tensor
    to_rows: Tensor
    to_packed: Tensor
    longest: int
    labels: Labels


def pad_rows(
    examples: StepExamples,
    *,
    padding: int,
    device: torch.device,
    held_out: int = 0,
    totals: Sequence[int] | None = None,
) -> RowBatch:
    """Lay out a pass as padded rows.

    Args:
        examples: Of each adapter.
        padding: The token that fills up.
        device: Where the arrays go.
        held_out: Nothing is learnt from so many examples at each adapter's end.
        totals: Each adapter's response tokens in the whole step, where these are only some of its examples.
    """
    rows = max(len(mine) for mine in examples)
    longest = max(len(example.tokens) for mine in examples for example in mine)
    tokens = np.full((len(examples) * rows, longest), padding, dtype=np.int64)
    mask = np.zeros_like(tokens)
    mask[:, 0] = 1
    starts = []
    for adapter, mine in enumerate(examples):
        for place, example in enumerate(mine, start=adapter * rows):
            tokens[place, : len(example.tokens)] = example.tokens
            mask[place, : len(example.tokens)] = 1
        starts.append([(adapter * rows + place) * longest for place in range(len(mine))])
    labels = _labels(examples, starts, device, held_out, totals)
    return RowBatch(torch.from_numpy(tokens).to(device), torch.from_numpy(mask).to(device), labels)


def pack(
    examples: StepExamples,
    *,
    padding: int,
    device: torch.device,
    held_out: int = 0,
    totals: Sequence[int] | None = None,
) -> PackedBatch:
    """Lay out a pass as packed tokens; see `pad_rows`."""
    longest = max(len(example.tokens) for mine in examples for example in mine)
    width = max(sum(len(example.tokens) for example in mine) for mine in examples)
    tokens = np.full((len(examples), width), padding, dtype=np.int64)
    starts, row_starts, row_lengths = [], [], []
    for adapter, mine in enumerate(examples):
        place = 0
        mine_starts = []
        for example in mine:
            tokens[adapter, place : place + len(example.tokens)] = example.tokens
            mine_starts.append(adapter * width + place)
            row_lengths.append(len(example.tokens))
            place += len(example.tokens)
        starts.append(mine_starts)
        row_starts.extend(mine_starts)
        for filling in range(place, width, longest):
            row_starts.append(adapter * width + filling)
            row_lengths.append(min(longest, width - filling))
    in_row = np.arange(longest)
    first = np.array(row_starts)[:, None]
    is_token = in_row < np.array(row_lengths)[:, None]
    to_rows = np.where(is_token, first + in_row, first)
    to_packed = np.empty(tokens.size, dtype=np.int64)
    to_packed[to_rows[is_token]] = np.flatnonzero(is_token)
    arrays = [tokens, to_rows.reshape(-1), to_packed]
    on_device = [torch.from_numpy(np.ascontiguousarray(array)).to(device) for array in arrays]
    packed, rows, places = on_device
    return PackedBatch(packed, rows, places, longest, _labels(examples, starts, device, held_out, totals))


def _labels(
    examples: StepExamples,
    starts: Sequence[Sequence[int]],
    device: torch.device,
    held_out: int,
    totals: Sequence[int] | None,
) -> Labels:
    """The positions before each response token; `starts` says where each example begins."""
    counts = [sum(example.response_length for example in mine) for mine in examples]
    width = max(counts)
    places = np.zeros((len(examples), width), dtype=np.int64)
    targets = np.zeros((len(examples), width), dtype=np.int64)
    weights = np.zeros((len(examples), width))
    is_held_out = np.zeros((len(examples), width), dtype=bool)
    for adapter, (mine, mine_starts) in enumerate(zip(examples, starts, strict=True)):
        column = 0
        learnt = len(mine) - held_out
        held_out_tokens = sum(example.response_length for example in mine[learnt:])
        for place, (example, start) in enumerate(zip(mine, mine_starts, strict=True)):
            span = slice(column, column + example.response_length)
            first = start + example.response_start - 1
            places[adapter, span] = np.arange(first, first + example.response_length)
            targets[adapter, span] = example.tokens[example.response_start :]
            is_held_out[adapter, span] = place >= learnt
            own = counts[adapter] - held_out_tokens if totals is None else totals[adapter]
            among = held_out_tokens if place >= learnt else own
            weights[adapter, span] = example.weight / among
            column = span.stop
    return Labels(
        torch.from_numpy(places.reshape(-1)).to(device),
        torch.from_numpy(targets).to(device),
        torch.from_numpy(weights).to(device),
        torch.from_numpy(is_held_out).to(device) if held_out else None,
    )
