"""Which rows of a step are whose, in both layouts, so that their gradients can be kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from crowdsft.training.multi_lora.batches import Labels, RowBatch, StepExamples
from crowdsft.training.multi_lora.shares import AdapterBlocks, StepBlocks


@dataclass(frozen=True, slots=True)
class Apart:
    """Whose gradient each example of a pass belongs to.

    Args:
        slots: For each adapter the slot of each of its examples; equal slots stand side by side.
        held_out: Number of examples at each adapter's end that nothing is learnt from; they share a slot.
    """

    slots: Sequence[Sequence[int]]
    held_out: int


def packed_blocks(examples: StepExamples, apart: Apart, labels: Labels) -> StepBlocks:
    """Blocks of packed tokens: examples stand end to end."""
    lengths = [[len(example.tokens) for example in mine] for mine in examples]
    return _blocks(examples, apart, lengths, labels)


def padded_blocks(examples: StepExamples, apart: Apart, batch: RowBatch) -> StepBlocks:
    """Blocks of padded rows: each example takes up a whole row."""
    longest = batch.tokens.shape[1]
    return _blocks(examples, apart, [[longest] * len(mine) for mine in examples], batch.labels)


def _blocks(
    examples: StepExamples, apart: Apart, lengths: Sequence[Sequence[int]], labels: Labels
) -> StepBlocks:
    blocks = []
    for mine, slots, own in zip(examples, apart.slots, lengths, strict=True):
        runs = [list(places) for _, places in groupby(range(len(mine)), key=slots.__getitem__)]
        blocks.append(
            AdapterBlocks(
                tuple(slots[places[0]] for places in runs),
                tuple(sum(own[place] for place in places) for places in runs),
                tuple(sum(mine[place].response_length for place in places) for places in runs),
            )
        )
    return StepBlocks(tuple(blocks), labels.targets.shape[1])
