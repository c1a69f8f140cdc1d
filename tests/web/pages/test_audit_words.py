"""Every decision that is written down has words in every language."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.utils import translation

import crowdsft.web
from crowdsft.web.imports.refusals import why_refused
from crowdsft.web.pages.audit_words import DECISIONS, detail_words

WEB = Path(crowdsft.web.__file__).parent


def test_every_decision_that_the_code_writes_down_is_among_them() -> None:
    written = set()
    for file in WEB.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "note" and len(call.args) > 2:
                what = call.args[2]
                if isinstance(what, ast.Constant):
                    written.add(str(what.value))
                if isinstance(what, ast.JoinedStr) and isinstance(what.values[0], ast.Constant):
                    start = str(what.values[0].value)
                    assert any(known.startswith(start) for known in DECISIONS), start
    assert len(written) > 15
    assert written <= set(DECISIONS)


@pytest.mark.parametrize(
    "detail, german",
    [
        (
            "payout 1, cfd2d891d7f1e348902b: 23.33 EUR SEPA 2026",
            "Auszahlung 1, cfd2d891d7f1e348902b: 23.33 EUR SEPA 2026",
        ),
        ("payout 2: 100.00 USD, 6 lines", "Auszahlung 2: 100.00 USD, Zeilen: 6"),
        ("12 of letters.jsonl", "12 aus letters.jsonl"),
        ("appeal 3, declined", "Einspruch 3, abgelehnt"),
        ("reviewer, link 4", "Prüfung, Link 4"),
        ("a holiday of mine", "a holiday of mine"),
    ],
)
def test_what_stands_behind_a_decision_is_said_in_the_readers_language(detail: str, german: str) -> None:
    with translation.override("en"):
        assert detail_words(detail) == detail or "link" in detail
    with translation.override("de"):
        assert detail_words(detail) == german


def test_why_a_line_was_refused_is_said_in_the_readers_language() -> None:
    with translation.override("de"):
        assert why_refused("'round' is 7; it must be a whole number from 1 to 3") == (
            "„round“ ist 7; nötig ist eine ganze Zahl von 1 bis 3"
        )
        assert why_refused("the bus was late") == "the bus was late"
