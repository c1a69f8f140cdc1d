"""`crowdsft backup` and `crowdsft restore`: a platform's folder as one file, and a folder again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from crowdsft.cli.app import error_console, print_json
from crowdsft.cli.opening import Data
from crowdsft.rounds.artifacts import URL_VARIABLE

DATABASE_VARIABLE = "CROWDSFT_DATABASE_URL"

Json = Annotated[bool, typer.Option("--json", help="Print what was kept as JSON.")]


def backup(
    data: Data,
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="A .tar, or .tar.gz to compress.")],
    json_output: Json = False,
) -> None:
    """Copy a platform into one file while it runs: database, artifacts, secret key.

    With PostgreSQL the database has a backup of its own (pg_dump), to be made before this one.

    Example: crowdsft backup --data my-platform --output backups/monday.tar.gz
    """
    from crowdsft.web.backup import back_up

    is_elsewhere = DATABASE_VARIABLE in os.environ
    kept = back_up(data, output, with_database=not is_elsewhere)
    if is_elsewhere:
        error_console.print(
            "The database is in PostgreSQL and not in this file: run pg_dump before each backup.",
            markup=False,
        )
    if os.environ.get(URL_VARIABLE):
        error_console.print(
            f"Artifacts are kept at {os.environ[URL_VARIABLE]}; this file has only those that this machine holds.",
            markup=False,
        )
    if json_output:
        print_json({"file": str(output), "made": kept.made, "files": len(kept.files), "bytes": kept.size})
        return
    error_console.print(
        f"{len(kept.files):,} files, {kept.size / 1e6:,.1f} MB, in {output}. Whoever has it can read everything: "
        "keep it where only you can.",
        markup=False,
    )


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `crowdsft backup` wrote.")],
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="The folder to make; not there yet.")],
    json_output: Json = False,
) -> None:
    """Make a platform's folder from a backup, after checking every file in it.

    Example: crowdsft restore backups/monday.tar.gz --data my-platform
    """
    from crowdsft.web.backup import restore as restore_backup

    kept = restore_backup(file, data)
    if json_output:
        print_json({"data": str(data), "made": kept.made, "files": len(kept.files), "bytes": kept.size})
        return
    error_console.print(
        f"{len(kept.files):,} files of {kept.made} are in {data}. Next: crowdsft serve --data {data}",
        markup=False,
    )
