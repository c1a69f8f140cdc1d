"""Experiment 3: who should be in a group together, and do points track Shapley values?

Plays the paper's sweep (10 to 100 contributors, 2 to 5 groups, three groupings, three evaluations) the
paper's way and ours in the same worlds, and compares both with the published means.

    crowdsft experiment user-grouping --data ../shared/data --output results/user-grouping
"""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from crowdsft.core.errors import InputError
from crowdsft.experiments.user_grouping_published import Comparison, Published, compare, read_published
from crowdsft.experiments.user_grouping_sweep import EVALUATION_NAMES, USERS, Cell, Outcome, play_block
from crowdsft.simulation.truth import EvaluationName
from crowdsft.simulation.vectors import read_vectors

VECTORS_FILE = "movielens_genre_means.csv"
PUBLISHED_FILE = "reference_simulation_results.csv"
QUICK_USERS = (10, 50)
WITHIN, NEVER_BEYOND = 3.0, 5.0  # standard errors of the difference


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the sweep that one process plays."""

    data: Path
    users: int
    evaluation: EvaluationName
    runs: int
    seed: int
    kernel_shap: bool


def run_user_grouping(
    data: Path,
    output: Path,
    *,
    runs: int = 50,
    seed: int = 1,
    quick: bool = False,
    kernel_shap: bool = True,
    workers: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Play the sweep and write `results.json`, `results.csv`, figures and `report.html` to `output`.

    Args:
        data: Folder with the vectors and, for the comparison, the published sweep.
        output: Folder to write to; made when missing. Finished blocks are kept there and not played again.
        runs: Runs per cell, at least 2.
        seed: Fixes everything.
        quick: 10 runs, 10 and 50 contributors, no KernelSHAP: a minute instead of ten.
        kernel_shap: Whether to compute KernelSHAP's values, which the published correlations are with.
        workers: Processes.
        progress: Told what is going on.

    Returns:
        The summary, as in `results.json`.

    Raises:
        InputError: when the data cannot be read.
        MissingExtraError: when KernelSHAP or the figures need packages that are not installed.
    """
    if runs < 2:
        raise InputError(f"runs is {runs}; at least 2 are needed to say how sure a mean is.")
    read_vectors(data / VECTORS_FILE)
    published_file = data / PUBLISHED_FILE
    published = read_published(published_file) if published_file.exists() else {}
    if quick:
        runs, kernel_shap = min(runs, 10), False
    began = time.perf_counter()
    blocks = [
        Block(data, users, evaluation, runs, seed, kernel_shap)
        for users in (QUICK_USERS if quick else USERS)
        for evaluation in EVALUATION_NAMES
    ]
    outcomes = _play_blocks(blocks, output / "blocks", workers, progress)
    summary = summarise(outcomes, compare(published, outcomes))
    summary |= {"runs": runs, "seed": seed, "quick": quick, "seconds": time.perf_counter() - began}
    _write_tables(output, summary, outcomes, published)
    from crowdsft.experiments.user_grouping_report import write_report

    write_report(output, summary, outcomes, published)
    progress(f"report: {output / 'report.html'}")
    return summary


def _play_blocks(
    blocks: Sequence[Block], folder: Path, workers: int, progress: Callable[[str], None]
) -> list[Outcome]:
    """Play what is not there yet; a broken-off sweep goes on where it was."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {block: folder / _block_name(block) for block in blocks}
    missing = sorted((block for block in blocks if not files[block].exists()), key=lambda block: -block.users)
    if workers > 1 and len(missing) > 1:
        with one_thread_each(), ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            played = pool.map(_play_block, missing)
            for block, outcomes in zip(missing, played, strict=True):
                _keep(files[block], outcomes)
                progress(f"played {block.users} contributors, {block.evaluation}")
    else:
        for block in missing:
            _keep(files[block], _play_block(block))
            progress(f"played {block.users} contributors, {block.evaluation}")
    return [
        outcome_from_row(row)
        for file in files.values()
        for row in json.loads(file.read_text(encoding="utf-8"))
    ]


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes started inside use one thread for linear algebra; several times more would wait than work."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _block_name(block: Block) -> str:
    kernel = "-kernel" if block.kernel_shap else ""
    return f"{block.users}-{block.evaluation}-runs{block.runs}-seed{block.seed}{kernel}.json"


def _play_block(block: Block) -> list[Outcome]:
    return play_block(
        block.users,
        block.evaluation,
        vectors=read_vectors(block.data / VECTORS_FILE),
        runs=block.runs,
        seed=block.seed,
        kernel_shap=block.kernel_shap,
    )


def _keep(file: Path, outcomes: Sequence[Outcome]) -> None:
    """Write in full or not at all: a half-written block would be taken for a finished one."""
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps([outcome.row() for outcome in outcomes]), encoding="utf-8")
    partial.replace(file)


def outcome_from_row(row: dict[str, Any]) -> Outcome:
    """The inverse of `Outcome.row`."""
    fields = dict(row)
    cell = Cell(*(fields.pop(name) for name in ("users", "groups", "grouping", "evaluation")))
    return Outcome(cell=cell, **{**fields, "path": tuple(fields["path"])})


def summarise(outcomes: Sequence[Outcome], comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """The sweep in a few figures: agreement by arm, final distances, and how near the repetition came."""
    arms = {
        arm: {
            "pearson_mean": _mean(outcomes, arm, "pearson"),
            "spearman_mean": _mean(outcomes, arm, "spearman"),
            "spearman_least": min(o.spearman_least for o in outcomes if o.arm == arm),
            "share_of_runs_above_0.92": _mean(outcomes, arm, "high_share"),
            "cells": sum(o.arm == arm for o in outcomes),
        }
        for arm in dict.fromkeys(o.arm for o in outcomes)
    }
    return {
        "arms": arms,
        "distances": distance_summary(outcomes),
        "reproduction": _reproduction(comparisons),
    }


def distance_summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Final distances over the cells that aim at distance (l2 and l1), as ratios to the paper's mean.

    All arms play in the same worlds. The paper's mean is over its three groupings; the weighted arms use
    random groups throughout.
    """
    aimed = [o for o in outcomes if o.cell.evaluation != "dot"]
    paper = _mean(aimed, "paper", "distance")
    ratios = {
        arm: _mean(aimed, arm, "distance") / paper for arm in ("ours", "weighted", "free") if _has(aimed, arm)
    }
    effective = {arm: min(o.effective / o.cell.users for o in aimed if o.arm == arm) for arm in ratios}
    return {
        "paper_mean": paper,
        "ratio_to_paper": ratios,
        "floor_ratio_to_paper": _mean(aimed, "paper", "floor") / paper,
        "least_effective_share": effective,
        "ratio_by_evaluation": {
            evaluation: {
                arm: _mean(part, arm, "distance") / _mean(part, "paper", "distance") for arm in ratios
            }
            for evaluation in ("l2", "l1")
            if (part := [o for o in aimed if o.cell.evaluation == evaluation])
        },
    }


def _reproduction(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    if not comparisons:
        return {"cells": 0}
    pearson = [c.pearson_errors for c in comparisons if c.pearson_errors is not None]
    distance = [c.distance_errors for c in comparisons]
    result: dict[str, Any] = {"cells": len(comparisons)}
    for name, errors in (("pearson", pearson), ("distance", distance)):
        if errors:
            sizes = np.abs(errors)
            result[name] = {
                "cells": len(errors),
                "within_3_standard_errors": float(np.mean(sizes <= WITHIN)),
                "largest": float(sizes.max()),
                "root_mean_square": float(np.sqrt(np.mean(sizes**2))),
                "mean": float(np.mean(errors)),
            }
    result["both_within_3_standard_errors"] = float(np.mean([c.largest <= WITHIN for c in comparisons]))
    result["beyond_5_standard_errors"] = sum(c.largest > NEVER_BEYOND for c in comparisons)
    return result


def _has(outcomes: Sequence[Outcome], arm: str) -> bool:
    return any(o.arm == arm for o in outcomes)


def _mean(outcomes: Sequence[Outcome], arm: str, field: str) -> float:
    return float(np.mean([getattr(o, field) for o in outcomes if o.arm == arm]))


def _write_tables(
    output: Path, summary: dict[str, Any], outcomes: Sequence[Outcome], published: dict[Cell, Published]
) -> None:
    (output / "results.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    with (output / "results.csv").open("w", newline="", encoding="utf-8") as file:
        rows = [{k: v for k, v in o.row().items() if k != "path"} for o in outcomes]
        empty = dict.fromkeys(asdict(Published(0.0, 0.0)), "")
        writer = csv.DictWriter(file, [*rows[0], *(f"published_{name}" for name in empty)])
        writer.writeheader()
        for row, outcome in zip(rows, outcomes, strict=True):
            found = published.get(outcome.cell) if outcome.arm == "paper" else None
            known = asdict(found) if found else empty
            writer.writerow({**row, **{f"published_{name}": value for name, value in known.items()}})
