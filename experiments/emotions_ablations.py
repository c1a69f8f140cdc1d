"""Parts of the emotions experiment's tournaments taken away, on its development cells (not the final ones).

    python experiments/emotions_ablations.py selection    # who is chosen: the best, one by lot, always the mean
    python experiments/emotions_ablations.py examples      # how many expert examples make the crowd superfluous

Figures are in LOG.md.
"""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from crowdsft.experiments import emotions, emotions_arms, emotions_tournaments
from crowdsft.experiments.emotions_bench import Bench, Stack
from crowdsft.experiments.emotions_cell import Cell, Floats, Key, make_cell
from crowdsft.training.models import load_model

ROUNDS = 6
CELLS = [Key("heterogeneous", name, seed) for seed in (100, 101) for name in emotions.DEVELOPMENT_EMOTIONS]


class Blind(Bench):
    """A bench on which choosing among candidates sees nothing but chance, or always takes the last one.

    The first round's twelve candidates of one contributor are measured as ever: they tell who helps.
    """

    takes_last = False

    def distances(
        self, base: Stack, candidates: Sequence[Stack], count: int, *purpose: int | str, common: bool = True
    ) -> Floats:
        """Distances that make the choice blind."""
        if purpose[0] == "singles":
            return super().distances(base, candidates, count, *purpose, common=common)
        order = (
            np.arange(len(candidates))[::-1] if self.takes_last else self._by_lot(len(candidates), purpose)
        )
        return np.repeat(order[:, None].astype(np.float64), count, axis=1)

    def _by_lot(self, count: int, purpose: Sequence[int | str]) -> Floats:
        order = self.cell.key.rng_for("lot", *purpose).permutation(count - 1).astype(np.float64)
        return np.append(order, count)  # one of the candidates, never their mean


class AlwaysMean(Blind):
    """Always takes the candidates' mean."""

    takes_last = True


def selection() -> None:
    """The values-only tournament with and without choosing among a round's candidates."""
    tournament = partial(emotions_tournaments.values_tournament, control=True)
    for name, bench in (("best", Bench), ("by lot", Blind), ("always the mean", AlwaysMean)):
        _report(name, tournament, bench)


def examples() -> None:
    """Fewer expert examples: alone, and with the crowd's filtered comments in one training."""
    for count in (10, 25):
        _report(f"{count} examples", partial(_few, count=count), Bench, count=count)


def _few(bench: Bench, reported: Sequence[int], *, count: int) -> list[emotions_arms.State]:
    tournament = emotions_tournaments.expert_tournament(
        bench, reported, arm="experts", with_examples=True, control=True
    )
    weights = np.ones(count)
    texts = bench.cell.expert_examples
    return [
        *tournament,
        *(
            emotions_arms.trained_at_once(
                bench, f"alone, {passes} passes", texts, weights, rounds=ROUNDS, passes=passes
            )
            for passes in (96, 3 * count, ROUNDS * emotions_arms.ROUND_PASSES)
        ),
    ]


def _report(
    name: str,
    play: Callable[[Bench, Sequence[int]], list[emotions_arms.State]],
    kind: type[Bench],
    count: int = 100,
) -> None:
    base = load_model(emotions.BASE)
    found: dict[str, list[tuple[float, float, float]]] = {}
    for key in CELLS:
        whole = make_cell(key, rounds=ROUNDS)
        cell: Cell = dataclasses.replace(whole, expert_examples=whole.expert_examples[:count])
        with tempfile.TemporaryDirectory() as folder:
            for state in play(kind(base, cell, Path(folder)), (ROUNDS,)):
                one = state.measured
                found.setdefault(state.arm, []).append((one.distance, one.label_distance, one.copied))
    for arm, rows in found.items():
        means, errors = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1) / len(rows) ** 0.5
        words = "  ".join(f"{mean:.3f} ± {error:.3f}" for mean, error in zip(means, errors, strict=True))
        sys.stdout.write(f"{name:18} {arm:20} embedding, labels, copied: {words}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    {"selection": selection, "examples": examples}[sys.argv[1]]()
