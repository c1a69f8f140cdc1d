"""What workers write while they work has words in every language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

import crowdsft
from crowdsft.web.pages.step_words import STEP_NOTES, is_waiting, note_words

PACKAGE = Path(crowdsft.__file__).parent
SPOKEN = {"report", "Wait"}  # a step's progress, and why it waits


def _notes() -> Iterator[tuple[str, str]]:
    """Every text that a step reports or waits with, with a number where something is filled in."""
    for folder in ("rounds", "judging"):
        for file in sorted((PACKAGE / folder).rglob("*.py")):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for call in ast.walk(tree):
                if isinstance(call, ast.Call) and _name(call.func) in SPOKEN:
                    for argument in call.args:
                        if text := _text(argument):
                            yield file.name, text


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = node.values
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts)
    return ""


def test_every_note_that_a_step_can_write_has_a_form() -> None:
    notes = list(_notes())
    assert len(notes) >= 13
    missing = [note for note in notes if STEP_NOTES.find(note[1]) is None]
    assert not missing, "Put these into NOTES of web/pages/step_words.py and translate them"


@pytest.mark.parametrize(
    "note, english, german",
    [
        (
            "training group 2, step 10 of 36",
            "training group B, step 10 of 36",
            "trainiert Gruppe B, Schritt 10 von 36",
        ),
        (
            "generating the selection sample: 40 outputs of 4 models",
            "generating the selection sample: 40 outputs of 4 models",
            "erzeugt die Stichprobe zum Auswählen: 40 Antworten von 4 Modellen",
        ),
        ("asking small-judge: 3 of 12", "asking small-judge: 3 of 12", "fragt small-judge: 3 von 12"),
        ("something that nobody has words for", "something that nobody has words for", None),
    ],
)
def test_a_note_is_said_in_the_readers_language(note: str, english: str, german: str | None) -> None:
    with translation.override("en"):
        assert note_words(note) == english
    with translation.override("de"):
        assert note_words(note) == (german or note)


def test_only_a_round_that_misses_people_waits() -> None:
    assert is_waiting("waiting for contributors: 0 of at least 3")
    assert is_waiting("waiting for contributors: 3 of at least 3; 5 contributions wait for a review")
    assert not is_waiting("waiting for votes")
    assert not is_waiting("")
    assert not re.match("waiting", note_words("collecting contributions"))
