"""Parts of the emotions experiment's tournaments taken away, on its development cells (not the final ones).

    python experiments/emotions_ablations.py selection    # who is chosen: the best, one by lot, always the mean
    python experiments/emotions_ablations.py examples      # how many expert examples make the crowd superfluous
    python experiments/emotions_ablations.py selection 3   # in the first three cells only
    python experiments/emotions_ablations.py who           # how well each way of learning tells experts from others

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
from numpy.typing import NDArray

from crowdsft.core.weighting import ExponentiatedGradient
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
    tournament = partial(emotions_tournaments.values_tournament, control=False)
    for name, bench in (("best", Bench), ("by lot", Blind), ("always the mean", AlwaysMean)):
        _report(name, tournament, bench)


def examples() -> None:
    """Fewer expert examples: alone, and with the crowd's filtered comments in one training."""
    for count in (10, 25):
        _report(f"{count} examples", partial(_few, count=count), Bench, count=count)


def who() -> None:
    """Chance that an expert is ranked above somebody who is none: shares after round 1, weights after 1 to 6."""
    base = load_model(emotions.BASE)
    of_singles, of_weights = [], []
    for key in CELLS:
        cell = make_cell(key, rounds=ROUNDS)
        experts = np.isin(np.arange(len(cell.crowd)), cell.of_kind("expert"))
        recorded = Recorded(emotions_tournaments.LEARNING)
        with tempfile.TemporaryDirectory() as folder:
            shares, _ = emotions_tournaments._first_round(Bench(base, cell, Path(folder)))
            emotions_tournaments.LEARNING = recorded  # type: ignore[assignment,misc]
            emotions_tournaments.learnt_weights(Bench(base, cell, Path(folder)), (ROUNDS,), control=False)
            emotions_tournaments.LEARNING = recorded.inner  # type: ignore[misc]
        of_singles.append(_above(shares, experts))
        of_weights.append([_above(weights, experts) for weights in recorded.found[1:]])
    sys.stdout.write(f"groups of one, round 1: {np.mean(of_singles):.3f}\n")
    words = "  ".join(f"{mean:.3f}" for mean in np.mean(of_weights, axis=0))
    sys.stdout.write(f"learnt weights after rounds 1 to {ROUNDS}: {words}\n")


@dataclasses.dataclass
class Recorded:
    """A weighting that keeps what it has answered: one answer before each round, one after the last."""

    inner: ExponentiatedGradient
    found: list[Floats] = dataclasses.field(default_factory=list)

    def weights(self, points: Floats, merit: Floats) -> Floats:
        """As the inner one."""
        answer = self.inner.weights(points, merit)
        self.found.append(answer[0])
        return answer


def _above(scores: Floats, experts: NDArray[np.bool_]) -> float:
    differences = scores[experts][:, None] - scores[~experts]
    return float(np.mean((differences > 0) + 0.5 * (differences == 0)))


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
    CELLS = CELLS[: int(sys.argv[2])] if len(sys.argv) > 2 else CELLS
    {"selection": selection, "examples": examples, "who": who}[sys.argv[1]]()
