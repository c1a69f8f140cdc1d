"""Does the crowd's tournament beat one model trained on everything? The paper's experiments 1 and 2, with controls.

A crowd of twelve writes comments of the built-in world for six rounds; every arm makes a model of them; all
models are scored on one sample that no step has seen, by the embedding and by the grammar's own labels.

The design was fixed before the final run. Arms were developed on joy, fear and curiosity with seeds 100 and
101; the final run's ten emotions are others and its seeds are 1 to 5 (1 for the homogeneous crowd).

    crowdsft experiment emotions --output results/emotions
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from crowdsft.core.errors import InputError, unknown_name_problem
from crowdsft.experiments import emotions_arms
from crowdsft.experiments import emotions_tournaments as tournaments
from crowdsft.experiments.emotions_bench import Bench
from crowdsft.experiments.emotions_cell import Cell, Key, make_cell
from crowdsft.training.models import LoadedModel, load_model

FINAL_EMOTIONS: Final = (
    "gratitude", "admiration", "amusement", "love", "optimism", "sadness", "anger", "disappointment",
    "annoyance", "surprise",
)  # fmt: skip
DEVELOPMENT_EMOTIONS: Final = ("joy", "fear", "curiosity")
FINAL_SEEDS: Final = (1, 2, 3, 4, 5)
DEVELOPMENT_SEEDS: Final = (100, 101)
HOMOGENEOUS_SEEDS: Final = 1  # of the final seeds, the first so many
ROUNDS: Final = 6
QUICK_EMOTIONS, QUICK_SEEDS, QUICK_ROUNDS = 2, 1, 3
BASE: Final = "builtin:tiny"
ROWS_FILE: Final = "rows.jsonl"

Play = Callable[[Bench, Sequence[int]], list[emotions_arms.State]]


@dataclass(frozen=True, slots=True)
class Unit:
    """What is played in one go: an arm, or a tournament with the control that needs its weights.

    Args:
        arms: Names of the arms that it gives.
        play: Plays it; given a bench and the rounds to report.
        in_homogeneous: Whether it is played in the homogeneous crowd too.
        is_extra: Whether it waits, after the first seed, until all seeds of the others are done.
    """

    arms: tuple[str, ...]
    play: Play
    in_homogeneous: bool = True
    is_extra: bool = False


_POOLED: Final = partial(emotions_arms.pooled, arm="pooled", passes_per_round=emotions_arms.CANDIDATE_PASSES)
_POOLED_EQUAL: Final = partial(
    emotions_arms.pooled, arm="pooled_equal", passes_per_round=emotions_arms.ROUND_PASSES
)

UNITS: Final[tuple[Unit, ...]] = (
    Unit(("base",), emotions_arms.untrained),
    Unit(
        ("pooled",),
        partial(emotions_arms.pooled, arm="pooled", passes_per_round=emotions_arms.CANDIDATE_PASSES),
        False,
    ),
    Unit(
        ("pooled_equal",),
        partial(emotions_arms.pooled, arm="pooled_equal", passes_per_round=emotions_arms.ROUND_PASSES),
    ),
    Unit(("values", "pooled_values"), partial(tournaments.values_tournament, control=True)),
    Unit(
        ("learnt_weights", "pooled_learnt_weights"), partial(tournaments.learnt_weights, control=True), False
    ),
    Unit(("random_chain",), tournaments.random_chain),
    Unit(("paper",), tournaments.paper_tournament, False),
    Unit(
        ("experts", "pooled_experts"),
        partial(tournaments.expert_tournament, arm="experts", with_examples=True, control=True),
    ),
    Unit(("experts_alone",), emotions_arms.experts_alone, False),
    Unit(("oracle",), emotions_arms.oracle, False),
    Unit(
        ("filter", "pooled_filter"),
        partial(tournaments.expert_tournament, arm="filter", with_examples=False, control=True),
        in_homogeneous=False,
        is_extra=True,
    ),
    Unit(("sequential",), emotions_arms.sequential, in_homogeneous=False, is_extra=True),
    Unit(("experts_alone_few",), emotions_arms.experts_alone_few, in_homogeneous=False, is_extra=True),
)
ARMS: Final = tuple(name for unit in UNITS for name in unit.arms)


@dataclass(frozen=True, slots=True)
class Piece:
    """One unit in one cell: what a process plays at a time."""

    key: Key
    unit: int
    rounds: int

    @property
    def reported(self) -> tuple[int, ...]:
        """After which rounds the arms are scored: half way, and at the end."""
        return tuple(sorted({max(1, self.rounds // 2), self.rounds}))


def run_emotions(
    output: Path,
    *,
    quick: bool = False,
    seeds: int = len(FINAL_SEEDS),
    emotions: int = len(FINAL_EMOTIONS),
    rounds: int = ROUNDS,
    arms: Sequence[str] = (),
    workers: int = 1,
    resume: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Play every arm in every cell and write rows, tables, figures and `report.html` to `output`.

    Args:
        output: Folder; made when missing. `rows.jsonl` gets a line as soon as an arm is done in a cell.
        quick: Two emotions, one seed, three rounds: some minutes.
        seeds, emotions: How many of the fixed ones, from the first on.
        rounds: Rounds of each campaign; scored half way too.
        arms: Names of the arms to play; all when empty.
        workers: Processes.
        resume: Keep what is in `rows.jsonl` and play the rest.
        progress: Told what is going on.

    Returns:
        The summary, as in `results.json`.

    Raises:
        InputError: Numbers out of range, an arm has another name, or there are rows and no `resume`.
    """
    if quick:
        seeds, emotions = min(seeds, QUICK_SEEDS), min(emotions, QUICK_EMOTIONS)
        rounds = min(rounds, QUICK_ROUNDS)
    pieces = list(plan(seeds=seeds, emotions=emotions, rounds=rounds, arms=arms))
    file = output / ROWS_FILE
    if file.exists() and not resume:
        raise InputError(
            f"{file} is there already. Add --resume to go on with it, or choose another --output."
        )
    output.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    _end_last_line(file)
    done = {row_key(row) for row in read_rows(file)}
    missing = [piece for piece in pieces if not _piece_keys(piece) <= done]
    progress(f"{len(pieces)} pieces, {len(missing)} of them to play")
    with file.open("a", encoding="utf-8") as rows:
        for number, (piece, found) in enumerate(_played(missing, workers), 1):
            for row in found:
                if row_key(row) not in done:
                    rows.write(json.dumps(row) + "\n")
            rows.flush()
            key = piece.key
            names = " and ".join(UNITS[piece.unit].arms)
            progress(
                f"{number} of {len(missing)}: {key.crowd} crowd, {key.emotion}, seed {key.seed}: {names}"
            )
    from crowdsft.experiments.emotions_report import write_results

    wanted = {key for piece in pieces for key in _piece_keys(piece)}
    kept = [row for row in read_rows(file) if row_key(row) in wanted]
    return write_results(output, kept, seconds=time.perf_counter() - began, planned=len(wanted))


def plan(*, seeds: int, emotions: int, rounds: int, arms: Sequence[str] = ()) -> Iterator[Piece]:
    """The pieces in the order in which they are played: a seed at a time, so that an early end stays balanced.

    Raises:
        InputError: Numbers out of range, or an arm has another name.
    """
    for name, value, most in (
        ("seeds", seeds, len(FINAL_SEEDS)),
        ("emotions", emotions, len(FINAL_EMOTIONS)),
        ("rounds", rounds, len(emotions_arms.RATES)),
    ):
        if not 1 <= value <= most:
            raise InputError(f"{name} is {value}; it lies between 1 and {most}.")
    for name in arms:
        if name not in ARMS:
            raise InputError(unknown_name_problem("arm", name, ARMS))
    wanted = [(number, unit) for number, unit in enumerate(UNITS) if not arms or set(arms) & set(unit.arms)]
    for is_late in (False, True):
        for place, seed in enumerate(FINAL_SEEDS[:seeds]):
            now = [(number, unit) for number, unit in wanted if (unit.is_extra and place > 0) == is_late]
            for emotion in FINAL_EMOTIONS[:emotions]:
                yield from (Piece(Key("heterogeneous", emotion, seed), number, rounds) for number, _ in now)
            if place >= HOMOGENEOUS_SEEDS:
                continue
            for emotion in FINAL_EMOTIONS[:emotions]:
                kept = [number for number, unit in now if unit.in_homogeneous]
                yield from (Piece(Key("homogeneous", emotion, seed), number, rounds) for number in kept)


def play(piece: Piece) -> list[dict[str, Any]]:
    """The rows of one piece, one for each arm."""
    began = time.process_time()
    unit, cell = UNITS[piece.unit], _cell(piece.key, piece.rounds)
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        states = unit.play(Bench(_base(), cell, Path(folder)), piece.reported)
    seconds = time.process_time() - began
    key = piece.key
    return [
        {
            "crowd": key.crowd,
            "emotion": key.emotion,
            "seed": key.seed,
            "arm": arm,
            "of_rounds": piece.rounds,
            "unit_cpu_seconds": round(seconds, 2),
            "states": [state.row() for state in states if state.arm == arm],
        }
        for arm in unit.arms
    ]


RowKey = tuple[str, str, int, str, int]


def row_key(row: Mapping[str, Any]) -> RowKey:
    """What makes a row unique."""
    return row["crowd"], row["emotion"], row["seed"], row["arm"], row["of_rounds"]


def read_rows(file: Path) -> list[dict[str, Any]]:
    """The rows that are finished; a last line that was cut off is none."""
    if not file.exists():
        return []
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def _end_last_line(file: Path) -> None:
    """A line that was cut off must not swallow the next one."""
    if file.exists() and not file.read_bytes().endswith(b"\n"):
        with file.open("ab") as cut:
            cut.write(b"\n")


def _piece_keys(piece: Piece) -> set[RowKey]:
    key = piece.key
    return {(key.crowd, key.emotion, key.seed, arm, piece.rounds) for arm in UNITS[piece.unit].arms}


def _played(pieces: Sequence[Piece], workers: int) -> Iterator[tuple[Piece, list[dict[str, Any]]]]:
    if workers == 1:
        for piece in pieces:
            yield piece, play(piece)
        return
    from crowdsft.experiments.user_grouping import one_thread_each

    with one_thread_each(), ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(play, piece): piece for piece in pieces}
        for future in as_completed(running):
            yield running[future], future.result()


@cache
def _base() -> LoadedModel:
    return load_model(BASE)


@cache
def _cell(key: Key, rounds: int) -> Cell:
    return make_cell(key, rounds=rounds)


@cache
def _memory() -> Path | None:
    """A folder in memory, where there is one with room: adapters are written and read at once."""
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > 2**30
    return memory if has_room else None
