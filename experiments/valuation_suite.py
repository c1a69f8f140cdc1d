"""Accuracy and coverage of valuation methods on games with known Shapley values.

    python experiments/valuation_suite.py --part tuned --seeds 3
    python experiments/valuation_suite.py --part unseen --seeds 3 --out unseen.json

Games of the part `tuned` were looked at while `auto` was made; those of `unseen` were run for the first
time when it was finished. Errors are centred and relative: |a - b| / |b|, both less their mean. Peers:
shapiq's permutation sampling, KernelSHAP, SVARM and stratified sampling, and a regression-adjusted
estimator (Witter et al., 2025: boosted trees, then a Horvitz-Thompson correction of their residuals).
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.seeds import derive_rng, derive_seed
from crowdsft.core.valuation import METHODS, value_game
from crowdsft.core.valuation import games as solved
from crowdsft.core.valuation.games import SolvedGame

Floats = NDArray[np.float64]

ROUNDING = 1e-9
DATA = Path(os.environ.get("CROWDSFT_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared/data"))

TUNED = (
    "additive", "airport", "centroid_l1", "centroid_l2", "coverage", "glove", "graph", "knn",
    "saturating", "unanimity", "voting",
)  # fmt: skip
UNSEEN = (
    "bankruptcy", "big_unanimity", "centroid_dot", "cut", "gaussian_centroid", "knn_one", "regression_r2",
    "ridge_points", "sigmoid", "taxi",
)  # fmt: skip
SMALL_TABLES = ("regression_r2", "ridge_points")
OURS = ("permutation", "leverage", "size_stratified", "auto")
PEERS = ("shapiq permutation", "shapiq kernelshap", "shapiq svarm", "shapiq stratified", "tree msr")


def movielens() -> Floats:
    """400 users x 20 mean ratings by genre."""
    return np.genfromtxt(DATA / "movielens_genre_means.csv", delimiter=",", skip_header=1)[:, 1:]


def make_game(name: str, n: int) -> SolvedGame:
    """The game called `name` with n players (14 for games given as a table); always the same one."""
    rng = derive_rng("valuation suite", name, n)
    return FACTORIES[name](n, rng)


def _centroid(evaluation: Any) -> Callable[[int, np.random.Generator], SolvedGame]:
    def make(n: int, rng: np.random.Generator) -> SolvedGame:
        users = movielens()[rng.permutation(400)[: n + 1]]
        return solved.CentroidGame(users[:n], users[n], evaluation)

    return make


def _gaussian_centroid(n: int, rng: np.random.Generator) -> SolvedGame:
    return solved.CentroidGame(rng.normal(size=(n, 50)), 2 * rng.normal(size=50), "l2")


def _unanimity(
    smallest: int, largest: Callable[[int], int]
) -> Callable[[int, np.random.Generator], SolvedGame]:
    def make(n: int, rng: np.random.Generator) -> SolvedGame:
        sets = np.zeros((n, n), dtype=bool)
        for row in sets:
            row[rng.permutation(n)[: rng.integers(smallest, largest(n) + 1)]] = True
        return solved.UnanimitySum(sets, rng.normal(size=n))

    return make


def _of_weights(worth: Callable[[Floats], Floats]) -> Callable[[int, np.random.Generator], SolvedGame]:
    def make(n: int, rng: np.random.Generator) -> SolvedGame:
        weights = rng.integers(0, 15, n)
        return solved.WeightSumGame(weights, worth(np.linspace(0, 1, int(weights.sum()) + 1)))

    return make


def _voting(n: int, rng: np.random.Generator) -> SolvedGame:
    weights = rng.integers(1, 20, n)
    return solved.WeightSumGame.voting(weights, int(0.55 * weights.sum()))


def _graph(n: int, rng: np.random.Generator) -> SolvedGame:
    edges = np.triu(rng.normal(size=(n, n)) * (rng.random((n, n)) < 0.1), 1)
    return solved.GraphGame(rng.normal(size=n), edges + edges.T)


def _cut(n: int, rng: np.random.Generator) -> SolvedGame:
    """Weight of the edges between a coalition and the rest: linear term = degree, edges inside count -2."""
    edges = np.triu(rng.random((n, n)) * (rng.random((n, n)) < 0.2), 1)
    edges = edges + edges.T
    return solved.GraphGame(edges.sum(axis=1), -2 * edges)


def _knn(neighbours: int) -> Callable[[int, np.random.Generator], SolvedGame]:
    def make(n: int, rng: np.random.Generator) -> SolvedGame:
        train, tests = rng.normal(size=(n, 3)), rng.normal(size=(40, 3))
        label = train[:, 0] + 0.5 * rng.normal(size=n) > 0
        order = np.argsort(((tests[:, None] - train) ** 2).sum(axis=2), axis=1)
        return solved.NearestNeighbourGame(order, label[order] == (tests[:, :1] > 0), neighbours)

    return make


def _taxi(n: int, rng: np.random.Generator) -> SolvedGame:
    """A shared ride: fixed fare by the farthest member, less what each saves."""
    return _Sum(solved.AirportGame(10 * rng.random(n)), solved.AdditiveGame(-2 * rng.random(n)))


class _Sum:
    """Two games at once; Shapley values add up."""

    def __init__(self, first: SolvedGame, second: SolvedGame) -> None:
        self.first, self.second, self.n = first, second, first.n

    def __call__(self, coalitions: NDArray[np.bool_], /) -> Floats:
        return self.first(coalitions) + self.second(coalitions)

    def shapley(self) -> Floats:
        return self.first.shapley() + self.second.shapley()


def _regression_r2(n: int, rng: np.random.Generator) -> SolvedGame:
    """Share of variance that genres explain of the last genre's ratings; players are genres."""
    ratings = movielens()
    x, y = ratings[:, 1 : n + 1], ratings[:, -1]
    x, y = x - x.mean(axis=0), y - y.mean()
    table = np.zeros(1 << n)
    for place in range(1, 1 << n):
        chosen = x[:, [(place >> k) & 1 == 1 for k in range(n)]]
        table[place] = 1 - ((y - chosen @ np.linalg.lstsq(chosen, y)[0]) ** 2).mean() / (y**2).mean()
    return solved.TableGame(table)


def _ridge_points(n: int, rng: np.random.Generator) -> SolvedGame:
    """Minus the test error of ridge regression; players are training examples."""
    ratings = movielens()[rng.permutation(400)]
    x, y = ratings[:, 1:8] - ratings[:, 1:8].mean(axis=0), ratings[:, -1] - ratings[:, -1].mean()
    table = np.zeros(1 << n)
    for place in range(1 << n):
        rows = np.flatnonzero([(place >> k) & 1 for k in range(n)])
        slopes = np.linalg.solve(x[rows].T @ x[rows] + 5 * np.eye(7), x[rows].T @ y[rows])
        table[place] = -np.sqrt(((y[n:] - x[n:] @ slopes) ** 2).mean())
    return solved.TableGame(table)


FACTORIES: dict[str, Callable[[int, np.random.Generator], SolvedGame]] = {
    "additive": lambda n, rng: solved.AdditiveGame(rng.normal(size=n)),
    "airport": lambda n, rng: solved.AirportGame(10 * rng.random(n) ** 2),
    "bankruptcy": _of_weights(lambda share: np.maximum(0.0, share - 0.6)),
    "big_unanimity": _unanimity(2, lambda n: n // 2),
    "centroid_dot": _centroid("dot"),
    "centroid_l1": _centroid("l1"),
    "centroid_l2": _centroid("l2"),
    "coverage": lambda n, rng: solved.CoverageGame(rng.random((n, 60)) < 0.08, rng.exponential(size=60)),
    "cut": _cut,
    "gaussian_centroid": _gaussian_centroid,
    "glove": lambda n, rng: solved.GloveGame(np.arange(n) < n // 4),
    "graph": _graph,
    "knn": _knn(5),
    "knn_one": _knn(1),
    "regression_r2": _regression_r2,
    "ridge_points": _ridge_points,
    "saturating": _of_weights(lambda share: 1 - np.exp(-6 * share)),
    "sigmoid": _of_weights(lambda share: 1 / (1 + np.exp(-20 * (share - 0.3)))),
    "taxi": _taxi,
    "unanimity": _unanimity(1, lambda _: 5),
    "voting": _voting,
}


def tree_msr(game: SolvedGame, budget: int, seed: int) -> Floats:
    """Boosted trees on paired samples, their exact Shapley values, plus corrected residuals."""
    from sklearn.ensemble import GradientBoostingRegressor

    n, rng = game.n, np.random.default_rng(seed)
    sizes = np.arange(1, n)
    mass = np.sqrt(1 / sizes + 1 / (n - sizes))  # density of the paper's kernel, times C(n, s)
    mass /= mass.sum()
    drawn = rng.choice(sizes, size=(budget - 2) // 2, p=mass)
    rank = rng.random((len(drawn), n)).argsort(axis=1).argsort(axis=1)
    half = rank < drawn[:, None]
    coalitions = np.concatenate([half, ~half])
    ends = game(np.array([[False] * n, [True] * n]))
    values = game(coalitions) - ends[0]
    model = GradientBoostingRegressor(n_estimators=100, max_depth=6, learning_rate=0.3, random_state=seed)
    rows = np.concatenate([coalitions, np.array([[False] * n, [True] * n])]).astype(np.float64)
    model.fit(rows, np.concatenate([values, [0.0, ends[1] - ends[0]]]))
    found = sum(_tree_shapley(tree[0].tree_, n) for tree in model.estimators_) * model.learning_rate
    residual = values - model.predict(coalitions.astype(np.float64))
    size = coalitions.sum(axis=1)
    p = size / n
    weight = residual / (len(size) * mass[size - 1] * n * p * (1 - p))
    return np.asarray(found + weight @ (coalitions - p[:, None]))


def _tree_shapley(tree: Any, n: int) -> Floats:
    """Shapley values of S -> tree(membership of S): a leaf wants some players in and some out."""
    from math import factorial

    values = np.zeros(n)

    def descend(node: int, inside: frozenset[int], outside: frozenset[int]) -> None:
        feature = tree.feature[node]
        if feature < 0:
            a, b = len(inside), len(outside)
            leaf = float(tree.value[node, 0, 0])
            for player in inside:
                values[player] += leaf * factorial(a - 1) * factorial(b) / factorial(a + b)
            for player in outside:
                values[player] -= leaf * factorial(a) * factorial(b - 1) / factorial(a + b)
            return
        if feature not in inside:
            descend(tree.children_left[node], inside, outside | {feature})
        if feature not in outside:
            descend(tree.children_right[node], inside | {feature}, outside)

    descend(0, frozenset(), frozenset())
    return values


def peer_values(name: str, game: SolvedGame, budget: int, seed: int) -> Floats:
    """Values float64[n] by one of the PEERS."""
    if name == "tree msr":
        return tree_msr(game, budget, seed)
    import shapiq

    peers = {
        "shapiq permutation": lambda: shapiq.PermutationSamplingSV(game.n, random_state=seed),
        "shapiq kernelshap": lambda: shapiq.KernelSHAP(game.n, pairing_trick=True, random_state=seed),
        "shapiq svarm": lambda: shapiq.SVARM(game.n, random_state=seed),
        "shapiq stratified": lambda: shapiq.StratifiedSamplingSV(game.n, random_state=seed),
    }
    found = peers[name]().approximate(budget, lambda z: game(np.atleast_2d(z).astype(bool)))
    return np.array([found[(player,)] for player in range(game.n)])


def relative_error(found: Floats, truth: Floats, spread: float) -> float:
    """|found - truth| less its mean, over sqrt(n) spread."""
    off = (found - found.mean()) - (truth - truth.mean())
    return float(np.sqrt((off**2).mean()) / spread)


def spread_of(game: SolvedGame, truth: Floats) -> float:
    """Standard deviation of the values; where all are equal, as in `cut`, the most that one is worth alone."""
    alone = float(np.abs(game(np.eye(game.n, dtype=bool))).max())
    return float(truth.std()) if truth.std() > ROUNDING * alone else alone


def measure(method: str, game: SolvedGame, truth: Floats, budget: int, seed: int) -> dict[str, float]:
    """Error, seconds and, for our methods, coverage and mean width of nominal 95 % intervals."""
    spread = spread_of(game, truth)
    begun = time.perf_counter()
    if method in PEERS:
        found = peer_values(method, game, budget, seed)
        seconds = time.perf_counter() - begun
        return {"error": relative_error(found, truth, spread), "seconds": seconds}
    valuation = value_game(game, METHODS.make(method), budget, np.random.default_rng(seed))
    seconds = time.perf_counter() - begun
    slack = ROUNDING * spread
    low, high = valuation.intervals().T
    return {
        "error": relative_error(valuation.values, truth, spread),
        "seconds": seconds,
        "covered": float(((low - slack <= truth) & (truth <= high + slack)).mean()),
        "width": float(np.mean(high - low) / spread),
    }


def budgets_for(n: int) -> list[int]:
    """Two below 3n, one at 5n, and 500 and 2,000."""
    return sorted({3 * n // 2, 5 * n // 2, 5 * n, 500, 2000})


def run(
    names: tuple[str, ...], sizes: list[int], seeds: int, methods: tuple[str, ...]
) -> list[dict[str, Any]]:
    """One row per game, budget and method: means over seeds."""
    rows = []
    for name in names:
        for n in [14] if name in SMALL_TABLES else sizes:
            game = make_game(name, n)
            truth = game.shapley()
            for budget in budgets_for(n):
                row: dict[str, Any] = {"game": name, "n": n, "budget": budget}
                for method in methods:
                    row[method] = _mean(
                        [_try(method, game, truth, budget, derive_seed(name, n, s)) for s in range(seeds)]
                    )
                rows.append(row)
                print(describe(row), flush=True)
    return rows


def _try(method: str, game: SolvedGame, truth: Floats, budget: int, seed: int) -> dict[str, float]:
    """A method that cannot work with so few evaluations has an infinite error."""
    try:
        return measure(method, game, truth, budget, seed % 2**32)
    except Exception as error:
        if method == "auto":
            raise
        warnings.warn(f"{method} with {budget} evaluations: {error}", stacklevel=2)
        return {"error": float("inf"), "seconds": 0.0}


def _mean(parts: list[dict[str, float]]) -> dict[str, float]:
    return {key: float(np.mean([part[key] for part in parts])) for key in parts[0]}


def describe(row: dict[str, Any]) -> str:
    """One line: errors of all methods, the ratio of auto to the best other, coverage, width."""
    errors = {name: row[name]["error"] for name in row if isinstance(row[name], dict)}
    best = min(value for name, value in errors.items() if name not in ("auto", "size_stratified"))
    ratio = errors["auto"] / max(best, 1e-12)
    verdict = "ok " if errors["auto"] <= max(1.3 * best, 0.01) else "BAD"
    text = " ".join(f"{name.replace('shapiq ', 's.')[:9]}={value:.3f}" for name, value in errors.items())
    auto = row["auto"]
    extra = f"auto/best={ratio:.2f} covers={auto['covered']:.2f} width={auto['width']:.2f}"
    if "permutation" in row and "width" in row["permutation"]:
        extra += f" permutation width={row['permutation']['width']:.2f}"
    return f"{verdict} {row['game']:17s} n={row['n']:3d} m={row['budget']:4d} {text} {extra} {auto['seconds']:.1f}s"


def summary(rows: list[dict[str, Any]]) -> str:
    """How often auto is within 1.3 of the best simple method, and how often its intervals cover."""
    bad = [row for row in rows if describe(row).startswith("BAD")]
    lines = [
        f"{len(rows) - len(bad)} of {len(rows)} cells: auto within 1.3 x the best simple method (or 0.01)"
    ]
    for budget in (500, 2000):
        cells = [row["auto"] for row in rows if row["budget"] == budget]
        if cells:
            covered = [cell["covered"] for cell in cells]
            lines.append(f"coverage at {budget}: mean {np.mean(covered):.3f}, least {min(covered):.3f}")
    return "\n".join(lines)


def best_other(row: dict[str, Any]) -> float:
    """The least error of the simple methods and peers."""
    methods = {name: found for name, found in row.items() if isinstance(found, dict)}
    return min(found["error"] for name, found in methods.items() if name not in ("auto", "size_stratified"))


def markdown(rows: list[dict[str, Any]]) -> str:
    """One line per game and number of players: errors of auto and of the best simple method at every budget."""
    lines = [
        "| game | n | 1.5n | 2.5n | 5n | 500 | 2,000 | covers at 500, 2,000 | width at 500, 2,000 |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, n in dict.fromkeys((row["game"], row["n"]) for row in rows):
        cells = {row["budget"]: row for row in rows if (row["game"], row["n"]) == (name, n)}
        words = []
        for budget in budgets_for(n):
            row = cells[budget]
            missed = describe(row).startswith("BAD")
            text = f"{row['auto']['error']:.3f} / {best_other(row):.3f}"
            words.append(f"**{text}**" if missed else text)
        covers = ", ".join(f"{cells[budget]['auto']['covered']:.2f}" for budget in (500, 2000))
        widths = ", ".join(_width_ratio(cells[budget]) for budget in (500, 2000))
        lines.append(f"| {name} | {n} | {' | '.join(words)} | {covers} | {widths} |")
    return "\n".join(lines)


def _width_ratio(row: dict[str, Any]) -> str:
    """Width of our intervals over that of permutation sampling with as many evaluations."""
    theirs = row["permutation"]["width"]
    return f"{row['auto']['width'] / theirs:.2f}" if np.isfinite(theirs) and theirs > 1e-6 else "-"


def main() -> None:
    """Run a part of the suite and print one line per game and budget."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=["tuned", "unseen"], default="tuned")
    parser.add_argument("--games", nargs="*", help="some games only")
    parser.add_argument("--sizes", nargs="*", type=int, default=[30, 75])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--methods", nargs="*", default=[*OURS, *PEERS])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--tabulate", nargs="*", type=Path, help="print a table of files of --out instead")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.tabulate:
        rows = [row for path in options.tabulate for row in json.loads(path.read_text())]
        print(markdown(rows), summary(rows), sep="\n\n")
        return
    names = tuple(options.games or (TUNED if options.part == "tuned" else UNSEEN))
    rows = run(names, options.sizes, options.seeds, tuple(options.methods))
    print(summary(rows))
    if options.out:
        options.out.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
