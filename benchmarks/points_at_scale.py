"""Points from values alone for crowds of up to 100,000: seconds, peak memory, and whether intervals hold.

    python benchmarks/points_at_scale.py                        # 100,000 x 1,000 x 128
    python benchmarks/points_at_scale.py --curve out.png        # and cost against contributors and rounds

A linear world: every contributor has an effect, a candidate's value is the mean of its members' effects plus its
round's level plus noise (half the spread between groups). Timed are the sparse history, effects with intervals,
and what each contributor is due. Every size runs in a process of its own, so that its peak memory is its own.

The floor: an iteration reads the history's matrix twice, 12 bytes an entry (a weight and its row). What it
cannot go below on this machine is that, at the speed at which memory is read, times the iterations it took,
measured right after the run.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from crowdsft.core.accounting.due import amounts_due
from crowdsft.core.accounting.group_history import GroupHistory, history_of_seats
from crowdsft.core.accounting.linear_appraisal import appraise_linearly, crowd_of
from crowdsft.core.accounting.point_appraisal import effect_to_value

NOISE = 0.5  # of a value, over the spread between groups
BYTES = 12  # of an entry of the matrix: float64 and int32
CONTRIBUTORS = (2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
ROUNDS = (50, 100, 200, 500, 1_000)


def make_history(people: int, rounds: int, groups: int, seed: int) -> tuple[GroupHistory, np.ndarray]:
    """A history of random groups without values, and everybody's effect."""
    rng = np.random.default_rng([seed, people, rounds])
    width = np.int8 if groups <= 128 else np.int16
    seats = np.empty((rounds, people), dtype=width)
    dealt = (np.arange(people) % groups).astype(width)
    for row in seats:
        row[:] = rng.permutation(dealt)
    started = time.perf_counter()
    history = history_of_seats(seats, np.zeros((rounds, groups)), np.zeros(rounds))
    print(f"sparse history: {time.perf_counter() - started:.1f} s", file=sys.stderr)
    effects = 1.0 + rng.normal(size=people)
    values = history.group_means(effects)
    spread = values.std()
    values += NOISE * spread * rng.normal(size=len(values))
    values += rng.normal(size=rounds)[history.round_of]
    return replace(history, values=values), effects


def seconds_to_read(megabytes: float) -> float:
    """Seconds in which this machine reads so much memory, from the best of a few passes over 256 MB."""
    block = np.ones(32 * 2**20)
    passes = []
    for _ in range(4):
        started = time.perf_counter()
        block.sum()
        passes.append(time.perf_counter() - started)
    return min(passes) * megabytes / (block.nbytes / 1e6)


def measure(people: int, rounds: int, groups: int, seed: int) -> dict[str, float]:
    """One size: seconds by part, peak memory in MB, coverage, correlation, and the floor in seconds."""
    history, effects = make_history(people, rounds, groups, seed)
    started = time.perf_counter()
    appraisal = appraise_linearly(history, nobody=0.0)
    appraised = time.perf_counter()
    crowd = crowd_of(history, [f"c{number:06}" for number in range(people)])
    due = amounts_due(crowd, appraisal, appraisal.clusters, covered_rounds=rounds, budget_per_round=1_000_000)
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    megabytes = BYTES * people * rounds / 1e6
    found, rate = appraisal.found, effect_to_value(people)
    worth = appraisal.worths(0, np.arange(people), appraisal.clusters)[0]
    truth = effects.mean() / people + rate * (effects - effects.mean())
    off = worth.values - worth.values.mean() - (truth - truth.mean())
    return {
        "contributors": people,
        "rounds": rounds,
        "groups": groups,
        "seconds_effects": appraised - started,
        "seconds_due": done - appraised,
        "products": found.products,
        "remainder": found.remainder,
        "unknown": float(found.unknown.mean()),
        "unknown_error": found.unknown_error,
        "noise_over_truth": found.penalty * people / groups / NOISE**2,
        "covered": float((np.abs(off) <= 1.96 * worth.errors).mean()),
        "correlation": float(np.corrcoef(worth.values, truth)[0, 1]),
        "points": float(due.points.sum()),
        "floor_seconds": 2 * found.products * seconds_to_read(megabytes),
        "peak_mb": peak,
    }


def in_own_process(people: int, rounds: int, groups: int, seed: int) -> dict[str, float]:
    """`measure` in a process of its own."""
    words = ["--one", people, rounds, groups, seed]
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, *map(str, words)], capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    found["seconds_sparse"] = float(done.stderr.split("sparse history:")[1].split()[0])
    found["seconds"] = found["seconds_sparse"] + found["seconds_effects"] + found["seconds_due"]
    found["seconds_of_process"] = time.perf_counter() - started
    return found


def describe(row: dict[str, float]) -> str:
    """One line."""
    return (
        f"{row['contributors']:7,.0f} contributors x {row['rounds']:5,.0f} rounds x {row['groups']:3.0f} groups: "
        f"{row['seconds']:6.2f} s (history {row['seconds_sparse']:.2f}, effects {row['seconds_effects']:.2f} in "
        f"{row['products']:.0f} products, due {row['seconds_due']:.2f}), peak {row['peak_mb']:5.0f} MB, "
        f"floor {row['floor_seconds']:.2f} s, covers {row['covered']:.3f}, r {row['correlation']:.3f}, "
        f"unknown {row['unknown']:.3f} +- {row['unknown_error']:.3f}, noise {row['noise_over_truth']:.2f} of truth"
    )


def draw(by_people: list[dict[str, float]], by_rounds: list[dict[str, float]], path: Path) -> None:
    """Seconds and peak memory against contributors, and against rounds."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, places = pyplot.subplots(1, 2, figsize=(10, 4.4), layout="constrained", sharey=True)
    curves = ((by_people, "contributors"), (by_rounds, "rounds"))
    for axes, (rows, key) in zip(places, curves, strict=True):
        x = [row[key] for row in rows]
        axes.plot(x, [row["seconds"] for row in rows], "o-", color="#1f5fa8", label="seconds, all")
        axes.plot(
            x,
            [row["floor_seconds"] for row in rows],
            "--",
            color="#1f5fa8",
            label="seconds that reading the matrix takes",
        )
        axes.plot(
            x, [row["peak_mb"] / 1000 for row in rows], "s-", color="#c2571a", label="peak memory in GB"
        )
        other = rows[0]["rounds"] if key == "contributors" else rows[0]["contributors"]
        what = f"{other:,.0f} {'rounds' if key == 'contributors' else 'contributors'}"
        axes.set(
            xscale="log", yscale="log", xlabel=key, title=f"{what}, {rows[0]['groups']:.0f} groups a round"
        )
        axes.set_xticks(x, [f"{value:,.0f}" for value in x])
        axes.minorticks_off()
        axes.grid(visible=True, alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    ticks = (0.01, 0.1, 1, 10)
    places[0].set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    places[0].set_ylabel("seconds (blue), gigabytes (orange)")
    places[0].legend(frameon=False)
    figure.savefig(path, dpi=150)


def main() -> None:
    """Measure the largest size, and the curves when asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--contributors", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=1_000)
    parser.add_argument("--groups", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--curve", type=Path, help="measure and draw the cost into this PNG file")
    parser.add_argument("--out", type=Path, help="write all figures as JSON")
    parser.add_argument("--one", nargs=4, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(*options.one)))
        return
    rows = []
    for seed in range(options.repeats):
        rows.append(in_own_process(options.contributors, options.rounds, options.groups, seed))
        print(describe(rows[-1]), flush=True)
    by_people: list[dict[str, float]] = []
    by_rounds: list[dict[str, float]] = []
    if options.curve:
        for people in CONTRIBUTORS:
            by_people.append(in_own_process(people, 100, options.groups, 0))
            print(describe(by_people[-1]), flush=True)
        for rounds in ROUNDS:
            by_rounds.append(in_own_process(10_000, rounds, options.groups, 0))
            print(describe(by_rounds[-1]), flush=True)
        draw(by_people, by_rounds, options.curve)
    if options.out:
        options.out.write_text(json.dumps([*rows, *by_people, *by_rounds], indent=1))


if __name__ == "__main__":
    main()
