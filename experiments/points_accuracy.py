"""How well points from estimates agree with accurate Shapley values, with and without noise.

    python experiments/points_accuracy.py --quick
    python experiments/points_accuracy.py --runs 10 --noise 0 0.5 1 2 --output points-accuracy
    python experiments/points_accuracy.py --runs 3 --estimator balances --output points-accuracy
    python experiments/points_accuracy.py --runs 20 --noise 0 0.5 --seed 7200 --rounds-needed --output points-accuracy

Plays the vector world of experiment 3 (100 rounds, step 0.1, 10 to 100 contributors in 2 to 5 groups, three
evaluations: 60 cells) and asks each policy once, at the end, what contributors are worth. Noise is the standard
deviation of a measured embedding in units of the spread between random groups. The bound is the best linear
estimator of contributors' vectors, told the true variances of contributors and noise, on the same measurements,
with the Shapley values of what it estimates: no estimator that is linear in the measurements does better on the
vectors. Every cell is kept in a file of its own, so a broken-off sweep goes on where it was.

`--rounds-needed` asks after every few rounds instead: how wide the 95 % intervals of Shapley values are before and
after contributors can be told apart, and how often they hold the truth.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.accounting.crowd import gather
from crowdsft.core.accounting.due import Worth
from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.evidence import RoundRecord
from crowdsft.core.grouping import GROUPINGS
from crowdsft.core.rewards import BoundUtility, DecodedShapley, RidgeHistory
from crowdsft.core.seeds import derive_rng
from crowdsft.core.valuation import centroid_truth_batch
from crowdsft.experiments.drawing import MUTED, OURS, TITLE, VALUES, png, subplots
from crowdsft.simulation import History, SimulationSettings, World, draw_world, simulate_tournament
from crowdsft.simulation.agreement import spearman
from crowdsft.simulation.estimates import compositions
from crowdsft.simulation.ledger import ledger_balances
from crowdsft.simulation.truth import EvaluationName, accurate_truth
from crowdsft.simulation.vectors import read_vectors
from crowdsft.simulation.world import run_seeds

Floats = NDArray[np.float64]
Policy = DecodedShapley | RidgeHistory

DATA = Path(os.environ.get("CROWDSFT_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared/data"))
EVALUATIONS: tuple[EvaluationName, ...] = ("l2", "l1", "dot")
CONTRIBUTORS, GROUPS = (10, 25, 50, 75, 100), (2, 3, 4, 5)
ROUNDS, STEP = 100, 0.1
POLICIES: Mapping[str, Policy] = {
    "decoded": DecodedShapley(step=STEP, cluster_radius=0.0),
    "values": RidgeHistory(step=STEP),
}
BALANCES = "balances"  # of the policy "decoded"; with settlements, which take more time than estimates
SETTLED_EVERY = 10  # rounds
GOAL = 0.92


@dataclass(frozen=True, slots=True)
class Cell:
    """One setting of the sweep."""

    contributors: int
    groups: int
    evaluation: EvaluationName
    noise: float
    grouping: str
    runs: int
    seed: int

    @property
    def name(self) -> str:
        """Of the file in which the cell is kept."""
        world = f"{self.contributors}-{self.groups}-{self.evaluation}-{self.grouping}"
        return f"{world}-noise{self.noise:g}-runs{self.runs}-seed{self.seed}"


def play(cell: Cell, vectors: Floats, *, rounds: int = ROUNDS) -> tuple[World, History]:
    """The cell's tournaments."""
    world = draw_world(vectors, users=cell.contributors, seeds=run_seeds(cell.seed, cell.runs))
    settings = SimulationSettings(
        groups=cell.groups,
        rounds=rounds,
        grouping=GROUPINGS.make(cell.grouping),
        evaluation=UTILITIES.make(cell.evaluation),
        step=STEP,
        noise=cell.noise,
    )
    return world, simulate_tournament(world, settings)


def agreement(cell: Cell, vectors: Floats, policies: Sequence[str]) -> dict[str, list[float]]:
    """Spearman with accurate values, one per run, of each policy's estimates and, under noise, of the bound."""
    world, history = play(cell, vectors)
    truth = accurate_truth(world, cell.evaluation)
    found = {name: np.empty_like(truth) for name in policies if name != BALANCES}
    for run in range(cell.runs):
        records = history.records(run)
        for name in found:
            utility = BoundUtility(UTILITIES.make(cell.evaluation), world.targets[run])
            found[name][run] = worth_after(records, POLICIES[name], utility).values
    if cell.noise:
        found["bound"] = best_linear(world, history, cell)
    agreements = {name: spearman(estimates, truth).tolist() for name, estimates in found.items()}
    return agreements | (agreement_of_balances(cell, world, history, truth) if BALANCES in policies else {})


def agreement_of_balances(
    cell: Cell, world: World, history: History, truth: Floats
) -> dict[str, list[float]]:
    """Spearman of what is paid in the end with accurate values and with those clipped at 0, and what limits it.

    The limit is what perfect points reach against unclipped values: nobody is ever paid less than nothing.
    """
    paid = [
        ledger_balances(
            history,
            run,
            POLICIES["decoded"],
            evaluation=UTILITIES.make(cell.evaluation),
            target=world.targets[run],
            seed=cell.seed,
            every=SETTLED_EVERY,
        )
        for run in range(cell.runs)
    ]
    clipped = np.maximum(truth, 0.0)
    return {
        BALANCES: spearman(np.array(paid), clipped).tolist(),
        "balances, unclipped truth": spearman(np.array(paid), truth).tolist(),
        "limit by clipping": spearman(clipped, truth).tolist(),
    }


def worth_after(records: Sequence[RoundRecord], policy: Policy, utility: BoundUtility) -> Worth:
    """What the policy takes everybody to be worth after these rounds; the centroid game."""
    crowd = gather(records)
    everybody = np.arange(len(crowd))
    return policy.appraise(records, crowd, utility=utility).worths(0, everybody, everybody)[0]


def best_linear(world: World, history: History, cell: Cell) -> Floats:
    """float64[R, n]: Shapley values of the vectors that the best linear estimator finds.

    Contributors' vectors vary around a free mean with their true covariance, measurements around what they
    are made of with `noise` squared times a group's share of it; the start is free. All covariances are
    multiples of one, so one number, the ratio of the two, is all that the estimator has to be told.
    """
    made_of = compositions(history, step=STEP)
    measured = np.concatenate([history.embeddings, history.base_embeddings[:, :, None, :]], axis=2)
    ratio = (cell.noise * STEP) ** 2 * (1 - 1 / cell.groups) * cell.groups / cell.contributors
    decoded = np.stack(
        [
            _predicted(mixture, outcome, ratio)
            for mixture, outcome in zip(made_of, measured.reshape(*made_of.shape[:2], -1), strict=True)
        ]
    )
    chance = derive_rng("bound", cell.evaluation)
    return centroid_truth_batch(decoded, world.targets, evaluation=cell.evaluation, rng=chance)[0]


def _predicted(made_of: Floats, outcomes: Floats, ratio: float) -> Floats:
    """float64[n, d]: best linear unbiased prediction; made_of float64[K, n + 1], outcomes float64[K, d]."""
    people = made_of[:, :-1]
    free = np.column_stack([people.sum(axis=1), made_of[:, -1]])
    covariance = people @ people.T + ratio * np.eye(len(people))
    weighed = np.linalg.solve(covariance, np.hstack([free, outcomes]))
    weighed_free, weighed_outcomes = weighed[:, :2], weighed[:, 2:]
    common = np.linalg.solve(free.T @ weighed_free, free.T @ weighed_outcomes)
    return np.asarray(common[0] + people.T @ (weighed_outcomes - weighed_free @ common))


def rounds_needed(
    vectors: Floats, *, contributors: int, groups: int, noise: float, runs: int, seed: int
) -> Iterator[dict[str, Any]]:
    """Width and coverage of 95 % intervals after more and more rounds, as rows of a table.

    Widths are medians, in units of the spread (standard deviation) of the true values; coverage is the share of
    contributors whose difference from the mean lies in its interval.
    """
    cell = Cell(contributors, groups, "l2", noise, "random", runs, seed)
    least = (contributors - 1) / (groups - 1)
    stops = sorted({max(2, round(least * part)) for part in (0.25, 0.5, 0.75, 0.9, 1.1, 1.5, 2, 4)})
    world, history = play(cell, vectors, rounds=stops[-1])
    truth = accurate_truth(world, "l2")
    truth = truth - truth.mean(axis=1, keepdims=True)
    for stop, (name, policy) in product(stops, POLICIES.items()):
        widths, inside, agreements = [], [], []
        for run in range(runs):
            utility = BoundUtility(UTILITIES.make("l2"), world.targets[run])
            worth = worth_after(history.records(run)[:stop], policy, utility)
            off = np.abs(worth.values - worth.values.mean() - truth[run])
            widths.append(2 * 1.96 * worth.errors / truth[run].std())
            inside.append(off <= 1.96 * worth.errors)
            agreements.append(float(spearman(worth.values[None], truth[run][None])[0]))
        yield {
            "policy": name,
            "noise": noise,
            "rounds": stop,
            "of_rounds_needed": stop / least,
            "width": float(np.median(widths)),
            "coverage": float(np.mean(inside)),
            "spearman": float(np.mean(agreements)),
        }


def draw_rounds_needed(rows: Sequence[Mapping[str, Any]], file: Path) -> None:
    """Width, coverage and agreement over rounds, in units of the rounds that are needed; one line per policy and noise.

    Raises:
        MissingExtraError: when matplotlib is not installed.
    """
    figure, [panels] = subplots(1, 3, 10, 4.3)
    lines = {"decoded": (OURS, "decoded"), "values": (VALUES, "from values")}
    for noise, (name, (colour, words)) in product(sorted({row["noise"] for row in rows}), lines.items()):
        mine = [row for row in rows if (row["policy"], row["noise"]) == (name, noise)]
        at = [row["of_rounds_needed"] for row in mine]
        label = words + (f", noise {noise:g}" if noise else "")
        for panel, what in zip(panels, ("width", "coverage", "spearman"), strict=True):
            panel.plot(
                at,
                [row[what] for row in mine],
                color=colour,
                ls="--" if noise else "-",
                marker="o",
                ms=3.5,
                label=label,
            )
    titles = (
        "width of 95 % intervals,\nspreads of the true values",
        "share of true values\nin their intervals",
    )
    for panel, title in zip(panels, (*titles, "Spearman with\nthe true values"), strict=True):
        panel.axvline(1, color=MUTED, lw=0.9, ls=(0, (3, 3)))
        panel.set_title(title, pad=8)
        panel.set_xlim(0, None)
        panel.set_ylim(0, None)
    panels[1].axhline(0.95, color=MUTED, lw=0.9)
    panels[1].set_ylim(0.5, 1.01)
    panels[1].set_xlabel("rounds, as a multiple of (n - 1)/(G - 1)")
    figure.subplots_adjust(left=0.05, right=0.985, top=0.68, bottom=0.13, wspace=0.2)
    figure.text(0.035, 0.94, "Before contributors can be told apart, intervals are wide, and hold", **TITLE)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="center left", bbox_to_anchor=(0.03, 0.865), ncol=4, frameon=False, labelcolor=MUTED,
        fontsize=9.5, borderpad=0, handletextpad=0.5,
    )  # fmt: skip
    file.write_bytes(base64.b64decode(png(figure)))


def summarise(cells: Mapping[Cell, Mapping[str, Sequence[float]]]) -> list[dict[str, Any]]:
    """One row per noise, grouping and estimator: over cells, of the means over runs."""
    rows = []
    kinds = dict.fromkeys(
        (cell.noise, cell.grouping, name) for cell, found in cells.items() for name in found
    )
    for noise, grouping, name in kinds:
        mine = {
            cell: found
            for cell, found in cells.items()
            if (cell.noise, cell.grouping) == (noise, grouping) and name in found
        }
        means = np.array([np.mean(found[name]) for found in mine.values()])
        errors = [np.std(found[name], ddof=1) / np.sqrt(len(found[name])) for found in mine.values()]
        bounds = [np.mean(found["bound"]) for found in mine.values() if "bound" in found]
        rows.append(
            {
                "noise": noise,
                "grouping": grouping,
                "estimator": name,
                "cells": len(mine),
                "runs": min(len(found[name]) for found in mine.values()),
                "mean": float(means.mean()),
                "standard_error": float(np.sqrt(np.mean(np.square(errors)) / len(means))),
                "worst_cell": float(means.min()),
                "worst": next(
                    cell.name for cell, mean in zip(mine, means, strict=True) if mean == means.min()
                ),
                "cells_below_goal": int((means < GOAL).sum()),
                "of_bound": float(np.mean(means / bounds)) if bounds else None,
                "by_evaluation": {
                    evaluation: float(
                        np.mean([m for c, m in zip(mine, means, strict=True) if c.evaluation == evaluation])
                    )
                    for evaluation in dict.fromkeys(cell.evaluation for cell in mine)
                },
            }
        )
    return rows


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--output", type=Path, default=Path("points-accuracy"))
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=7100)
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0])
    parser.add_argument("--grouping", nargs="+", default=["random"])
    parser.add_argument("--estimator", nargs="+", choices=[*POLICIES, BALANCES], default=list(POLICIES))
    parser.add_argument("--contributors", type=int, nargs="+", default=list(CONTRIBUTORS))
    parser.add_argument("--rounds-needed", action="store_true", help="intervals against rounds instead")
    parser.add_argument("--quick", action="store_true", help="10 and 25 contributors, 3 runs: a minute")
    options = parser.parse_args()
    if options.quick:
        options.contributors, options.runs, options.noise = [10, 25], 3, [0.0, 1.0]
    vectors = read_vectors(options.data / "movielens_genre_means.csv")
    options.output.mkdir(parents=True, exist_ok=True)
    if options.rounds_needed:
        rows = [
            row
            for noise in options.noise
            for row in rounds_needed(
                vectors, contributors=50, groups=4, noise=noise, runs=options.runs, seed=options.seed
            )
        ]
        file = options.output / "rounds_needed.json"
        draw_rounds_needed(rows, file.with_suffix(".png"))
    else:
        rows = summarise(_sweep(options, vectors))
        file = options.output / "results.json"
    file.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    for row in rows:
        print(json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()}))


def _sweep(options: argparse.Namespace, vectors: Floats) -> dict[Cell, dict[str, list[float]]]:
    cells: dict[Cell, dict[str, list[float]]] = {}
    for noise, grouping, contributors, evaluation, groups in product(
        options.noise, options.grouping, options.contributors, EVALUATIONS, GROUPS
    ):
        cell = Cell(contributors, groups, evaluation, noise, grouping, options.runs, options.seed)
        file = options.output / "cells" / f"{cell.name}.json"
        found = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        missing = [name for name in options.estimator if name not in found]
        if missing:
            found |= agreement(cell, vectors, missing)
            file.parent.mkdir(exist_ok=True)
            partial = file.with_suffix(".partial")
            partial.write_text(json.dumps(found), encoding="utf-8")
            partial.replace(file)
        cells[cell] = found
    return cells


if __name__ == "__main__":
    main()
