"""Texts of a form read back into lists and tables, without losing what a line cannot hold.

A campaign file may have prompts of several lines, or a bar within a message. The form shows them as its lines; where
these come back unchanged, the entry that they were made of is taken, and not the lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

SHOWN_CHARACTERS = 60


def lines_of(text: str) -> list[str]:
    """The lines that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def same_text(text: str, before: object) -> str:
    """`text` with plain line ends; as it was `before` where only line ends and blanks around it differ."""
    plain = _plain(text)
    return before if isinstance(before, str) and _plain(before) == plain else plain


def texts_of(text: str, before: Iterable[str] = ()) -> list[str]:
    """One entry for each line, or for the lines of an entry that was there before."""
    return _entries(text, [(entry, entry) for entry in before], lambda line: line)


def rows_of(text: str, keys: Sequence[str], before: Iterable[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """ "message | better | worse" on each line; what is missing is left for the settings to ask for."""

    def row(line: str) -> dict[str, Any]:
        return dict(zip(keys, (cell.strip() for cell in line.split("|", len(keys) - 1)), strict=False))

    return _entries(text, [(row_text(entry, keys), dict(entry)) for entry in before], row)


def row_text(row: Mapping[str, Any], keys: Sequence[str]) -> str:
    """A row of a table as the form shows it."""
    return " | ".join(str(row[key]) for key in keys)


def vector_of(text: str, before: Mapping[str, float] | None = None) -> dict[str, Any]:
    """ "joy = 0.8" on each line; what is not a number is left for the settings to refuse."""
    if before and lines_of(text) == lines_of(pairs_text(before)):
        return dict(before)
    pairs = (line.partition("=") for line in lines_of(text.replace(",", "\n")))
    return {name.strip(): value.strip() for name, _, value in pairs}


def pairs_text(vector: Mapping[str, float]) -> str:
    """A mix as the form shows it."""
    return "\n".join(f"{name} = {value}" for name, value in vector.items())


def shortened(value: object) -> str:
    """A setting's value as a campaign file writes it, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _entries(text: str, before: Sequence[tuple[str, T]], made: Callable[[str], T]) -> list[T]:
    """The entries that `text` shows; the longest of those `before` first."""
    known: dict[str, list[tuple[list[str], T]]] = {}
    for shown, entry in before:
        if lines := lines_of(shown):
            known.setdefault(lines[0], []).append((lines, entry))
    for choices in known.values():
        choices.sort(key=lambda choice: -len(choice[0]))
    lines, found, at = lines_of(text), list[T](), 0
    while at < len(lines):
        choices = known.get(lines[at], [])
        fitting = [pair for pair in choices if lines[at : at + len(pair[0])] == pair[0]]
        found.append(fitting[0][1] if fitting else made(lines[at]))
        at += len(fitting[0][0]) if fitting else 1
    return found


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
