"""The shape of a comment: a core sentence, alone, after an opener, or before a closer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Voice:
    """How one emotion speaks.

    Args:
        openers: Short sentences that may stand before the core.
        cores: Sentence templates; `{slot}` stands for any phrase of that slot in the lexicon.
        closers: Short sentences that may stand after the core.
    """

    openers: tuple[str, ...]
    cores: tuple[str, ...]
    closers: tuple[str, ...]
