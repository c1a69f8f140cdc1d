"""Sentences that know what they were made of, so that pages can say them in the reader's language.

A sentence is a plain text in English, for logs, programs and the command line. It also keeps its pattern and what
was put in; whoever has a translation of the pattern can say the same again. Nothing here knows any other language.
"""

from __future__ import annotations


class Sentence(str):
    """A text with its `pattern`, the pattern for `many` things where there is one, and the `parameters`."""

    __slots__ = ("many", "parameters", "pattern")

    pattern: str
    many: str | None
    parameters: dict[str, object]


def sentence(pattern: str, /, **parameters: object) -> Sentence:
    """`pattern` with {names} filled in; a tuple is a list of words."""
    return _made(pattern, pattern, None, parameters)


def counted_sentence(one: str, many: str, /, count: int, **parameters: object) -> Sentence:
    """`one` or `many` with {count} and other {names} filled in."""
    filled = {"count": count, **parameters}
    return _made(one if count == 1 else many, one, many, filled)


def _made(chosen: str, pattern: str, many: str | None, parameters: dict[str, object]) -> Sentence:
    shown = {name: ", ".join(part) if isinstance(part, tuple) else part for name, part in parameters.items()}
    made = Sentence(chosen.format(**shown))
    made.pattern, made.many, made.parameters = pattern, many, parameters
    return made
