"""A game from a utility that values one coalition at a time, slowly: evaluated in parallel, kept on disk."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, as_completed
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import EvaluationError, InputError

Members = tuple[int, ...]
Utility = Callable[[Members], float]


class CachedGame:
    """Turns `utility(members)` into a game; what it once answered is not asked again.

    Every answer is appended to the file at once, so that an interrupted valuation loses at most the
    coalitions that were being evaluated. Several games of one process may share a file only one after
    the other.

    Args:
        utility: Takes the members' indices in ascending order (none for nobody) and returns a number.
            With a process pool it must be picklable.
        n: Number of players.
        file: Where answers are kept, one JSON line each; None keeps them in memory only.
        name: What is being valued. A file that was written under another name or number of players is
            refused, because its answers belong to another game.
        executor: A pool, such as `ProcessPoolExecutor(8)`; None evaluates one after the other.
    """

    def __init__(
        self,
        utility: Utility,
        n: int,
        *,
        file: Path | str | None = None,
        name: str = "",
        executor: Executor | None = None,
    ) -> None:
        if n < 1:
            raise InputError(f"a game of {n} players has nobody to value; give n of at least 1.")
        self._utility = utility
        self._n = n
        self._executor = executor
        self._file = Path(file) if file is not None else None
        self._header = {"game": name, "players": n}
        self._known: dict[Members, float] = {}
        if self._file is not None:
            self._known = _read(self._file, self._header)

    @property
    def n(self) -> int:
        """Number of players."""
        return self._n

    @property
    def known(self) -> int:
        """How many coalitions have been answered so far, those on file included."""
        return len(self._known)

    def __call__(self, coalitions: NDArray[np.bool_], /) -> NDArray[np.float64]:
        """Values float64[m] of coalitions bool[m, n].

        Raises:
            EvaluationError: The utility failed or did not return a finite number; names the coalition.
                Answers that came before are kept.
        """
        asked = [tuple(int(player) for player in np.flatnonzero(row)) for row in coalitions]
        missing = [members for members in dict.fromkeys(asked) if members not in self._known]
        for members, value in self._answers(missing):
            self._keep(members, value)
        return np.array([self._known[members] for members in asked])

    def _answers(self, missing: list[Members]) -> Iterable[tuple[Members, float]]:
        if self._executor is None:
            for members in missing:
                yield members, self._checked(members, partial(self._utility, members))
            return
        running: dict[Future[float], Members] = {
            self._executor.submit(self._utility, members): members for members in missing
        }
        try:
            for done in as_completed(running):
                yield running[done], self._checked(running[done], done.result)
        finally:
            for future in running:
                future.cancel()

    def _checked(self, members: Members, answer: Callable[[], float]) -> float:
        try:
            value = float(answer())
        except Exception as error:
            raise EvaluationError(f"the utility failed on coalition {_shown(members)}: {error!r}.") from error
        if not math.isfinite(value):
            raise EvaluationError(
                f"the utility of coalition {_shown(members)} is {value}, not a finite number. "
                "Make it return a number for every coalition, or raise an error."
            )
        return value

    def _keep(self, members: Members, value: float) -> None:
        self._known[members] = value
        if self._file is None:
            return
        lines = [] if self._file.exists() else [self._header]
        with self._file.open("a", encoding="utf-8") as file:
            for line in [*lines, {"members": members, "value": value}]:
                file.write(json.dumps(line) + "\n")


def _shown(members: Members) -> str:
    return "{" + ", ".join(map(str, members)) + "}"


def _read(path: Path, header: dict[str, object]) -> dict[Members, float]:
    """Answers on file; a last line that a crash cut short is removed.

    Raises:
        InputError: The file belongs to another game or cannot be read as answers.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        return {}
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    try:
        first, *rest = [json.loads(line) for line in whole.splitlines()] or [None]
        answers = {tuple(line["members"]): float(line["value"]) for line in rest}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} does not hold answers of a utility ({error}). Give another file for them."
        ) from error
    if first is None:
        path.unlink()
        return {}
    if first != header:
        raise InputError(
            f"{path} holds answers of {first}, not of {header}. Give another file, or the same name and n."
        )
    return answers
