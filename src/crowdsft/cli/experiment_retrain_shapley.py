"""`crowdsft experiment retrain-shapley`: does credit agree with retraining?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crowdsft.cli.app import error_console, print_json


def retrain_shapley(
    output: Annotated[
        Path, typer.Option("--output", metavar="DIR", help="Folder for tables, figures and report.html.")
    ] = Path("retrain-shapley"),
    quick: Annotated[bool, typer.Option("--quick", help="A version of a minute or two.")] = False,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print the summary as one JSON object.")
    ] = False,
) -> None:
    """Credit measured during training against exact Shapley values by retraining every coalition, in ten worlds.

    What is finished is kept in the output folder, so that a broken-off run goes on.

    Example: crowdsft experiment retrain-shapley --output retrain-shapley --quick
    """
    from crowdsft.experiments.retrain_shapley import run_retrain_shapley

    summary = run_retrain_shapley(
        output, quick=quick, progress=lambda line: error_console.print(line, markup=False)
    )
    if json_output:
        print_json(summary)
    else:
        error_console.print(f"Open {output / 'report.html'}.", markup=False)
