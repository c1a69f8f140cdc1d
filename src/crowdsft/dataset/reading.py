"""Records from a file: JSON lines, CSV or Parquet, told apart by the end of its name."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from crowdsft.core.errors import ContributionsError, MissingExtraError

Record = Mapping[str, Any] | ValueError  # a record, or what is wrong with its line


def read_records(path: Path) -> Iterator[tuple[int, Record]]:
    """Each record with the number of its line (from 1; of its row, in Parquet). Empty lines are passed over.

    Raises:
        ContributionsError: when the file as a whole cannot be read.
        MissingExtraError: for Parquet, when pyarrow is not installed.
    """
    data = _content(path)
    match path.suffix.lower():
        case ".csv":
            return _csv_records(_text(path, data))
        case ".parquet":
            return _parquet_records(path, data)
        case _:
            return _json_records(_text(path, data))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ContributionsError(
            f"There is no file {path}. Check the path given with --contributions."
        ) from None
    except OSError as error:
        raise ContributionsError(f"{path} cannot be read: {error.strerror}.") from error


def _text(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ContributionsError(
            f"{path} is not UTF-8 text: line {line} holds the byte 0x{data[error.start]:02x}. Save the file as "
            f"UTF-8, for instance: iconv -f latin1 -t utf-8 {path.name} > fixed{path.suffix}"
        ) from None


def _json_records(text: str) -> Iterator[tuple[int, Record]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, _json_record(line)


def _json_record(line: str) -> Record:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        return ValueError(f"is not JSON ({error.msg} at column {error.colno})")
    return row if isinstance(row, Mapping) else ValueError("is not a JSON object")


def _csv_records(text: str) -> Iterator[tuple[int, Record]]:
    """Rows under their header. An empty cell is a missing field; `round` and `weight` are read as numbers."""
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, ValueError(f"is not CSV ({error})")
            return
        yield reader.line_num, _csv_record(row)


def _csv_record(row: Mapping[str | None, Any]) -> Record:
    if None in row or None in row.values():
        return ValueError("has more or fewer cells than the header has names")
    record: dict[str, Any] = {str(name): value for name, value in row.items() if value != ""}
    if str(record.get("round", "")).strip().isdecimal():
        record["round"] = int(record["round"])
    with suppress(KeyError, ValueError):
        record["weight"] = float(record["weight"])
    return record


def _parquet_records(path: Path, data: bytes) -> Iterator[tuple[int, Record]]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError("Reading Parquet", "data") from error
    try:
        table = parquet.read_table(io.BytesIO(data))
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise ContributionsError(f"{path} is no Parquet file: {error}.") from error
    return iter(enumerate(table.to_pylist(), start=1))
