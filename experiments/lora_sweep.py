"""How must a LoRA adapter be trained to come as close to an expert as full fine-tuning does?

For each emotion and seed a candidate learns from comments of that emotion and is sampled afresh; its
distance is the mean Euclidean distance of its outputs' emotion scores to the target. Every method sees each
comment equally often, and full fine-tuning's rate is tuned on the same cells as LoRA's settings. Settings are
chosen on some emotions (`tune`) and reported on others with other seeds (`confirm`), so that the figures
carry no luck of the choice.

    python experiments/lora_sweep.py tune            # a grid, about ten minutes of one core
    python experiments/lora_sweep.py confirm         # the chosen settings on fresh emotions and seeds
"""

from __future__ import annotations

import argparse
import csv
import itertools
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crowdsft.core.seeds import derive_rng, derive_seed
from crowdsft.embedding import EMBEDDINGS
from crowdsft.training import BACKENDS, Example, GroupData, TrainingOptions
from crowdsft.training.generation import generate
from crowdsft.training.models import LoadedModel, load_model
from crowdsft.world import EMOTIONS, PROMPTS, expert_comments, label_scores

TUNING_EMOTIONS = ("fear", "gratitude", "curiosity", "annoyance")
CONFIRMING_EMOTIONS = tuple(emotion for emotion in EMOTIONS if emotion not in TUNING_EMOTIONS)
NEW_TOKENS = 32


@dataclass(frozen=True, slots=True)
class Method:
    """A backend with its settings."""

    backend: str
    options: TrainingOptions

    def __str__(self) -> str:
        rate = f"rate {self.options.learning_rate:g}"
        if self.backend == "full_finetune":
            return f"full, {rate}"
        return (
            f"LoRA, rank {self.options.rank}, alpha {self.options.alpha:g}, {rate} (B {self.options.b_rate_ratio:g}x)"
            + ("" if self.options.adapt_head else ", no head")
        )


@dataclass(frozen=True, slots=True)
class Setting:
    """How much there is to learn from: different comments, and passes over them."""

    comments: int
    passes: int


@dataclass(frozen=True, slots=True)
class Cell:
    """One emotion and seed: what is learnt, and what it is measured against."""

    emotion: str
    seed: int
    comments: int

    def group(self) -> GroupData:
        rng = derive_rng("lora sweep", self.seed, self.emotion, "comments")
        texts = expert_comments(self.emotion, self.comments, rng)
        examples = [Example(PROMPTS[row % len(PROMPTS)], text) for row, text in enumerate(texts)]
        return GroupData(0, tuple(examples), derive_seed("lora sweep", self.seed, self.emotion, "training"))

    def target(self) -> np.ndarray:
        """Mean emotion scores of 400 comments, other draws than those that are learnt."""
        rng = derive_rng("lora sweep", self.seed, self.emotion, "target")
        return EMBEDDINGS.make("emotions").embed(expert_comments(self.emotion, 400, rng)).mean(axis=0)


@dataclass(frozen=True, slots=True)
class Score:
    """Mean distance of a candidate's outputs to the target, and the share that the grammar accepts."""

    distance: float
    accepted: float


def measure(base: LoadedModel, methods: Sequence[Method], cell: Cell, outputs: int) -> list[Score]:
    """The base's score, then each method's, all on the same fresh prompts with the same chance."""
    group = cell.group()
    prompts = [PROMPTS[row % len(PROMPTS)] for row in range(outputs)]
    with tempfile.TemporaryDirectory() as folder:
        adapters: list[Path | None] = [None]
        for method in methods:
            (candidate,) = BACKENDS.make(method.backend).train(
                base, [group], options=method.options, output=Path(folder)
            )
            adapters.append(candidate.adapter)
        seed = derive_seed("lora sweep", cell.seed, cell.emotion, "outputs")
        texts = generate(base, adapters, prompts=prompts, seed=seed, max_new_tokens=NEW_TOKENS)
    target = cell.target()
    embed = EMBEDDINGS.make("emotions").embed
    return [
        Score(
            float(np.linalg.norm(embed(outputs) - target, axis=1).mean()),
            float(label_scores(outputs).sum(axis=1).mean()),
        )
        for outputs in texts
    ]


def full_methods(passes: int, rates: Iterable[float]) -> list[Method]:
    return [Method("full_finetune", TrainingOptions(learning_rate=rate, passes=passes)) for rate in rates]


def lora_methods(passes: int, grid: argparse.Namespace) -> list[Method]:
    return [
        Method(
            "lora",
            TrainingOptions(
                rank=rank,
                alpha=rank * scale,
                learning_rate=rate,
                b_rate_ratio=ratio,
                adapt_head=bool(head),
                passes=passes,
            ),
        )
        for rank, scale, rate, ratio, head in itertools.product(
            grid.ranks, grid.scales, grid.rates, grid.b_ratios, grid.heads
        )
    ]


def report(
    names: Sequence[str],
    scores: np.ndarray,
    accepted: np.ndarray,
    *,
    reference: int,
    out: csv.DictWriter[str],
) -> None:
    """Print one row per method: mean and standard error over cells, and the paired difference to `reference`.

    Args:
        scores: float64[cells, methods]; distances.
        accepted: float64[cells, methods].
    """
    print("| method | distance | minus full | accepted |\n|---|---|---|---|")
    order = sorted(range(len(names)), key=lambda column: scores[:, column].mean())
    for column in order:
        difference = scores[:, column] - scores[:, reference]
        row = {
            "method": names[column],
            "distance": f"{scores[:, column].mean():.3f} ± {standard_error(scores[:, column]):.3f}",
            "minus full": f"{difference.mean():+.3f} ± {standard_error(difference):.3f}",
            "accepted": f"{accepted[:, column].mean():.2f}",
        }
        print("| " + " | ".join(row.values()) + " |")
        out.writerow(row)


def standard_error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def run(
    base: LoadedModel, methods: Sequence[Method], cells: Sequence[Cell], outputs: int
) -> tuple[np.ndarray, np.ndarray]:
    """Distances and accepted shares, float64[cells, 1 + methods] each; column 0 is the base."""
    rows = []
    for number, cell in enumerate(cells):
        rows.append(measure(base, methods, cell, outputs))
        print(f"{number + 1}/{len(cells)} {cell.emotion} seed {cell.seed}", file=sys.stderr)
    return (
        np.array([[score.distance for score in row] for row in rows]),
        np.array([[score.accepted for score in row] for row in rows]),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stage", choices=("tune", "confirm"))
    parser.add_argument("--base", default="builtin:tiny")
    parser.add_argument("--outputs", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--ranks", type=int, nargs="+", default=[8, 16, 32])
    parser.add_argument("--scales", type=float, nargs="+", default=[2], help="alpha / rank")
    parser.add_argument("--rates", type=float, nargs="+", default=[1e-3, 2e-3, 4e-3, 8e-3])
    parser.add_argument("--b-ratios", type=float, nargs="+", default=[1, 4, 16], help="rate of B / rate of A")
    parser.add_argument("--heads", type=int, nargs="+", default=[0, 1], help="1: the output head adapts too")
    parser.add_argument("--full-rates", type=float, nargs="+", default=[1e-3, 2e-3, 4e-3, 8e-3])
    parser.add_argument("--settings", nargs="+", default=["100x1", "32x3"], help="comments x passes")
    parser.add_argument("--csv", type=Path, help="also write the table here")
    arguments = parser.parse_args()
    base = load_model(arguments.base)
    emotions = TUNING_EMOTIONS if arguments.stage == "tune" else CONFIRMING_EMOTIONS
    first_seed = 0 if arguments.stage == "tune" else 1000
    with (arguments.csv or Path(os.devnull)).open("w", newline="") as sink:
        writer = csv.DictWriter(sink, ["method", "distance", "minus full", "accepted"])
        writer.writeheader()
        for text in arguments.settings:
            setting = Setting(*map(int, text.split("x")))
            full = full_methods(setting.passes, arguments.full_rates)
            lora = lora_methods(setting.passes, arguments)
            cells = [
                Cell(emotion, first_seed + seed, setting.comments)
                for emotion in emotions
                for seed in range(arguments.seeds)
            ]
            scores, accepted = run(base, full + lora, cells, arguments.outputs)
            names = ["base", *(str(method) for method in full + lora)]
            best_full = 1 + int(scores[:, 1 : 1 + len(full)].mean(axis=0).argmin())
            print(f"\n{setting.comments} comments, {setting.passes} passes, {len(cells)} cells\n")
            report(names, scores, accepted, reference=best_full, out=writer)


if __name__ == "__main__":
    main()
