"""The report about a file as a table that a spreadsheet opens."""

from __future__ import annotations

import csv
import io

from crowdsft.web.imports.models import Import


def report_csv(row: Import) -> str:
    """A line for each line of the file that was refused: its number, and why."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("line", "problem"))
    writer.writerows((number, f"'{why}" if why[:1] in "=+-@" else why) for number, why in row.refused_lines)
    return text.getvalue()
