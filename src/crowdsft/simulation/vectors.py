"""Reading vectors from a CSV file."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import InputError

Floats = NDArray[np.float64]


def read_vectors(path: Path) -> Floats:
    """float64[m, d] from a CSV file with a header, an id column first and one numeric column per dimension.

    Raises:
        InputError: when the file cannot be read, has no numeric column, or holds a cell that is not a
            finite number; the message names the line and the column.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot read vectors from {path}: {error}. Give a CSV file in UTF-8.") from error
    if len(rows) < 2 or len(rows[0]) < 2:
        raise InputError(
            f"{path} holds no vectors: expected a header line, then one line per contributor, with an id "
            "first and a number for each dimension after it."
        )
    header = rows[0]
    return np.array([_numbers(row, header, path, line) for line, row in enumerate(rows[1:], start=2)])


def _numbers(row: list[str], header: list[str], path: Path, line: int) -> list[float]:
    if len(row) != len(header):
        raise InputError(
            f"{path}, row {line}: {len(row)} cells, but the header has {len(header)}. Fix the row."
        )
    numbers = []
    for name, cell in zip(header[1:], row[1:], strict=True):
        try:
            number = float(cell)
        except ValueError:
            number = np.nan
        if not np.isfinite(number):
            raise InputError(
                f"{path}, row {line}, column {name!r}: {cell!r} is not a finite number. Fix the cell."
            )
        numbers.append(number)
    return numbers
