"""`crowdsft experiment emotions`: what brings a crowd's model to the target, with controls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crowdsft.cli.app import error_console, print_json


def emotions(
    output: Annotated[
        Path,
        typer.Option("--output", metavar="DIR", help="Folder for rows, tables, figures and report.html."),
    ] = Path("emotions"),
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many of the five fixed seeds.")] = 5,
    emotions: Annotated[
        int, typer.Option("--emotions", min=1, help="How many of the ten fixed target emotions.")
    ] = 10,
    rounds: Annotated[
        int, typer.Option("--rounds", min=2, help="Rounds of each campaign, at most 6; scored half way too.")
    ] = 6,
    arms: Annotated[
        str, typer.Option("--arms", metavar="A,B", help="Only these arms, by name; all when empty.")
    ] = "",
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes.")] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep the rows that are in the folder and play the rest.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Two emotions, one seed, three rounds: some minutes.")
    ] = False,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print the summary as one JSON object.")
    ] = False,
) -> None:
    """The paper's first two experiments in the built-in world, with the controls that a claim needs.

    Example: crowdsft experiment emotions --output emotions --quick
    """
    from crowdsft.experiments.emotions import run_emotions

    summary = run_emotions(
        output,
        quick=quick,
        seeds=seeds,
        emotions=emotions,
        rounds=rounds,
        arms=[name.strip() for name in arms.split(",") if name.strip()],
        workers=workers,
        resume=resume,
        progress=lambda line: error_console.print(line, markup=False),
    )
    if json_output:
        print_json(summary)
    else:
        error_console.print(f"Open {output / 'report.html'}.", markup=False)
