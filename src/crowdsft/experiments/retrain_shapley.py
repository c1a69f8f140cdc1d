"""Does credit agree with retraining? Ten small worlds, every coalition of eight contributors retrained.

    crowdsft experiment retrain-shapley --output retrain-shapley

The truth is exact: Shapley values of the game in which a coalition is worth what training on its rows lowers the
loss on expert answers by. It is retrained twice with other random numbers, so that its own noise is known; the
mean of both is what methods are compared with. What is finished is kept in the output folder and not done again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.valuation.exact import exact_values
from crowdsft.experiments.retrain_shapley_methods import METHODS, Method
from crowdsft.experiments.retrain_shapley_truth import kept_table
from crowdsft.experiments.retrain_shapley_worlds import CONTRIBUTORS, REPORTED, World
from crowdsft.simulation.agreement import pearson, spearman
from crowdsft.training.models import LoadedModel, load_model

Floats = NDArray[np.float64]
Progress = Callable[[str], None]

TRUTH_SEEDS: Final = (1, 2)
METHOD_SEEDS: Final = (1, 2, 3)
QUICK_WORLDS: Final = 1
PAID_BY: Final = "in_run_groups"
"""What contributors would be paid by: it needs nothing but the trainings of a round's groups."""


@dataclass(frozen=True, slots=True)
class Found:
    """One method's values in one world.

    Args:
        method: Its key.
        seed: Of its trainings.
        values: Of the eight contributors.
        seconds: Processor time.
        spearman, pearson: Correlation with the truth.
    """

    method: str
    seed: int
    values: tuple[float, ...]
    seconds: float
    spearman: float
    pearson: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """One world.

    Args:
        world: Its name.
        roles: Of the eight contributors.
        truths: Shapley values by retraining, once per seed.
        found: What the methods say.
        training_seconds: Processor time of one plain training of everybody's rows.
    """

    world: str
    roles: tuple[str, ...]
    truths: tuple[tuple[float, ...], ...]
    found: tuple[Found, ...]
    training_seconds: float

    @property
    def truth(self) -> Floats:
        """float64[8]: the mean of the truths."""
        return np.asarray(np.mean(self.truths, axis=0))


def run_retrain_shapley(
    output: Path,
    *,
    quick: bool = False,
    methods: Sequence[Method] = METHODS,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """Play the worlds and write `results.json`, `credit.png` and `report.html` to `output`.

    Args:
        output: Folder to write to; made when missing. What is finished there is not done again.
        quick: One world, retrained once, methods tried once: some two minutes.
        methods: What to compare with the truth.
        progress: Told what is going on.

    Returns:
        The summary, as in `results.json`.

    Raises:
        MissingExtraError: The figure or training needs packages that are not installed.
    """
    worlds = REPORTED[:QUICK_WORLDS] if quick else REPORTED
    truth_seeds, method_seeds = (TRUTH_SEEDS[:1], METHOD_SEEDS[:1]) if quick else (TRUTH_SEEDS, METHOD_SEEDS)
    base = load_model("builtin:tiny")
    output.mkdir(parents=True, exist_ok=True)
    outcomes = []
    for world in worlds:
        truths = [
            kept_table(output / "truth", base, world, seed=seed, progress=progress) for seed in truth_seeds
        ]
        outcomes.append(_play(base, world, truths, methods, method_seeds, output / "methods", progress))
    summary = summarise(outcomes, methods) | {"quick": quick, "paid_by": PAID_BY}
    summary["worlds"] = [asdict(outcome) for outcome in outcomes]
    (output / "results.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    from crowdsft.experiments.retrain_shapley_report import write_report

    write_report(output, summary, outcomes)
    progress(f"report: {output / 'report.html'}")
    return summary


def summarise(outcomes: Sequence[Outcome], methods: Sequence[Method]) -> dict[str, Any]:
    """Per method: agreement over worlds and seeds, and cost; and how well the truth agrees with itself."""
    table = {}
    for method in methods:
        mine = [
            (found, outcome) for outcome in outcomes for found in outcome.found if found.method == method.key
        ]
        table[method.key] = {
            "words": method.words,
            "runs": len(mine),
            "trainings": method.trainings,
            "cost": float(np.median([found.seconds / outcome.training_seconds for found, outcome in mine])),
            **_figures("spearman", [found.spearman for found, _ in mine], outcomes),
            **_figures("pearson", [found.pearson for found, _ in mine], outcomes),
        }
    again = [outcome.truths for outcome in outcomes if len(outcome.truths) > 1]
    ceiling = {
        name: {"mean": float(np.mean(values)), "least": float(np.min(values))}
        for name, measure in (("spearman", spearman), ("pearson", pearson))
        if (values := [_correlation(measure, np.array(one), np.array(two)) for one, two, *_ in again])
    }
    return {"methods": table, "two_truths": ceiling}


def _figures(name: str, values: Sequence[float], outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Mean over all runs, the standard error between worlds, and the least run."""
    by_world = np.array(values).reshape(len(outcomes), -1).mean(axis=1)
    error = float(by_world.std(ddof=1) / np.sqrt(len(by_world))) if len(by_world) > 1 else 0.0
    return {
        f"{name}_mean": float(np.mean(values)),
        f"{name}_error": error,
        f"{name}_least": float(np.min(values)),
        f"{name}_least_world": float(by_world.min()),
    }


def _play(
    base: LoadedModel,
    world: World,
    tables: Sequence[Floats],
    methods: Sequence[Method],
    seeds: Sequence[int],
    folder: Path,
    progress: Progress,
) -> Outcome:
    truths = [exact_values(table, CONTRIBUTORS) for table in tables]
    truth = np.mean(truths, axis=0)
    found = []
    for method in methods:
        for seed in seeds[: method.seeds]:
            values, seconds = _kept_values(folder, base, world, method, seed)
            found.append(
                Found(
                    method.key,
                    seed,
                    tuple(values.tolist()),
                    seconds,
                    _correlation(spearman, values, truth),
                    _correlation(pearson, values, truth),
                )
            )
        progress(
            f"{world.name}: {method.words}: Spearman {found[-1].spearman:.2f}, Pearson {found[-1].pearson:.2f}"
        )
    plain = min(_kept_values(folder, base, world, PLAIN, seed)[1] for seed in METHOD_SEEDS)
    return Outcome(
        world.name,
        tuple(seat.role for seat in world.seats),
        tuple(tuple(each.tolist()) for each in truths),
        tuple(found),
        plain,
    )


def _train_everybody(base: LoadedModel, world: World, seed: int) -> Floats:
    from crowdsft.experiments.retrain_shapley_methods import EVERYBODY, train

    train(base, world, EVERYBODY, seed=seed)
    return np.zeros(CONTRIBUTORS)


PLAIN: Final = Method("plain", "One training of everybody's rows", 1, _train_everybody)


def _kept_values(
    folder: Path, base: LoadedModel, world: World, method: Method, seed: int
) -> tuple[Floats, float]:
    """A method's values and processor time, from `folder` where they are known already."""
    file = folder / f"{world.name.replace(' ', '-')}-{method.key}-seed{seed}.json"
    if file.exists():
        kept = json.loads(file.read_text(encoding="utf-8"))
        return np.array(kept["values"]), float(kept["seconds"])
    began = time.process_time()
    values = method.values(base, world, seed)
    seconds = time.process_time() - began
    folder.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps({"values": values.tolist(), "seconds": seconds}), encoding="utf-8")
    partial.replace(file)
    return values, seconds


def _correlation(measure: Callable[[Floats, Floats], Any], one: Floats, other: Floats) -> float:
    return float(np.squeeze(measure(one[None], other[None])))
