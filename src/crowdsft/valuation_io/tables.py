"""Games given as a file with the value of every coalition."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import InputError
from crowdsft.core.valuation.designs import all_coalitions
from crowdsft.core.valuation.exact import LARGEST_EXACT
from crowdsft.core.valuation.games import TableGame


def save_table_game(path: Path | str, game: TableGame) -> None:
    """Write all 2^n coalitions and their values; see `load_table_game`."""
    np.savez_compressed(path, coalitions=all_coalitions(game.n), values=game.table)


def load_table_game(path: Path | str) -> TableGame:
    """A game from an .npz file with the arrays `coalitions` bool[2^n, n] and `values` float64[2^n].

    Rows may stand in any order; every coalition of n <= 20 players stands there once.

    Raises:
        InputError: The file is missing, has other arrays, shapes or types, more than 20 players, a
            coalition twice or not at all, or a value that is not finite.
    """
    coalitions, values = _arrays(Path(path))
    if coalitions.ndim != 2 or values.shape != coalitions.shape[:1]:
        raise InputError(
            f"{path}: coalitions have shape {coalitions.shape} and values {values.shape}; "
            "expected (m, n) and (m,), one value per coalition."
        )
    n = coalitions.shape[1]
    if not 1 <= n <= LARGEST_EXACT:
        raise InputError(f"{path}: a table of {n} players; it must have 1 to {LARGEST_EXACT}.")
    if not np.isin(coalitions, (0, 1)).all():
        raise InputError(f"{path}: coalitions must be True or False (1 or 0) for each player.")
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise InputError(f"{path}: the value in row {bad[0]} is {values[bad[0]]}, not a finite number.")
    place = coalitions.astype(bool) @ (1 << np.arange(n))
    count = np.bincount(place, minlength=1 << n)
    if len(values) != 1 << n or (count != 1).any():
        raise InputError(
            f"{path}: expected each of the 2^{n} = {1 << n} coalitions once; {int((count == 0).sum())} are "
            f"missing and {int((count > 1).sum())} stand there more than once."
        )
    table = np.empty(1 << n)
    table[place] = values
    return TableGame(table)


def _arrays(path: Path) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(
            f"cannot read a game from {path}: {error}. Give an .npz file with the arrays 'coalitions' "
            "(bool, m x n) and 'values' (m numbers), as numpy.savez writes it."
        ) from error
    missing = {"coalitions", "values"} - set(found)
    if missing:
        raise InputError(
            f"{path} lacks {' and '.join(sorted(missing))}; it has {', '.join(sorted(found)) or 'nothing'}."
        )
    try:
        return found["coalitions"], found["values"].astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: values must be numbers: {error}.") from error
