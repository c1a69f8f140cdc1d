"""Contributions from JSON lines, CSV and Parquet are the same contributions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crowdsft.core.errors import ContributionsError
from crowdsft.core.settings import parse_settings
from crowdsft.rounds.contributions_file import read_contributions

SETTINGS = parse_settings({"campaign": {"name": "T"}, "target": {"emotion": "joy"}})
ROWS = [
    {"contributor": "ada", "prompt": "How are you?", "response": 'Fine, "really"\nfine.', "round": 2},
    {"contributor": "bo", "prompt": "How are you?", "response": "=fine", "round": None},
]


def test_three_formats_one_meaning(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="needs pyarrow (the [data] extra)")
    from pyarrow import parquet

    (tmp_path / "rows.jsonl").write_text("\n\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    (tmp_path / "rows.csv").write_text(
        "\ufeffround,contributor,prompt,response\n"
        '2,ada,How are you?,"Fine, ""really""\nfine."\n,bo,How are you?,=fine\n',
        encoding="utf-8",
    )
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "rows.parquet")
    found = [
        [
            (row.contributor, row.prompt, row.response, row.round_number)
            for row in read_contributions(tmp_path / f"rows.{ending}", SETTINGS).contributions
        ]
        for ending in ("jsonl", "csv", "parquet")
    ]
    assert found[0] == found[1] == found[2]
    assert found[0] == [(row["contributor"], row["prompt"], row["response"], row["round"]) for row in ROWS]


def test_a_weight_is_a_number_in_every_format_and_one_without(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({**ROWS[0], "weight": 0.25}) + "\n", encoding="utf-8")
    (tmp_path / "rows.csv").write_text(
        "contributor,prompt,response,weight\nada,How are you?,Fine.,.25\nbo,How are you?,Fine.,\n",
        encoding="utf-8",
    )
    (from_json,) = read_contributions(tmp_path / "rows.jsonl", SETTINGS).contributions
    from_csv, without = read_contributions(tmp_path / "rows.csv", SETTINGS).contributions
    assert (from_json.weight, from_csv.weight, without.weight) == (0.25, 0.25, 1.0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("contributor,prompt,response\nada,hi\n", "line 2: has more or fewer cells than the header"),
        ("contributor,prompt,response\nada,hi,yes,more\n", "line 2: has more or fewer cells than the header"),
        ("contributor,prompt,response\nada,,yes\n", "line 2: has no 'prompt'"),
        ("contributor,prompt,response,round\nada,hi,yes,2.5\n", "line 2: 'round' is \"2.5\""),
        ("contributor,prompt,response,weight\nada,hi,yes,much\n", "line 2: 'weight' is \"much\""),
        ('contributor,prompt,response\nada,hi,"yes\n', "is not CSV"),
        ("contributor,prompt,response\n", "holds no contributions"),
    ],
)
def test_faults_of_a_csv_file_are_named_by_line(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ContributionsError) as caught:
        read_contributions(file, SETTINGS)
    assert words in str(caught.value)


def test_what_is_no_parquet_says_so(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs pyarrow (the [data] extra)")
    file = tmp_path / "rows.parquet"
    file.write_text("contributor,prompt", encoding="utf-8")
    with pytest.raises(ContributionsError, match="is no Parquet file"):
        read_contributions(file, SETTINGS)
