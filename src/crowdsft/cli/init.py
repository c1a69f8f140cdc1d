"""`crowdsft init`: a commented campaign file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crowdsft.cli.app import error_console, print_json
from crowdsft.core.errors import InputError

TEMPLATE = Path(__file__).parent / "campaign_template.toml"


def init(
    path: Annotated[Path, typer.Argument(help="File to write.")] = Path("campaign.toml"),
    json_output: Annotated[bool, typer.Option("--json", help="Print where the file is as JSON.")] = False,
) -> None:
    """Write a commented campaign file to start from.

    Example: crowdsft init my-campaign.toml
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.read_text(encoding="utf-8"))
    except FileExistsError:
        raise InputError(f"{path} exists already; nothing was changed. Name another file.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error
    if json_output:
        print_json({"path": str(path)})
    else:
        error_console.print(
            f"Wrote {path}. Change what you like; every line says what it is for.", markup=False
        )
