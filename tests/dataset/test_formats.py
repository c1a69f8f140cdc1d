"""A data set in every format holds the same rows, whole or not at all."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.errors import InputError
from crowdsft.dataset import FORMATS, Dataset, Row, dataset_version, write_dataset

ROW = Row("id-1", 1, 0, True, "c1", None, "write_response", "How was it?", "Good, thanks.", "")
ODD = Row(
    "id-2", 2, None, None, "c2", "c1", "correct_response", "Käse?", '=SUM(A1) "quoted"\nsecond, line', "ja"
)
DATA = Dataset("joy", "Joy: in comments", "Kind answers.", "CC-BY-4.0", "I agree.\nReally.", (ROW, ODD), 1)


def records(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_json_lines_hold_every_field_and_the_exchange_as_messages(tmp_path: Path) -> None:
    (file,) = write_dataset(DATA, tmp_path / "deep" / "all.jsonl", form="jsonl")
    first, second = records(file)
    assert first == ROW.as_record() and second == ODD.as_record()
    assert second["messages"] == [
        {"role": "user", "content": ODD.prompt},
        {"role": "assistant", "content": ODD.response},
    ]


def test_csv_survives_quotes_and_line_ends_and_runs_no_formula(tmp_path: Path) -> None:
    (file,) = write_dataset(DATA, tmp_path / "all.csv", form="csv")
    with file.open(newline="", encoding="utf-8") as opened:
        first, second = csv.DictReader(opened)
    assert first["response"] == ROW.response and second["prompt"] == "Käse?"
    assert second["response"] == f"'{ODD.response}"


def test_parquet_has_typed_columns_and_names_its_version(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow (the [data] extra)")
    (file,) = write_dataset(DATA, tmp_path / "all.parquet", form="parquet")
    table = parquet.read_table(file)
    assert table.to_pylist() == [ROW.as_record(), ODD.as_record()]
    assert table.schema.metadata[b"crowdsft.version"].decode() == DATA.version


def test_the_folder_has_a_card_that_points_at_the_rows(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs pyarrow (the [data] extra)")
    rows, card = write_dataset(DATA, tmp_path / "joy", form="datasets")
    from pyarrow import parquet

    assert "flags" not in parquet.read_schema(rows).names  # it would point at what should not be read
    text = card.read_text(encoding="utf-8")
    front = text.split("---\n")[1]
    assert 'pretty_name: "Joy: in comments"' in front and 'license: "cc-by-4.0"' in front
    assert f"path: {rows.relative_to(card.parent)}" in front
    assert DATA.version in text and "> I agree.\n> Really." in text
    assert "1 of the contributions was taken back by their contributors and was left out." in text


@pytest.mark.parametrize(
    ("prepare", "form", "words"),
    [
        (lambda path: None, "xml", "there is no format 'xml'. Allowed: jsonl"),
        (lambda path: path.mkdir(), "jsonl", "is a folder"),
        (lambda path: path.write_text("mine"), "datasets", "is a file"),
        (lambda path: path.parent.joinpath("out").symlink_to("/proc/none/x"), "jsonl", "cannot be written"),
    ],
)
def test_what_stands_in_the_way_is_named_and_left_alone(
    tmp_path: Path, prepare: Callable[[Path], object], form: str, words: str
) -> None:
    output = tmp_path / "out"
    prepare(output)
    if output.is_symlink():
        output = output / "deeper.jsonl"
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match=words):
        write_dataset(DATA, output, form=form)
    assert sorted(tmp_path.rglob("*")) == before


def test_nothing_to_write_says_when_there_will_be(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Export again when round 1 has closed"):
        write_dataset(replace(DATA, rows=()), tmp_path / "all.jsonl", form="jsonl")


def test_an_older_export_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    for data in (DATA, replace(DATA, rows=(ODD,))):
        write_dataset(data, file, form="jsonl")
    assert [row["id"] for row in records(file)] == ["id-2"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.jsonl"]


@given(st.sampled_from([field for field in asdict(ROW) if field != "flags"]))
def test_any_change_changes_the_version(field: str) -> None:
    changed = replace(ROW, **{field: "changed"})
    assert dataset_version((changed, ODD)) != DATA.version == dataset_version((ROW, ODD))
    assert dataset_version((ODD, ROW)) != DATA.version


def test_every_format_is_tested_here() -> None:
    assert set(FORMATS) == {"jsonl", "csv", "parquet", "datasets"}
