"""How far a linear model of the utility can be trusted where the utility bends.

    python experiments/linear_points.py

The world of the paper's third experiment: contributors are MovieLens users, a candidate goes a step of 0.1 from the
model to the mean of its group's vectors, the best candidate becomes the next model if it is better. Groups
are random. Noise is added to each candidate's value, in units of the standard deviation between a round's
candidates. Printed are means over seeds of the Spearman correlation of `linear_history`'s estimates with accurate
Shapley values, and of how often its 95 % intervals hold them (both less their means).
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from crowdsft.core.accounting.crowd import gather
from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.evidence import RoundRecord
from crowdsft.core.rewards.linear_history import LinearHistory
from crowdsft.core.valuation import centroid_truth

Floats = NDArray[np.float64]
DATA = Path(os.environ.get("CROWDSFT_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared/data"))
STEP = 0.1


def play(
    vectors: Floats, target: Floats, *, evaluation: str, groups: int, rounds: int, noise: float, seed: int
) -> list[RoundRecord]:
    """The records of one campaign. vectors: float64[n, d]."""
    rng = np.random.default_rng(seed)
    utility = UTILITIES.make(evaluation)
    names = tuple(f"c{number:03}" for number in range(len(vectors)))
    model, records = rng.uniform(0, 5, vectors.shape[1]), []
    for number in range(1, rounds + 1):
        weights = (rng.permutation(len(vectors)) % groups == np.arange(groups)[:, None]).astype(float)
        weights /= weights.sum(axis=1, keepdims=True)
        candidates = (1 - STEP) * model + STEP * weights @ vectors
        exact = utility.utility(candidates, target)
        values = exact + noise * exact.std() * rng.normal(size=groups)
        base = float(utility.utility(model[None], target)[0])
        winner = int(np.argmax(values)) if values.max() > base else None
        records.append(RoundRecord(number, names, weights, base, values, winner, winner is not None))
        model = model if winner is None else candidates[winner]
    return records


def measure(ratings: Floats, *, evaluation: str, noise: float, seed: int, people: int) -> tuple[float, float]:
    """Spearman correlation and coverage in one campaign of 100 rounds of 5 groups."""
    rows = ratings[np.random.default_rng(seed).permutation(len(ratings))[: people + 1]]
    vectors, target = rows[:people], rows[people]
    records = play(vectors, target, evaluation=evaluation, groups=5, rounds=100, noise=noise, seed=seed)
    appraisal = LinearHistory(step=STEP).appraise(records, gather(records), utility=None)
    everybody = np.arange(people)
    worth = appraisal.worths(0, everybody, everybody)[0]
    truth = centroid_truth(
        vectors, target, evaluation=evaluation, rng=np.random.default_rng(seed)
    ).values  # fmt: skip
    off = worth.values - worth.values.mean() - (truth - truth.mean())
    return float(spearmanr(worth.values, truth)[0]), float((np.abs(off) <= 1.96 * worth.errors).mean())


def main() -> None:
    """Print one line per evaluation and noise."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--noise", nargs="*", type=float, default=[0.0, 0.5, 1.0, 2.0])
    options = parser.parse_args()
    ratings = np.genfromtxt(DATA / "movielens_genre_means.csv", delimiter=",", skip_header=1)[:, 1:]
    for evaluation in ("l2", "l1", "dot"):
        for noise in options.noise:
            found = np.array(
                [
                    measure(ratings, evaluation=evaluation, noise=noise, seed=seed, people=options.people)
                    for seed in range(options.first_seed, options.first_seed + options.seeds)
                ]
            )
            (r, held), (r_error, held_error) = found.mean(axis=0), found.std(axis=0) / np.sqrt(len(found))
            print(
                f"{evaluation:4s} noise {noise:.1f}: Spearman {r:.3f} +- {r_error:.3f}, "
                f"intervals hold {held:.3f} +- {held_error:.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
