from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.errors import ContributionsError
from crowdsft.core.settings import CampaignSettings, parse_settings
from crowdsft.rounds.contributions_file import SuppliedContribution, deal_rounds, read_contributions


@pytest.fixture
def settings() -> CampaignSettings:
    return parse_settings(
        {"campaign": {"name": "Test"}, "target": {"emotion": "joy"}, "tasks": {"max_characters": 50}}
    )


def line(**changes: Any) -> str:
    return json.dumps({"contributor": "ada", "prompt": "Write.", "response": "Hello there.", **changes})


def write(path: Path, *lines: str) -> Path:
    file = path / "c.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_lines_are_read_and_contributors_trimmed(tmp_path: Path, settings: CampaignSettings) -> None:
    file = write(tmp_path, line(contributor=" ada "), "", line(contributor="Zoe\u0308", extra=1, round=2))
    supplied = read_contributions(file, settings)
    assert [(row.line, row.contributor, row.round_number) for row in supplied.contributions] == [
        (1, "ada", None),
        (3, "Zo\u00eb", 2),
    ]


def test_a_repetition_is_reported_and_dropped_but_not_another_persons(
    tmp_path: Path, settings: CampaignSettings
) -> None:
    supplied = read_contributions(write(tmp_path, line(), line(), line(contributor="bo")), settings)
    assert supplied.repeated == (2,)
    assert [row.contributor for row in supplied.contributions] == ["ada", "bo"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{broken", "line 2: is not JSON"),
        ("[1]", "not a JSON object"),
        (line(response=""), "'response' is empty"),
        (line(response=" \t "), "nothing but white space"),
        (line(weight=0), "'weight' is 0; it must be a number above 0"),
        (line(weight=101), "at most 100"),
        (line(weight=True), "'weight' is true"),
        (line(weight=float("nan")), "'weight' is NaN"),
        (line(response="x" * 51), "51 characters"),
        (line(contributor=7), "'contributor' is 7, not a text"),
        (json.dumps({"contributor": "ada", "prompt": "p"}), "has no 'response'"),
        (line(round=0), "whole number from 1 to 3"),
        (line(round=True), "whole number from 1 to 3"),
        (line(round=4), "whole number from 1 to 3"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, settings: CampaignSettings, text: str, complaint: str
) -> None:
    with pytest.raises(ContributionsError, match="line 2") as caught:
        read_contributions(write(tmp_path, line(), text), settings)
    assert complaint in str(caught.value)


def test_all_bad_lines_are_listed(tmp_path: Path, settings: CampaignSettings) -> None:
    with pytest.raises(ContributionsError, match="30 lines") as caught:
        read_contributions(write(tmp_path, *["{"] * 30), settings)
    assert "and 10 more" in str(caught.value)


def test_missing_empty_and_foreign_files_are_named(tmp_path: Path, settings: CampaignSettings) -> None:
    with pytest.raises(ContributionsError, match="no file"):
        read_contributions(tmp_path / "nothing.jsonl", settings)
    with pytest.raises(ContributionsError, match="no contributions"):
        read_contributions(write(tmp_path, ""), settings)
    (tmp_path / "l1.jsonl").write_bytes(
        line().encode() + b"\n" + '{"contributor": "J\xf6rg"}'.encode("latin1")
    )
    with pytest.raises(ContributionsError, match=r"not UTF-8 text: line 2 holds the byte 0xf6"):
        read_contributions(tmp_path / "l1.jsonl", settings)
    with pytest.raises(ContributionsError, match="cannot be read"):
        read_contributions(tmp_path, settings)


def rows(counts: dict[str, int], rounds: dict[int, int | None] | None = None) -> list[SuppliedContribution]:
    names = [name for name, count in counts.items() for _ in range(count)]
    return [
        SuppliedContribution(number, name, "p", f"text {number}", (rounds or {}).get(number))
        for number, name in enumerate(names, start=1)
    ]


@given(st.integers(1, 5), st.lists(st.integers(5, 12), min_size=3, max_size=8), st.integers(0, 99))
def test_dealing_is_even_and_uses_each_once(rounds: int, counts: list[int], seed: int) -> None:
    given_rows = rows({f"c{index}": count for index, count in enumerate(counts)})
    dealt = deal_rounds(given_rows, rounds=rounds, groups=3, rng=np.random.default_rng(seed))
    assert [row.line for row in dealt] == [row.line for row in given_rows]
    sizes = Counter(row.round_number for row in dealt)
    assert max(sizes.values()) - min(sizes.values()) <= 1
    for name in {row.contributor for row in dealt}:
        mine = Counter(row.round_number for row in dealt if row.contributor == name)
        assert len(mine) == rounds and max(mine.values()) - min(mine.values()) <= 1


def test_dealing_depends_on_the_seed_and_not_on_the_order_of_lines() -> None:
    given_rows = rows({"ada": 9, "bo": 9, "cy": 9})
    one = deal_rounds(given_rows, rounds=3, groups=3, rng=np.random.default_rng(1))
    other = deal_rounds(given_rows[::-1], rounds=3, groups=3, rng=np.random.default_rng(1))
    assert {row.response: row.round_number for row in one} == {
        row.response: row.round_number for row in other
    }


def test_named_rounds_are_kept() -> None:
    given_rows = rows({"ada": 2, "bo": 2, "cy": 2}, {1: 2, 3: 2, 5: 2})
    dealt = {
        row.line: row.round_number
        for row in deal_rounds(given_rows, rounds=1, groups=3, rng=np.random.default_rng(0))
    }
    assert dealt[1] == dealt[3] == dealt[5] == 2


def test_too_few_contributors_for_the_groups_is_an_error_that_counts() -> None:
    with pytest.raises(ContributionsError, match=r"rounds.groups = 3.*round 1 has 2.*2 contributors"):
        deal_rounds(rows({"ada": 4, "bo": 4}), rounds=2, groups=3, rng=np.random.default_rng(0))
