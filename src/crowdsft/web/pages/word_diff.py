"""What somebody changed in a text, word by word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that were kept, taken out or put in."""

    kind: Literal["kept", "out", "in"]
    text: str


def word_diff(before: str, after: str) -> list[Piece]:
    """Pieces from which both texts can be put together again: kept and out give `before`, kept and in `after`."""
    old, new = _words(before), _words(after)
    pieces: list[Piece] = []
    for tag, old_start, old_end, new_start, new_end in SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("kept", "".join(old[old_start:old_end])))
            continue
        if old_end > old_start:
            pieces.append(Piece("out", "".join(old[old_start:old_end])))
        if new_end > new_start:
            pieces.append(Piece("in", "".join(new[new_start:new_end])))
    return _joined(pieces)


def _words(text: str) -> list[str]:
    """Words, signs and blanks, each by itself."""
    return re.findall(r"\w+|[^\w\s]|\s+", text)


def _joined(pieces: list[Piece]) -> list[Piece]:
    """A single blank or comma between two changes is no island: it joins them to one change."""
    result: list[Piece] = []
    for index, piece in enumerate(pieces):
        between = 0 < index < len(pieces) - 1 and piece.kind == "kept" and not re.search(r"\w", piece.text)
        if between:
            result += [Piece("out", piece.text), Piece("in", piece.text)]
        else:
            result.append(piece)
    return _merged(result)


def _merged(pieces: list[Piece]) -> list[Piece]:
    merged: list[Piece] = []
    out, put = "", ""
    for piece in [*pieces, Piece("kept", "")]:
        if piece.kind == "out":
            out += piece.text
        elif piece.kind == "in":
            put += piece.text
        else:
            blank = _common_blank(out, put)
            out, put = out[: len(out) - len(blank)], put[: len(put) - len(blank)]
            merged += [Piece("out", out)] * bool(out) + [Piece("in", put)] * bool(put)
            merged += [Piece("kept", blank + piece.text)] * bool(blank + piece.text)
            out, put = "", ""
    return merged


def _common_blank(out: str, put: str) -> str:
    """The blanks at the end of both, which nobody changed."""
    blank = put[len(put.rstrip()) :]
    return blank if blank and out.endswith(blank) else ""
