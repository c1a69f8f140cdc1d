"""A language made on the fly in which every text that can be translated stands in brackets: ⟦like this⟧."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import allauth
import django
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from scripts.messages import collected

LANGUAGE = "xx"
OPEN, CLOSE = "\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}", "\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}"
NOT_READ = {"script", "style", "code", "pre", "kbd", "textarea"}
SHOWN_ATTRIBUTES = {"alt", "title", "aria-label", "aria-description", "placeholder"}
HASH = re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{6,64}\b")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


def write_pseudo_language(folder: Path) -> None:
    """A compiled catalogue in `folder`, of our texts and of those that Django and allauth bring."""
    made = Catalog(charset="utf-8", fuzzy=False)
    made.locale = "en"  # its plural forms: one, many
    for catalog in (collected(), *_borrowed()):
        for message in catalog:
            if message.id and "yes,no" not in message.id:
                made.add(message.id, _bracketed(message.id), context=message.context)
    place = folder / LANGUAGE / "LC_MESSAGES"
    place.mkdir(parents=True)
    with (place / "django.mo").open("wb") as opened:
        write_mo(opened, made)


def _borrowed() -> Iterator[Catalog]:
    for package in (django, allauth):
        for file in sorted(Path(package.__file__).parent.rglob("locale/en/LC_MESSAGES/django.po")):
            with file.open("rb") as opened:
                yield read_po(opened)


def _bracketed(text: str | Iterable[str]) -> str | tuple[str, ...]:
    if isinstance(text, str):
        return f"{OPEN}{text}{CLOSE}"
    return tuple(f"{OPEN}{form}{CLOSE}" for form in text)


def unmarked(page: str, own: Iterable[str]) -> list[str]:
    """What a page in the pseudo language says outside of brackets, without the texts of people (`own`)."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    longest_first = sorted((text for text in own if text.strip()), key=len, reverse=True)
    return [piece for piece in reader.outside if re.search(r"[^\W\d_]{2}", _without(piece, longest_first))]


def _without(piece: str, own: Iterable[str]) -> str:
    piece = HASH.sub(" ", piece)
    for text in own:
        piece = piece.replace(text, " ")
    return piece


def _words(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


class _Reader(HTMLParser):
    """Collects what stands outside of brackets; a bracket may open in one element and close in another."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []
        self._path: list[tuple[str, bool]] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if not self._is_silent():
            shown = [value for name, value in attrs if _is_shown(name)]
            if tag == "meta" and given.get("name") == "description":
                shown.append(given.get("content"))
            for value in shown:
                self._attribute(value or "")
        if tag not in VOID:
            has_language = tag != "html" and "lang" in given
            self._path.append((tag, tag in NOT_READ or has_language))

    def handle_endtag(self, tag: str) -> None:
        while self._path and self._path.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._is_silent():
            self._add(_outside(data, self._depth, self._deepen))

    def _attribute(self, value: str) -> None:
        if (
            " " in value or OPEN in value or value[:1].isupper()
        ):  # what is no address, number or name for a script
            self._add(_outside(value, 0, lambda _depth: None))

    def _deepen(self, depth: int) -> None:
        self._depth = depth

    def _add(self, pieces: list[str]) -> None:
        self.outside += [words for piece in pieces if (words := _words(piece))]

    def _is_silent(self) -> bool:
        return any(silent for _, silent in self._path)


def _is_shown(name: str) -> bool:
    return name in SHOWN_ATTRIBUTES or (name.startswith("data-") and name != "data-key")


def _outside(text: str, depth: int, tell: Callable[[int], Any]) -> list[str]:
    """The parts of `text` at depth 0, from `depth` on; `tell` hears the depth at its end."""
    parts = [""]
    for sign in text:
        if sign == OPEN:
            depth += 1
            parts.append("")
        elif sign == CLOSE:
            depth -= 1
        elif depth == 0:
            parts[-1] += sign
    tell(depth)
    return parts
