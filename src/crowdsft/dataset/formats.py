"""Writing a data set: JSON lines, CSV, Parquet, or a folder that the `datasets` library loads, with a card."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from crowdsft.core.errors import InputError, MissingExtraError
from crowdsft.dataset.card import card
from crowdsft.dataset.rows import Dataset, Row

COLUMNS = tuple(field.name for field in fields(Row))


def write_dataset(data: Dataset, output: Path, *, form: str) -> list[Path]:
    """Write `data` to `output`, a file or for "datasets" a folder, and return the files written.

    Each file is whole or not there, whatever happens in between.

    Raises:
        InputError: for an unknown format, or when there is nothing to write, or something stands in the way.
        MissingExtraError: for Parquet, when pyarrow is not installed.
    """
    if form not in FORMATS:
        raise InputError(f"there is no format {form!r}. Allowed: {', '.join(FORMATS)}.")
    if not data.rows:
        raise InputError(
            f"{data.campaign} has no contribution in a closed round yet. Export again when round 1 has closed."
        )
    if form == "datasets" and output.is_file():
        raise InputError(f"{output} is a file; the format datasets makes a folder. Give another --output.")
    if form != "datasets" and output.is_dir():
        raise InputError(
            f"{output} is a folder; the format {form} makes a file. Give a file's name as --output."
        )
    return FORMATS[form](data, output)


def jsonl_bytes(data: Dataset) -> bytes:
    """One JSON object a line, UTF-8."""
    lines = (json.dumps(row.as_record(), ensure_ascii=False, separators=(",", ":")) for row in data.rows)
    return "".join(f"{line}\n" for line in lines).encode()


def csv_bytes(data: Dataset) -> bytes:
    """Comma-separated with a header, UTF-8. An apostrophe precedes what a spreadsheet would run as a formula."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in asdict(row).items()} for row in data.rows)
    return text.getvalue().encode()


def parquet_bytes(data: Dataset, *, with_flags: bool = True) -> bytes:
    """Parquet with typed columns; `messages` is a list of structs.

    Args:
        with_flags: Whether `flags` is among them. Not in what is made to be published: it would point at the very
            texts that hold somebody's personal data.

    Raises:
        MissingExtraError: when pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError("Writing Parquet", "data") from error
    message = pyarrow.struct([("role", pyarrow.string()), ("content", pyarrow.string())])
    types = {"round": pyarrow.int32(), "group": pyarrow.int32(), "group_won": pyarrow.bool_()}
    types |= {"weight": pyarrow.float64(), "flags": pyarrow.list_(pyarrow.string())}
    schema = pyarrow.schema(
        [
            *((name, types.get(name, pyarrow.string())) for name in COLUMNS if with_flags or name != "flags"),
            ("messages", pyarrow.list_(message)),
        ],
        metadata={"crowdsft.version": data.version, "crowdsft.campaign": data.campaign},
    )
    table = pyarrow.Table.from_pylist([row.as_record() for row in data.rows], schema=schema)
    sink = io.BytesIO()
    parquet.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def harmless(value: Any) -> Any:
    """`value`, with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _cell(value: Any) -> Any:
    """A list as its items with spaces between them, "none" for an empty one: nobody looked is an empty cell."""
    if isinstance(value, tuple):
        return " ".join(value) or "none"
    return harmless(value)


def _file(content: Callable[[Dataset], bytes]) -> Callable[[Dataset, Path], list[Path]]:
    def write(data: Dataset, output: Path) -> list[Path]:
        return [_write_whole(output, content(data))]

    return write


def _folder(data: Dataset, output: Path) -> list[Path]:
    content = parquet_bytes(data, with_flags=False)
    rows = _write_whole(output / "data" / "train.parquet", content)
    return [rows, _write_whole(output / "README.md", card(data).encode())]


def _write_whole(target: Path, content: bytes) -> Path:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".writing-")
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror}. Give another --output.") from error
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        temporary.chmod(0o644)
        temporary.replace(target)
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror}. Give another --output.") from error
    finally:
        temporary.unlink(missing_ok=True)
    return target


FORMATS: Mapping[str, Callable[[Dataset, Path], list[Path]]] = {
    "jsonl": _file(jsonl_bytes),
    "csv": _file(csv_bytes),
    "parquet": _file(parquet_bytes),
    "datasets": _folder,
}
