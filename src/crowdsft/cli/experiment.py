"""`crowdsft experiment`: the paper's tables and ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crowdsft.cli.app import error_console, print_json
from crowdsft.cli.experiment_emotions import emotions
from crowdsft.cli.experiment_retrain_shapley import retrain_shapley

app = typer.Typer(help="Run an experiment: tables, figures and a report in one folder.", no_args_is_help=True)

Data = Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder with the experiment's data.")]
Output = Annotated[
    Path, typer.Option("--output", metavar="DIR", help="Folder for tables, figures and report.html.")
]
Quick = Annotated[bool, typer.Option("--quick", help="A version of a minute or two.")]
Json = Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")]


@app.command("user-grouping")
def user_grouping(
    data: Data,
    output: Output = Path("user-grouping"),
    runs: Annotated[int, typer.Option("--runs", min=2, help="Runs per cell.")] = 50,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Fixes everything.")] = 1,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes.")] = 1,
    kernel_shap: Annotated[
        bool, typer.Option(help="Compute KernelSHAP's values too, which the published correlations are with.")
    ] = True,
    quick: Quick = False,
    json_output: Json = False,
) -> None:
    """The paper's third experiment: 180 cells of contributors, groups, groupings and evaluations.

    Example: crowdsft experiment user-grouping --data my-data --output user-grouping --quick
    """
    from crowdsft.experiments.user_grouping import run_user_grouping

    summary = run_user_grouping(
        data,
        output,
        runs=runs,
        seed=seed,
        quick=quick,
        kernel_shap=kernel_shap,
        workers=workers,
        progress=_tell,
    )
    if json_output:
        print_json(summary)
    else:
        error_console.print(f"Open {output / 'report.html'}.", markup=False)


@app.command("attacks")
def attacks(
    data: Data,
    output: Output = Path("attacks"),
    runs: Annotated[int, typer.Option("--runs", min=2, help="Campaigns per attack.")] = 10,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Fixes everything.")] = 1,
    attack: Annotated[
        list[str] | None,
        typer.Option("--attack", metavar="NAME", help="Play only this one; may be repeated."),
    ] = None,
    quick: Quick = False,
    json_output: Json = False,
) -> None:
    """What attackers earn under the paper's points and under ours: clones, copies, free riders and others.

    Example: crowdsft experiment attacks --data my-data --output attacks --quick
    """
    from crowdsft.experiments.attacks import run_attacks

    summary = run_attacks(
        data, output, runs=runs, seed=seed, quick=quick, attacks=attack or (), progress=_tell
    )
    if json_output:
        print_json(summary)
    else:
        error_console.print(f"Open {output / 'report.html'}.", markup=False)


def _tell(line: str) -> None:
    error_console.print(line, markup=False)


app.command("retrain-shapley")(retrain_shapley)
app.command("emotions")(emotions)
