"""`crowdsft value`: Shapley values of any game, with intervals."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from crowdsft.cli.app import error_console, print_json
from crowdsft.core.errors import InputError

if TYPE_CHECKING:
    from crowdsft.core.valuation import Budget, Game, Method, Progress, Valuation
    from crowdsft.core.valuation.centroid import CentroidUtility
    from crowdsft.core.valuation.games import CentroidGame

UTILITIES = ("l2", "l1", "dot")


def value(
    game: Annotated[
        str,
        typer.Option(help="centroid, an .npz file with the value of every coalition, or module:function."),
    ],
    vectors: Annotated[
        Path | None,
        typer.Option(help="For centroid: CSV file with an id column and one numeric column per dimension."),
    ] = None,
    target_row: Annotated[
        int | None,
        typer.Option(help="For centroid: which row is the target, counted from 0 after the header."),
    ] = None,
    evaluation: Annotated[str, typer.Option(help="For centroid: l2, l1 or dot.")] = "l2",
    method: Annotated[
        str,
        typer.Option(
            help="auto, exact, permutation, control_variate, size_stratified, leverage, gaussian_process, "
            "msr_banzhaf or leave_one_out."
        ),
    ] = "auto",
    budget: Annotated[int, typer.Option(help="Most coalitions that are evaluated.")] = 2000,
    seconds: Annotated[float | None, typer.Option(help="Stop after so many seconds, too.")] = None,
    standard_error: Annotated[
        float | None, typer.Option(help="Stop when no value's standard error is larger, too.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the coalitions.")] = 0,
    json_output: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Shapley values of a game, with 95 % intervals.

    A game values coalitions of players. `centroid` values the mean of the members' vectors by its distance
    to the target; `module:function` names a game (a callable with `n`), or a function without arguments that
    returns one; the module is looked up in the current directory first.

    Example: crowdsft value --game centroid --vectors movielens_genre_means.csv --target-row 0 --budget 5000 --json
    """
    from crowdsft.core.valuation import METHODS
    from crowdsft.valuation_io import valuation_as_json

    started = time.perf_counter()
    players, found_game = _game(game, vectors, target_row, evaluation)
    _check_method(method, game)
    stop = _budget(budget, seconds, standard_error)
    options = _options(found_game) if method == "control_variate" else {}
    only_count = seconds is None and standard_error is None
    known = _known_values(found_game, budget, seed) if method == "auto" and only_count else None
    found = known or _valued(found_game, METHODS.make(method, **options), stop, seed, game)
    result = {"players": players, **valuation_as_json(found), "seconds": time.perf_counter() - started}
    if json_output:
        print_json(result)
        return
    typer.echo(f"{len(players)} players, {found.evaluations} coalitions by {found.method}:")
    for player, worth, (low, high) in zip(players, result["values"], result["intervals"], strict=True):
        typer.echo(f"  {player:>6}  {worth:12.6g}  {_interval(low, high)}")
    typer.echo(
        f"Sum misses v(all) - v(nobody) by {found.efficiency_gap:.1e}; {result['seconds']:.1f} seconds."
    )


def _interval(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "[interval not known: too few evaluations]"
    return f"[{low:.6g}, {high:.6g}]"


def _game(name: str, vectors: Path | None, target_row: int | None, evaluation: str) -> tuple[list[int], Game]:
    """The players' numbers (for centroid: rows of the file) and the game."""
    if name == "centroid":
        return _centroid_game(vectors, target_row, evaluation)
    if vectors is not None or target_row is not None:
        raise InputError(f"--vectors and --target-row belong to --game centroid, not to --game {name}.")
    if name.endswith(".npz"):
        from crowdsft.valuation_io import load_table_game

        table = load_table_game(name)
        return list(range(table.n)), table
    if ":" in name:
        imported = _imported_game(name)
        return list(range(imported.n)), imported
    raise InputError(
        f"there is no game {name!r}. Give centroid, an .npz file, or module:function (for example mygames:make)."
    )


def _centroid_game(
    path: Path | None, target_row: int | None, evaluation: str
) -> tuple[list[int], CentroidGame]:
    from crowdsft.core.valuation.games import CentroidGame
    from crowdsft.simulation.vectors import read_vectors

    if path is None or target_row is None:
        raise InputError("--game centroid needs --vectors FILE.csv and --target-row K.")
    if evaluation not in UTILITIES:
        raise InputError(f"there is no evaluation {evaluation!r}. Allowed: {', '.join(UTILITIES)}.")
    rows = read_vectors(path)
    if not 0 <= target_row < len(rows):
        raise InputError(f"--target-row is {target_row}, but {path} has rows 0 to {len(rows) - 1}.")
    players = [row for row in range(len(rows)) if row != target_row]
    if not players:
        raise InputError(f"{path} has one row only: there is a target, but nobody to value.")
    utility = cast("CentroidUtility", evaluation)
    return players, CentroidGame(rows[players], rows[target_row], utility)


def _imported_game(name: str) -> Game:
    module_name, _, attribute = name.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            f"cannot import the game {name}: {error}. Run the command where the module lies, or install it."
        ) from error
    made = found if hasattr(found, "n") else _made(found, name)
    if not callable(made) or not isinstance(getattr(made, "n", None), int):
        raise InputError(
            f"{name} is no game: it must be callable with coalitions (bool, m x n) and have a whole number n."
        )
    return cast("Game", made)


def _made(function: Callable[[], Any], name: str) -> Any:
    if not callable(function):
        raise InputError(f"{name} is neither a game nor a function that makes one.")
    try:
        return function()
    except TypeError as error:
        raise InputError(f"{name} could not be called without arguments: {error}.") from error


def _check_method(method: str, game: str) -> None:
    from crowdsft.core.errors import UnknownNameError
    from crowdsft.core.valuation import METHODS

    if method not in METHODS:
        raise UnknownNameError(METHODS.kind, method, METHODS)
    if method == "control_variate" and game != "centroid":
        raise InputError("control_variate needs the members' vectors: it works with --game centroid only.")


def _options(game: Game) -> dict[str, Any]:
    centroid = cast("CentroidGame", game)
    return {"vectors": centroid.vectors, "target": centroid.target}


def _budget(evaluations: int, seconds: float | None, standard_error: float | None) -> Budget:
    from crowdsft.core.valuation import Evaluations, Seconds, StandardError

    stop: Budget = Evaluations(evaluations)
    if seconds is not None:
        stop = stop | Seconds(seconds)
    if standard_error is not None:
        stop = stop | StandardError(standard_error)
    return stop


def _known_values(game: Game, budget: int, seed: int) -> Valuation | None:
    """Values of a centroid game from what is known of means, where the budget covers the evaluations."""
    import numpy as np

    from crowdsft.core.valuation import centroid_truth
    from crowdsft.core.valuation.centroid import centroid_evaluations
    from crowdsft.core.valuation.games import CentroidGame

    if not isinstance(game, CentroidGame) or centroid_evaluations(game.n, game.evaluation) > budget:
        return None
    rng = np.random.default_rng(seed)
    return centroid_truth(game.vectors, game.target, evaluation=game.evaluation, rng=rng)


def _valued(game: Game, method: Method, stop: Budget, seed: int, name: str) -> Valuation:
    import numpy as np

    from crowdsft.core.valuation import value_game

    with error_console.status(f"valuing {name}") as status:

        def show(progress: Progress) -> None:
            status.update(f"valuing {name}: {progress.evaluations} coalitions")

        rng = np.random.default_rng(seed)
        return value_game(game, method, stop, rng, clock=time.monotonic, progress=show)
