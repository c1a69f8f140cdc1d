"""Experiment 3: many runs at once against one run after the other.

The peer is experiment 3 as one would first write it, and as its authors did: a Python loop over runs, rounds
and groups with NumPy inside, and Shapley values by KernelSHAP with 10,000 samples per run through the package
shap, its value function evaluated coalition by coalition. Ours simulates all runs of a cell as one array and
computes accurate Shapley values, once per expert for the twelve cells (groups and groupings) that share them.
Both play the same cells; they take turns, so that a slow minute of the machine meets both. The peer is
measured on a few runs and counted up to 50 runs of 12 cells.

    python benchmarks/simulation.py --data ../shared/data               # ratios on a subsample of blocks
    python benchmarks/simulation.py --data ../shared/data --full        # and the whole sweep, 2 processes
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.grouping import GROUPINGS
from crowdsft.core.weighting import WEIGHTINGS
from crowdsft.experiments.user_grouping import one_thread_each
from crowdsft.experiments.user_grouping_sweep import (
    EVALUATION_NAMES,
    START_RANGE,
    USERS,
    Cell,
    all_cells,
)
from crowdsft.simulation import SimulationSettings, draw_world, simulate_tournament
from crowdsft.simulation.agreement import pearson
from crowdsft.simulation.truth import EvaluationName, accurate_truth
from crowdsft.simulation.vectors import read_vectors
from crowdsft.simulation.world import run_seeds

Floats = NDArray[np.float64]

RUNS = 50
ROUNDS = 100
SUBSAMPLE: tuple[tuple[int, EvaluationName], ...] = (
    (10, "l2"),
    (25, "l1"),
    (50, "l2"),
    (75, "dot"),
    (100, "l1"),
    (100, "l2"),
)

DATA = Path(os.environ.get("CROWDSFT_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared/data"))


# --- ours ---------------------------------------------------------------------------------------------------


def ours(cell: Cell, vectors: Floats, truths: dict[int, Floats], *, seed: int = 1) -> tuple[float, float]:
    """Seconds for the tournaments of a cell, and for the truth and the correlations.

    `truths` holds the values by expert that earlier cells of the block have computed.
    """
    began = time.perf_counter()
    world = draw_world(vectors, users=cell.users, seeds=run_seeds(seed, RUNS), start_range=START_RANGE)
    name = cell.grouping if cell.grouping == "random" else f"{cell.grouping}_paper"
    settings = SimulationSettings(
        groups=cell.groups,
        rounds=ROUNDS,
        grouping=GROUPINGS.make(name),
        evaluation=UTILITIES.make(cell.evaluation),
        weighting=WEIGHTINGS.make("points_squared"),
    )
    history = simulate_tournament(world, settings)
    simulated = time.perf_counter()
    pearson(history.points, accurate_truth(world, cell.evaluation, known=truths))
    return simulated - began, time.perf_counter() - simulated


def block_cells(users: int, evaluation: EvaluationName) -> list[Cell]:
    """The twelve cells that share their Shapley values."""
    return [cell for cell in all_cells() if (cell.users, cell.evaluation) == (users, evaluation)]


def our_block(users: int, evaluation: EvaluationName, vectors: Floats) -> Floats:
    """float64[2]: seconds for the tournaments and for the truth of a block's twelve cells at 50 runs."""
    truths: dict[int, Floats] = {}
    cells = block_cells(users, evaluation)
    return np.sum([ours(cell, vectors, truths, seed=place) for place, cell in enumerate(cells)], axis=0)


# --- the peer -----------------------------------------------------------------------------------------------

PEER_UTILITIES: dict[str, Callable[[Floats, Floats], float]] = {
    "l2": lambda point, target: -float(np.linalg.norm(point - target)),
    "l1": lambda point, target: -float(np.abs(point - target).sum()),
    "dot": lambda point, target: float(np.dot(point, target)),
}


def peer_groups(
    cell: Cell, points: Floats, round_index: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """The groups of one round."""
    contributors = len(points)
    if cell.grouping == "interleaved":
        order = np.argsort(points)
        groups: list[list[int]] = [[] for _ in range(cell.groups)]
        for half in (list(order[contributors // 2 :]), list(order[: contributors // 2])):
            random.shuffle(half)
            for place, contributor in enumerate(half):
                groups[place % cell.groups].append(contributor)
        return [np.array(group) for group in groups]
    order = rng.permutation(contributors)
    if cell.grouping == "epsilon_greedy" and random.random() >= max(0.4, 1 - round_index / ROUNDS):
        order = np.argsort(points)
    return np.array_split(order, cell.groups)


def peer_tournament(
    cell: Cell, people: Floats, target: Floats, model: Floats, rng: np.random.Generator
) -> Floats:
    """Points after 100 rounds of one run."""
    utility = PEER_UTILITIES[cell.evaluation]
    points = np.ones(len(people))
    for round_index in range(ROUNDS):
        groups = peer_groups(cell, points, round_index, rng)
        candidates = []
        for group in groups:
            weights = points[group] ** 2
            centroid = (people[group] * weights[:, None]).sum(axis=0) / weights.sum()
            candidates.append(model + 0.1 * (centroid - model))
        values = [utility(candidate, target) for candidate in candidates]
        best = int(np.argmax(values))
        if values[best] > utility(model, target):
            chosen = best
            if rng.random() < 0.05:
                chosen = random.choice([group for group in range(cell.groups) if group != best])
            for rank, group in enumerate(np.argsort(values)[::-1]):
                points[groups[group]] += cell.groups - rank
            model = candidates[chosen]
    return points


def peer_truth(cell: Cell, people: Floats, target: Floats) -> Floats:
    """KernelSHAP's values of the centroid game."""
    import shap

    utility = PEER_UTILITIES[cell.evaluation]

    def worth(masks: Floats) -> Floats:
        values = []
        for mask in masks:
            members = np.where(mask == 1)[0]
            centroid = people[members].mean(axis=0) if len(members) else np.zeros_like(target)
            values.append(utility(centroid, target))
        return np.array(values)

    count = len(people)
    explainer = shap.KernelExplainer(worth, np.zeros((1, count)))
    values: Floats = explainer.shap_values(
        np.ones((1, count)), nsamples=10_000, l1_reg=f"num_features({count})", silent=True
    )[0]
    return values


def peer(cell: Cell, vectors: Floats, *, runs: int, rng: np.random.Generator) -> tuple[float, float]:
    """Seconds per run for the tournament, and for the truth and the correlation."""
    simulating = valuing = 0.0
    for _ in range(runs):
        began = time.perf_counter()
        expert = int(rng.integers(cell.users + 1))
        people = np.delete(vectors[: cell.users + 1], expert, axis=0)
        target = vectors[expert]
        points = peer_tournament(cell, people, target, rng.uniform(0, 5, vectors.shape[1]), rng)
        simulated = time.perf_counter()
        np.corrcoef(points, peer_truth(cell, people, target))
        simulating += simulated - began
        valuing += time.perf_counter() - simulated
    return simulating / runs, valuing / runs


# --- measuring ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds for a block (12 cells, 50 runs each): the peer's counted up from a few runs, ours measured."""

    users: int
    evaluation: str
    peer_simulating: float
    peer_valuing: float
    simulating: float
    valuing: float

    @property
    def ratio(self) -> float:
        """How many times faster ours is, tournaments and truth together."""
        return (self.peer_simulating + self.peer_valuing) / (self.simulating + self.valuing)


def measure(vectors: Floats, *, turns: int) -> list[Measured]:
    """The peer plays one run of each of three cells, ours the whole block, in turn; medians over turns count."""
    rng = np.random.default_rng(1)
    ours(Cell(10, 2, "random", "l2"), vectors, {})  # imports and caches are nobody's time
    peer(Cell(10, 2, "random", "l2"), vectors, runs=1, rng=rng)
    measured = []
    for users, evaluation in SUBSAMPLE:
        cells = block_cells(users, evaluation)
        theirs, mine = [], []
        for turn in range(turns):
            picked = [cells[(turn + 5 * place) % len(cells)] for place in range(3)]
            theirs.append(np.mean([peer(cell, vectors, runs=1, rng=rng) for cell in picked], axis=0))
            mine.append(our_block(users, evaluation, vectors))
        peer_parts = len(cells) * RUNS * np.median(theirs, axis=0)
        parts = np.median(mine, axis=0)
        measured.append(Measured(users, evaluation, *map(float, peer_parts), *map(float, parts)))
    return measured


def full_sweep(data: Path, *, workers: int) -> float:
    """Seconds for all 180 cells at 50 runs with accurate truth."""
    blocks = [
        (users, evaluation, data) for users in sorted(USERS, reverse=True) for evaluation in EVALUATION_NAMES
    ]
    began = time.perf_counter()
    with one_thread_each(), ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        list(pool.map(_sweep_block, blocks))
    return time.perf_counter() - began


def _sweep_block(block: tuple[int, EvaluationName, Path]) -> float:
    users, evaluation, data = block
    return float(our_block(users, evaluation, read_vectors(data / "movielens_genre_means.csv")).sum())


def main() -> None:
    """Print the ratios, as a table or as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA, help="folder with movielens_genre_means.csv")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="also time the whole sweep")
    parser.add_argument("--workers", type=int, default=2, help="processes of the whole sweep")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    random.seed(1)
    vectors = read_vectors(options.data / "movielens_genre_means.csv")
    measured = measure(vectors, turns=options.turns)
    theirs = sum(m.peer_simulating + m.peer_valuing for m in measured)
    mine = sum(m.simulating + m.valuing for m in measured)
    result: dict[str, object] = {
        "ratio": theirs / mine,
        "ratio_tournaments_only": sum(m.peer_simulating for m in measured)
        / sum(m.simulating for m in measured),
        "ratio_truth_only": sum(m.peer_valuing for m in measured) / sum(m.valuing for m in measured),
        "least_ratio": min(m.ratio for m in measured),
    }
    if options.full:
        result["full_sweep_seconds"] = full_sweep(options.data, workers=options.workers)
        result["full_sweep_workers"] = options.workers
    if options.json:
        sys.stdout.write(json.dumps(result) + "\n")
        return
    print("12 cells of 50 runs      peer s (tournaments + truth)   ours s (tournaments + truth)     ratio")
    for m in measured:
        name = f"{m.users:>3} users, {m.evaluation}"
        print(
            f"{name:<20} {m.peer_simulating:>12.1f} + {m.peer_valuing:>8.1f}          "
            f"{m.simulating:>8.2f} + {m.valuing:>6.2f}        {m.ratio:>9.0f}x"
        )
    for key, value in result.items():
        print(f"{key}: {value:.1f}" if isinstance(value, float) else f"{key}: {value}")


if __name__ == "__main__":
    main()
