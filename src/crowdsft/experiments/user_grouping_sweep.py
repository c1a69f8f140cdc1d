"""The cells of experiment 3, the ways to play them, and their measured outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.grouping import GROUPINGS
from crowdsft.core.seeds import derive_seed
from crowdsft.core.weighting import WEIGHTINGS
from crowdsft.simulation import History, SimulationSettings, World, draw_world, simulate_tournament
from crowdsft.simulation.agreement import pearson, spearman
from crowdsft.simulation.estimates import decoded_estimates, ridge_estimates
from crowdsft.simulation.floor import floor_distances
from crowdsft.simulation.truth import EvaluationName, accurate_truth, kernel_shap_truth
from crowdsft.simulation.world import run_seeds

Floats = NDArray[np.float64]

USERS = (10, 25, 50, 75, 100)
GROUPS = (2, 3, 4, 5)
GROUPING_NAMES = ("random", "epsilon_greedy", "interleaved")
EVALUATION_NAMES: tuple[EvaluationName, ...] = ("l2", "l1", "dot")
START_RANGE = (0.0, 5.0)
HIGH_SPEARMAN = 0.92
ALWAYS_EXACT_UP_TO = (
    13  # contributors: KernelSHAP's 10,000 samples are all coalitions, hence the exact values
)


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One point of the sweep."""

    users: int
    groups: int
    grouping: str
    evaluation: EvaluationName


def all_cells() -> Iterator[Cell]:
    """The paper's 180 cells."""
    for users in USERS:
        for groups in GROUPS:
            for grouping in GROUPING_NAMES:
                for evaluation in EVALUATION_NAMES:
                    yield Cell(users, groups, grouping, evaluation)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one way of playing ("arm") gave in one cell; agreement is with accurate Shapley values.

    Arms: `paper` (its uneven groupings, rank points, weights by points squared), `ours` (even groupings,
    equal weights, points decoded from embeddings), `values` (the same games, points by ridge regression from
    utilities alone), `weighted` (random groups whatever the cell's grouping, exponentiated gradient with the
    floor of a tenth effective contributors, decoded points) and `free` (the same without the floor).

    Args:
        cell: Where.
        arm: Which way.
        runs: Number of runs; runs whose points are all equal have no correlation and are left out of means.
        pearson: Mean correlation with the accurate values; `pearson_deviation` its standard deviation.
        spearman, spearman_least: Mean and least rank correlation with the accurate values.
        high_share: Share of runs with a rank correlation of at least 0.92.
        kernel_pearson: Mean correlation with KernelSHAP's values, None where they were not computed.
        kernel_pearson_deviation: Standard deviation over runs.
        distance, distance_deviation: Final Euclidean distance to the expert, mean and deviation over runs.
        floor: Mean distance of the expert to the convex hull of contributors and start.
        effective: Mean effective number of contributors.
        path: Mean distance before the first round and after each.
    """

    cell: Cell
    arm: str
    runs: int
    pearson: float
    pearson_deviation: float
    spearman: float
    spearman_least: float
    high_share: float
    kernel_pearson: float | None
    kernel_pearson_deviation: float | None
    distance: float
    distance_deviation: float
    floor: float
    effective: float
    path: tuple[float, ...]

    def row(self) -> dict[str, object]:
        """A flat mapping for tables and JSON."""
        whole = asdict(self)
        return {**whole.pop("cell"), **whole}


def play_block(
    users: int, evaluation: EvaluationName, *, vectors: Floats, runs: int, seed: int, kernel_shap: bool
) -> list[Outcome]:
    """All arms of the twelve cells with these users and this evaluation.

    Shapley values depend on the expert alone, so the block's cells share them. KernelSHAP too is drawn once
    per expert: the noise of one estimate then meets several runs, which changes no expectation.
    """
    truths: dict[int, Floats] = {}
    estimates: dict[int, Floats] | None = {} if kernel_shap else None
    cells = [cell for cell in all_cells() if (cell.users, cell.evaluation) == (users, evaluation)]
    return [
        outcome
        for cell in cells
        for outcome in play_cell(
            cell, vectors=vectors, runs=runs, seed=seed, truths=truths, kernel_estimates=estimates
        )
    ]


def play_cell(
    cell: Cell,
    *,
    vectors: Floats,
    runs: int,
    seed: int,
    truths: dict[int, Floats],
    kernel_estimates: dict[int, Floats] | None,
) -> list[Outcome]:
    """All arms of one cell, in the same worlds.

    Args:
        cell: Where.
        vectors: float64[m, d], m > cell.users.
        runs: Number of runs, at least 2.
        seed: Fixes everything, together with the cell.
        truths: Accurate values float64[n] by expert, for this number of users and evaluation; missing ones
            are computed and added.
        kernel_estimates: The same for KernelSHAP's values. None: no correlation with them.
    """
    seeds = run_seeds(derive_seed(seed, "user grouping", *asdict(cell).values()), runs)
    world = draw_world(vectors, users=cell.users, seeds=seeds, start_range=START_RANGE)
    truth = accurate_truth(world, cell.evaluation, known=truths)
    floor = float(floor_distances(world).mean())
    paper = _play(cell, world, arm="paper")
    ours = _play(cell, world, arm="ours")
    kernel = None if kernel_estimates is None else _kernel_truth(cell, world, truth, kernel_estimates)
    step = SimulationSettings().step
    decoded = decoded_estimates(ours, world.targets, evaluation=cell.evaluation, step=step)
    ridge = ridge_estimates(ours, world.targets, evaluation=cell.evaluation, step=step)
    outcomes = [
        _outcome(cell, "paper", world, paper, paper.points, truth, floor, kernel),
        _outcome(cell, "ours", world, ours, decoded, truth, floor, kernel),
        _outcome(cell, "values", world, ours, ridge, truth, floor, kernel),
    ]
    for arm in ("weighted", "free"):
        played = _play(cell, world, arm=arm)
        decoded = decoded_estimates(played, world.targets, evaluation=cell.evaluation, step=step)
        outcomes.append(_outcome(cell, arm, world, played, decoded, truth, floor, kernel))
    return outcomes


def _play(cell: Cell, world: World, *, arm: str) -> History:
    grouping = cell.grouping
    if arm == "paper":
        weighting = WEIGHTINGS.make("points_squared")
        grouping = grouping if grouping == "random" else f"{grouping}_paper"
    elif arm == "ours":
        weighting = WEIGHTINGS.make("uniform")
    else:
        grouping = "random"
        share = 0.1 if arm == "weighted" else 0.0
        weighting = WEIGHTINGS.make("exponentiated_gradient", least_effective_share=share)
    settings = SimulationSettings(
        groups=cell.groups,
        grouping=GROUPINGS.make(grouping),
        evaluation=UTILITIES.make(cell.evaluation),
        weighting=weighting,
    )
    return simulate_tournament(world, settings)


def _kernel_truth(cell: Cell, world: World, truth: Floats, estimates: dict[int, Floats]) -> Floats:
    if cell.users <= ALWAYS_EXACT_UP_TO:
        return truth
    for run, expert in enumerate(world.experts.tolist()):
        if expert not in estimates:
            estimates[expert] = kernel_shap_truth(world.only(run), cell.evaluation)[0]
    return np.stack([estimates[expert] for expert in world.experts.tolist()])


def _outcome(
    cell: Cell,
    arm: str,
    world: World,
    history: History,
    points: Floats,
    truth: Floats,
    floor: float,
    kernel: Floats | None,
) -> Outcome:
    distances = history.distances(world.targets)
    linear, ranked = pearson(points, truth), spearman(points, truth)
    kernel_linear = None if kernel is None else pearson(points, kernel)
    return Outcome(
        cell=cell,
        arm=arm,
        runs=len(points),
        pearson=float(np.nanmean(linear)),
        pearson_deviation=float(np.nanstd(linear, ddof=1)),
        spearman=float(np.nanmean(ranked)),
        spearman_least=float(np.nanmin(ranked)),
        high_share=float(np.mean(ranked >= HIGH_SPEARMAN)),
        kernel_pearson=None if kernel_linear is None else float(np.nanmean(kernel_linear)),
        kernel_pearson_deviation=None if kernel_linear is None else float(np.nanstd(kernel_linear, ddof=1)),
        distance=float(distances[:, -1].mean()),
        distance_deviation=float(distances[:, -1].std(ddof=1)),
        floor=floor,
        effective=float(history.effective_contributors().mean()),
        path=tuple(np.round(distances.mean(axis=0), 4).tolist()),
    )
