"""Shapley values of averaging games: our accurate values against KernelSHAP, and methods against shapiq's.

    python benchmarks/valuation.py                 # seconds and errors at n = 100, interleaved, medians
    python benchmarks/valuation.py --figure out.png  # error against evaluations, all methods
    python benchmarks/valuation.py --cost out.png    # seconds and error against the number of contributors

Contributors are rows of the MovieLens genre means, the target is one more row, the utility is minus the
L2 distance of the centroid. `centroid_truth` may use what is known of means; KernelSHAP and the methods of
shapiq see values of coalitions only, so the second table compares methods that see the same.
Errors are centred and relative, against values from 160 times the default effort.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.valuation import METHODS, centroid_truth, value_game
from crowdsft.core.valuation.games import CentroidGame

Floats = NDArray[np.float64]
DATA = Path(os.environ.get("CROWDSFT_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared/data"))
BUDGETS = (150, 250, 500, 1000, 2000)
EFFORTS = (128, 32)
SIZES = (25, 50, 100, 200, 399)
OURS = ("permutation", "control_variate", "leverage", "size_stratified", "auto")
SHAPIQ = ("PermutationSamplingSV", "KernelSHAP", "SVARM", "StratifiedSamplingSV")


def make_game(n: int, seed: int) -> CentroidGame:
    """n users and one more as the target."""
    ratings = np.genfromtxt(DATA / "movielens_genre_means.csv", delimiter=",", skip_header=1)[:, 1:]
    rows = ratings[np.random.default_rng(seed).permutation(len(ratings))[: n + 1]]
    return CentroidGame(rows[:n], rows[n], "l2")


def relative_error(found: Floats, truth: Floats) -> float:
    """|found - truth| / |truth|, both less their mean."""
    centred = truth - truth.mean()
    return float(np.linalg.norm(found - found.mean() - centred) / np.linalg.norm(centred))


def by_centroid_truth(game: CentroidGame, seed: int, permutations: int = EFFORTS[0]) -> Floats:
    """Our values, by default at the default effort."""
    rng = np.random.default_rng(seed)
    return centroid_truth(
        game.vectors, game.target, evaluation=game.evaluation, rng=rng, permutations=permutations
    ).values


def by_kernel_explainer(game: CentroidGame, seed: int, samples: int) -> Floats:
    """shap.KernelExplainer with nobody as the background."""
    import shap

    np.random.seed(seed)  # noqa: NPY002  (the only source of chance that shap knows)
    explainer = shap.KernelExplainer(lambda z: game(z > 0.5), np.zeros((1, game.n)))
    values = explainer.shap_values(np.ones((1, game.n)), nsamples=samples, l1_reg=False, silent=True)
    return np.asarray(values, dtype=np.float64).reshape(-1)


def by_method(name: str, game: CentroidGame, budget: int, seed: int) -> Floats:
    """One of our methods, which see values of coalitions (control variates: and the vectors)."""
    options = {"vectors": game.vectors, "target": game.target} if name == "control_variate" else {}
    return value_game(game, METHODS.make(name, **options), budget, np.random.default_rng(seed)).values


def by_shapiq(name: str, game: CentroidGame, budget: int, seed: int) -> Floats:
    """One of shapiq's methods."""
    import shapiq

    found = getattr(shapiq, name)(n=game.n, random_state=seed).approximate(
        budget, lambda z: game(np.atleast_2d(z).astype(bool))
    )
    return np.array([found[(player,)] for player in range(game.n)])


def timed(work: Callable[[], Floats], truth: Floats) -> tuple[float, float]:
    """Seconds and error of one run."""
    begun = time.perf_counter()
    found = work()
    return time.perf_counter() - begun, relative_error(found, truth)


def compare_with_kernel_explainer(n: int, samples: int, repeats: int) -> None:
    """All in turn on `repeats` games; medians, and the ratio of each pair. The default effort and a quarter of it."""
    by_centroid_truth(make_game(n, 10_000), 0)  # warm up
    rows: dict[str, list[tuple[float, float, float]]] = {}
    for seed in range(repeats):
        game = make_game(n, seed)
        truth = game.shapley()
        seconds, error = timed(lambda game=game, seed=seed: by_kernel_explainer(game, seed, samples), truth)
        rows.setdefault(f"KernelExplainer, {samples:,} samples", []).append((seconds, error, 1.0))
        for effort in EFFORTS:
            ours = timed(lambda game=game, seed=seed, e=effort: by_centroid_truth(game, seed, e), truth)
            name = f"centroid_truth, permutations={effort}"
            rows.setdefault(name, []).append((*ours, seconds / ours[0]))
    print(f"n = {n}, medians of {repeats} interleaved runs")
    for name, measured in rows.items():
        seconds, error, ratio = (statistics.median(column) for column in zip(*measured, strict=True))
        least = min(row[2] for row in measured)
        print(
            f"  {name:34s} {seconds:9.4f} s  error {error:.4f}  {ratio:6.0f} times as fast (least {least:.0f})"
        )


def cost_by_size(samples: int, repeats: int) -> dict[str, list[tuple[float, float]]]:
    """For each way the median seconds and median error at every number of contributors, taken in turn."""
    ways: dict[str, Callable[[CentroidGame, int], Floats]] = {
        "centroid_truth": by_centroid_truth,
        "auto, 2,000 evaluations": lambda game, seed: by_method("auto", game, 2000, seed),
        f"KernelExplainer, {samples:,} samples": lambda game, seed: by_kernel_explainer(game, seed, samples),
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for n in SIZES:
        rows: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for seed in range(repeats):
            game = make_game(n, seed)
            truth = game.shapley()
            for name, way in ways.items():
                rows[name].append(timed(lambda way=way, game=game, seed=seed: way(game, seed), truth))
        for name, both in rows.items():
            seconds, errors = zip(*both, strict=True)
            found[name].append((statistics.median(seconds), statistics.median(errors)))
    return found


def draw_cost(found: dict[str, list[tuple[float, float]]], path: Path) -> None:
    """Seconds and error against contributors, all axes logarithmic."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, places = pyplot.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    for place, label in enumerate(("seconds", "centred relative error")):
        axes = places[place]
        for (name, both), colour in zip(found.items(), ("#1f5fa8", "#2e8b57", "#c2571a"), strict=True):
            axes.plot(SIZES, [row[place] for row in both], "o-", color=colour, label=name)
        axes.set(xscale="log", yscale="log", xlabel="contributors", ylabel=label)
        axes.set_xticks(SIZES, [str(size) for size in SIZES])
        axes.minorticks_off()
        axes.grid(visible=True, alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    places[1].axhline(1.0, color="grey", linewidth=0.8, linestyle=":")
    places[1].text(SIZES[0], 1.05, "equal shares", color="grey", fontsize=8)
    figure.legend(*places[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(path, dpi=150)


def errors_by_budget(n: int, repeats: int) -> dict[str, list[float]]:
    """Mean error of every method at every budget; infinite where a method refuses the budget."""
    games = [(make_game(n, seed), seed) for seed in range(repeats)]
    solved = [(game, game.shapley(), seed) for game, seed in games]
    table: dict[str, list[float]] = {}
    for name in [*OURS, *SHAPIQ]:
        run = by_shapiq if name in SHAPIQ else by_method
        table[name if name in OURS else f"shapiq {name}"] = [
            float(
                np.mean(
                    [relative_error(run(name, game, budget, seed), truth) for game, truth, seed in solved]
                )
            )
            for budget in BUDGETS
        ]
    return table


def draw(table: dict[str, list[float]], n: int, path: Path) -> None:
    """Error against evaluations, both axes logarithmic."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 5), layout="constrained")
    height = 0.0
    for place, (name, errors) in enumerate(sorted(table.items(), key=lambda item: item[1][-1])):
        theirs = name.startswith("shapiq")
        colour = "#8a8a8a" if theirs else pyplot.get_cmap("tab10")(place % 10)
        width = 2.5 if name == "auto" else 1.4
        axes.plot(
            BUDGETS, errors, "--" if theirs else "-", color=colour, linewidth=width, marker="o", markersize=3
        )
        height = max(errors[-1], 1.3 * height)  # labels of close curves above each other
        axes.text(1.04 * BUDGETS[-1], height, name, va="center", fontsize=8)
    axes.set(xscale="log", yscale="log", xlabel="evaluations", ylabel="centred relative error")
    axes.set_xticks(BUDGETS, [f"{budget:,}" for budget in BUDGETS])
    ticks = (0.01, 0.1, 1, 10)
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.grid(visible=True, alpha=0.25)
    axes.axhline(1.0, color="grey", linewidth=0.8, linestyle=":")
    axes.text(BUDGETS[0], 1.06, "equal shares", color="grey", fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(f"Centroid game, {n} contributors (dashed: shapiq)")
    figure.savefig(path, dpi=150)


def main() -> None:
    """Print both tables; draw the second when asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--players", type=int, default=100)
    parser.add_argument("--samples", type=int, default=10_000, help="samples of KernelExplainer")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--figure", type=Path, help="draw error against evaluations into this PNG file")
    parser.add_argument("--cost", type=Path, help="draw cost against contributors into this PNG file")
    parser.add_argument("--only-speed", action="store_true", help="leave out the comparison by budget")
    options = parser.parse_args()
    compare_with_kernel_explainer(options.players, options.samples, options.repeats)
    if options.cost:
        found = cost_by_size(options.samples, min(options.repeats, 3))
        print(f"\nmedian seconds and error at {', '.join(map(str, SIZES))} contributors")
        for name, both in found.items():
            print(f"  {name:32s}" + "".join(f"{seconds:9.4f} ({error:.3f})" for seconds, error in both))
        draw_cost(found, options.cost)
    if options.only_speed:
        return
    table = errors_by_budget(options.players, min(options.repeats, 3))
    print(f"\nerror at {', '.join(map(str, BUDGETS))} evaluations, n = {options.players}")
    for name, errors in table.items():
        print(f"  {name:32s}" + "".join(f"{error:9.3f}" for error in errors))
    if options.figure:
        draw(table, options.players, options.figure)


if __name__ == "__main__":
    main()
