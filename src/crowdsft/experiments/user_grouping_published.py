"""The paper's published sweep, and how near a repetition comes to it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crowdsft.core.errors import InputError
from crowdsft.experiments.user_grouping_sweep import Cell, Outcome
from crowdsft.simulation.truth import EvaluationName

PUBLISHED_RUNS = 50
_EVALUATIONS: dict[str, EvaluationName] = {"l2_norm": "l2", "l1_norm": "l1", "dot_product": "dot"}


@dataclass(frozen=True, slots=True)
class Published:
    """Means over 50 runs, as published: correlation with KernelSHAP's values, final Euclidean distance."""

    pearson: float
    distance: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One cell, repeated: differences in standard errors of the difference (None: not compared)."""

    cell: Cell
    published: Published
    outcome: Outcome
    pearson_errors: float | None
    distance_errors: float

    @property
    def largest(self) -> float:
        """The larger of the two, without sign."""
        return max(abs(self.pearson_errors or 0.0), abs(self.distance_errors))


def read_published(path: Path) -> dict[Cell, Published]:
    """The published means by cell.

    Raises:
        InputError: when the file is missing or not in the published form.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return {
                Cell(
                    int(row["num_users"]),
                    int(row["num_groups"]),
                    row["grouping"],
                    _EVALUATIONS[row["evaluation"]],
                ): Published(float(row["pearson"]), float(row["final_distance"]))
                for row in csv.DictReader(file)
            }
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"cannot read the published sweep from {path}: {error!r}. Expected a CSV file with the columns "
            "grouping, evaluation, num_users, num_groups, pearson, final_distance."
        ) from error


def compare(published: dict[Cell, Published], outcomes: list[Outcome]) -> list[Comparison]:
    """Every published cell that was repeated in the paper's way.

    The published runs' deviations are not known; ours, of the same process, stand in for them. Correlations
    are compared where KernelSHAP's values were computed, since the published ones are with those.
    """
    comparisons = []
    for outcome in outcomes:
        if outcome.arm != "paper" or outcome.cell not in published:
            continue
        expected = published[outcome.cell]
        per_deviation = 1 / np.sqrt(1 / PUBLISHED_RUNS + 1 / outcome.runs)
        pearson_errors = None
        if outcome.kernel_pearson is not None and outcome.kernel_pearson_deviation:
            difference = outcome.kernel_pearson - expected.pearson
            pearson_errors = float(difference / outcome.kernel_pearson_deviation * per_deviation)
        difference = outcome.distance - expected.distance
        distance_errors = float(difference / outcome.distance_deviation * per_deviation)
        comparisons.append(Comparison(outcome.cell, expected, outcome, pearson_errors, distance_errors))
    return comparisons
