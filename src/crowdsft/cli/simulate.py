"""`crowdsft simulate`: experiment 3 of the paper on any vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from crowdsft.cli.app import error_console, print_json
from crowdsft.core.errors import Fault, SettingsError, unknown_name_problem
from crowdsft.core.registry import Table


def simulate(
    vectors: Annotated[
        Path, typer.Option(help="CSV file: a header, an id column, then one numeric column per dimension.")
    ],
    users: Annotated[int, typer.Option(help="Contributors; one more row of the file becomes the target.")],
    groups: Annotated[int, typer.Option(help="Groups per round.")],
    rounds: Annotated[int, typer.Option(help="Rounds per run.")] = 100,
    runs: Annotated[int, typer.Option(help="Independent runs.")] = 10,
    grouping: Annotated[
        str, typer.Option(help="random, epsilon_greedy, interleaved, balanced_design, or a _paper form.")
    ] = "random",
    evaluation: Annotated[str, typer.Option(help="l2, l1 or dot.")] = "l2",
    rewards: Annotated[
        str, typer.Option(help="rank, marginal, ridge_history or decoded_shapley.")
    ] = "decoded_shapley",
    weighting: Annotated[
        str, typer.Option(help="uniform, points_squared or exponentiated_gradient.")
    ] = "uniform",
    effective_share: Annotated[
        float,
        typer.Option(help="exponentiated_gradient: least share of contributors that count; 0 for none."),
    ] = 0.1,
    noise: Annotated[
        float, typer.Option(help="Measurement noise, in units of the spread between random groups.")
    ] = 0.0,
    ledger_runs: Annotated[
        int, typer.Option(min=0, help="Play the ledger, settled ten times, for this many of the runs.")
    ] = 3,
    seed: Annotated[int, typer.Option(help="Seed of the first run; the others' are derived from it.")] = 0,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for result.json and report.html with figures.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Simulate tournaments of vectors and compare points with Shapley values.

    Contributors are the first rows of the file; one of them, by chance, becomes the target instead. A model
    is a point that starts anywhere in the range of the numbers and moves towards its winning group.

    Example: crowdsft simulate --vectors movielens_genre_means.csv --users 100 --groups 5 --runs 10 --json
    """
    from crowdsft.core.evaluation import UTILITIES
    from crowdsft.core.grouping import GROUPINGS
    from crowdsft.core.weighting import WEIGHTINGS
    from crowdsft.simulation.point_rules import POINT_RULES
    from crowdsft.simulation.summary import run_simulation
    from crowdsft.simulation.truth import EvaluationName
    from crowdsft.simulation.vectors import read_vectors

    tables: dict[str, tuple[str, Table[Any]]] = {
        "--grouping": (grouping, GROUPINGS),
        "--evaluation": (evaluation, UTILITIES),
        "--rewards": (rewards, POINT_RULES),
        "--weighting": (weighting, WEIGHTINGS),
    }
    faults = [
        Fault(option, unknown_name_problem(table.kind, name, table))
        for option, (name, table) in tables.items()
        if name not in table
    ]
    faults += [
        Fault(option, f"is {number}, but there must be at least 1")
        for option, number in {"--runs": runs, "--users": users}.items()
        if number < 1
    ]
    if faults:
        raise SettingsError(faults, source="the options of simulate")
    share = {"least_effective_share": effective_share} if weighting == "exponentiated_gradient" else {}
    played = run_simulation(
        read_vectors(vectors),
        users=users,
        groups=groups,
        rounds=rounds,
        runs=runs,
        grouping=grouping,
        evaluation=cast(EvaluationName, evaluation),
        rewards=rewards,
        weighting=WEIGHTINGS.make(weighting, **share),
        noise=noise,
        seed=seed,
        ledger_runs=ledger_runs,
    )
    settings = {
        "users": users,
        "groups": groups,
        "rounds": rounds,
        "runs": runs,
        "grouping": grouping,
        "evaluation": evaluation,
        "rewards": rewards,
        "weighting": weighting,
        "noise": noise,
    }
    figures = played.figures
    if output is not None:
        from crowdsft.experiments.simulate_report import write_simulation

        write_simulation(output, played, settings)
        error_console.print(f"Open {output / 'report.html'}.", markup=False)
    if json_output:
        print_json({**settings, **figures.as_json()})
        return
    typer.echo(f"{users} contributors in {groups} groups, {rounds} rounds, {runs} runs, {grouping} groups")
    typer.echo(f"Points by {rewards} against accurate Shapley values:")
    typer.echo(
        f"  Pearson {_shown(figures.pearson_mean)}, Spearman {_shown(figures.spearman_mean)} "
        f"(least {_shown(figures.spearman_min)}), whole points in the ledger {_shown(figures.ledger_spearman_mean)}"
    )
    typer.echo(
        f"Distance to the target {figures.final_distance_mean:.3f}; no such model can come nearer than "
        f"{figures.floor_distance_mean:.3f}."
    )
    typer.echo(
        f"{figures.effective_contributors_mean:.1f} contributors count; {figures.seconds:.1f} seconds."
    )


def _shown(correlation: float | None) -> str:
    return "none (all points are equal)" if correlation is None else f"{correlation:.3f}"
