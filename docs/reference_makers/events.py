"""The journal's events and the values inside them."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

from crowdsft.core.events import (
    Appraised,
    ContributionRef,
    Event,
    Gain,
    JudgeScore,
    OtherPart,
    SampleScore,
    VotedStrength,
)
from crowdsft.core.rewards.base import Award
from reference_makers.markdown import MissingWordsError, first_paragraph, table
from reference_makers.meanings import FIELDS

VALUES = (ContributionRef, Gain, OtherPart, SampleScore, JudgeScore, Award, Appraised, VotedStrength)
TYPES = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "bool": "`true` or `false`",
    "FloatTuple": "numbers",
    "tuple[str, ...]": "texts",
    "tuple[int, ...]": "whole numbers",
    "tuple[tuple[str, ...], ...]": "lists of texts",
    "dict[str, Any]": "object",
}


def events_part() -> str:
    """A section for each event, in the order in which they happen."""
    return "\n\n".join(_section(kind) for kind in get_args(Event))


def event_values_part() -> str:
    """A section for each value that events hold."""
    return "\n\n".join(_section(kind) for kind in VALUES)


def _section(kind: Any) -> str:
    rows = [
        (f"`{field.name}`", _type_words(str(field.type)), _meaning(kind, field.name))
        for field in dataclasses.fields(kind)
    ]
    return f"### {kind.__name__}\n\n{first_paragraph(kind.__doc__)}\n\n" + table(
        ("Field", "Type", "Meaning"), rows
    )


def _meaning(kind: Any, field: str) -> str:
    if field == "round_number":
        return "The round, counted from 1."
    try:
        return FIELDS[f"{kind.__name__}.{field}"]
    except KeyError:
        raise MissingWordsError(
            f"docs/reference_makers/meanings.py says nothing about {kind.__name__}.{field}"
        ) from None


def _type_words(annotation: str) -> str:
    plain = annotation.removesuffix(" | None")
    optional = " or `null`" if plain != annotation else ""
    for value in VALUES:
        if plain == value.__name__:
            return f"[{plain}](#{plain.lower()}){optional}"
        if plain == f"tuple[{value.__name__}, ...]":
            return f"list of [{value.__name__}](#{value.__name__.lower()})"
    return TYPES.get(plain, f"`{plain}`") + optional
