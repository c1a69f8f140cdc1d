"""What the rows of the emotions experiment say: means with standard errors, and each claim with its control."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

Row = Mapping[str, Any]

METRICS: Final = ("distance", "label_distance")
OTHERS: Final = ("unreadable", "copied", "distinct", "training_passes", "passes_with_generation", "on_target")
CLAIMS: Final[tuple[tuple[str, str, str], ...]] = (
    ("heterogeneous", "values", "pooled_equal"),
    ("heterogeneous", "values", "pooled_values"),
    ("heterogeneous", "values", "random_chain"),
    ("heterogeneous", "values", "paper"),
    ("heterogeneous", "values", "oracle"),
    ("heterogeneous", "learnt_weights", "pooled_equal"),
    ("heterogeneous", "learnt_weights", "pooled_learnt_weights"),
    ("heterogeneous", "learnt_weights", "random_chain"),
    ("heterogeneous", "experts", "pooled_equal"),
    ("heterogeneous", "experts_alone", "pooled_equal"),
    ("heterogeneous", "pooled_experts", "pooled_equal"),
    ("heterogeneous", "experts", "pooled_experts"),
    ("heterogeneous", "experts", "experts_alone"),
    ("heterogeneous", "pooled_experts", "experts_alone"),
    ("heterogeneous", "filter", "pooled_equal"),
    ("heterogeneous", "filter", "pooled_filter"),
    ("heterogeneous", "filter", "experts_alone"),
    ("heterogeneous", "oracle", "pooled_equal"),
    ("heterogeneous", "sequential", "pooled_equal"),
    ("heterogeneous", "paper", "pooled_equal"),
    ("heterogeneous", "paper", "random_chain"),
    ("heterogeneous", "random_chain", "pooled_equal"),
    ("homogeneous", "values", "pooled_equal"),
    ("homogeneous", "values", "pooled_values"),
    ("homogeneous", "values", "random_chain"),
    ("homogeneous", "experts", "pooled_equal"),
    ("homogeneous", "experts", "random_chain"),
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over cells and its standard error, which treats the emotions as what was sampled."""

    mean: float
    standard_error: float
    cells: int


@dataclass(frozen=True, slots=True)
class Claim:
    """An arm against a control in the same cells.

    Args:
        crowd, arm, control, rounds, metric: What is compared.
        cells: In how many cells both were played.
        arm_mean, control_mean: Means of the metric.
        reduction: 1 - arm / control, of those means.
        difference, standard_error: Control minus arm, paired: positive when the arm is nearer.
    """

    crowd: str
    arm: str
    control: str
    rounds: int
    metric: str
    cells: int
    arm_mean: float
    control_mean: float
    reduction: float
    difference: float
    standard_error: float

    @property
    def errors(self) -> float:
        """The difference in standard errors."""
        return self.difference / self.standard_error if self.standard_error > 0 else math.nan


def flat_rows(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """One row for each arm, cell and number of rounds."""
    found = []
    for row in rows:
        where = {name: row[name] for name in ("crowd", "emotion", "seed")}
        found += [{**where, **state} for state in row["states"]]
    return found


def summarise(rows: Sequence[Row]) -> dict[str, Any]:
    """Tables of arms and claims, as plain values.

    Args:
        rows: As in `rows.jsonl`.
    """
    flat = flat_rows(rows)
    crowds = dict.fromkeys(row["crowd"] for row in flat)
    arms = {
        crowd: {
            arm: {
                str(rounds): _arm([row for row in of_arm if row["rounds"] == rounds])
                for rounds in sorted({row["rounds"] for row in of_arm})
            }
            for arm in dict.fromkeys(row["arm"] for row in flat if row["crowd"] == crowd)
            if (of_arm := [row for row in flat if (row["crowd"], row["arm"]) == (crowd, arm)])
        }
        for crowd in crowds
    }
    claims = [
        {**asdict(claim), "errors": _plain(claim.errors), "standard_error": _plain(claim.standard_error)}
        for claim in all_claims(flat)
    ]
    return {"arms": arms, "claims": claims}


def all_claims(flat: Sequence[Row]) -> list[Claim]:
    """Every claim for which there are cells, after every number of rounds and by both scorers."""
    found = []
    for crowd, arm, control in CLAIMS:
        for rounds in sorted({row["rounds"] for row in flat}):
            for metric in METRICS:
                claim = compare(flat, crowd, arm, control, rounds=rounds, metric=metric)
                if claim is not None:
                    found.append(claim)
    return found


def compare(
    flat: Sequence[Row], crowd: str, arm: str, control: str, *, rounds: int, metric: str = "distance"
) -> Claim | None:
    """One claim, or None when no cell has both."""

    def of(name: str) -> dict[tuple[str, int], float]:
        return {
            (row["emotion"], row["seed"]): row[metric]
            for row in flat
            if (row["crowd"], row["arm"], row["rounds"]) == (crowd, name, rounds)
        }

    mine, theirs = of(arm), of(control)
    both = sorted(mine.keys() & theirs.keys())
    if not both:
        return None
    differences = estimate({cell: theirs[cell] - mine[cell] for cell in both})
    arm_mean = float(np.mean([mine[cell] for cell in both]))
    control_mean = float(np.mean([theirs[cell] for cell in both]))
    return Claim(
        crowd,
        arm,
        control,
        rounds,
        metric,
        len(both),
        arm_mean,
        control_mean,
        1 - arm_mean / control_mean,
        differences.mean,
        differences.standard_error,
    )


def estimate(values: Mapping[tuple[str, int], float]) -> Estimate:
    """Mean over cells (emotion, seed); the error is that of the emotions' means, NaN for one emotion."""
    by_emotion: dict[str, list[float]] = {}
    for (emotion, _), value in values.items():
        by_emotion.setdefault(emotion, []).append(value)
    means = np.array([np.mean(found) for found in by_emotion.values()])
    error = float(means.std(ddof=1) / np.sqrt(len(means))) if len(means) > 1 else math.nan
    return Estimate(float(np.mean(list(values.values()))), error, len(values))


def _arm(rows: Sequence[Row]) -> dict[str, Any]:
    found: dict[str, Any] = {"cells": len(rows)}
    for metric in METRICS:
        one = estimate({(row["emotion"], row["seed"]): row[metric] for row in rows})
        found[metric], found[f"{metric}_error"] = one.mean, _plain(one.standard_error)
    for name in OTHERS:
        known = [row[name] for row in rows if row[name] is not None]
        found[name] = float(np.mean(known)) if known else None
    return found


def _plain(value: float) -> float | None:
    """For JSON, which has no NaN."""
    return value if math.isfinite(value) else None
