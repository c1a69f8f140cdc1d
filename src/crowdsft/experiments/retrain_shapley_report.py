"""The page and the figure that tell how well credit agrees with retraining."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from crowdsft.experiments.drawing import HAIRLINE, INK, MUTED, OURS, TITLE, png, subplots
from crowdsft.experiments.page import figure, table, write_page
from crowdsft.experiments.retrain_shapley import Outcome
from crowdsft.experiments.retrain_shapley_worlds import ROLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROLE_COLOURS = {
    "helpful": "#12715b",
    "middling": "#7fb8a4",
    "specialist": "#3c5086",
    "useless": "#9aa3a0",
    "harmful": "#b3412f",
    "twin": "#b26a00",
}
GOAL_MEAN, GOAL_LEAST = 0.92, 0.80
THOUSANDTHS = 1_000


def write_report(output: Path, summary: dict[str, Any], outcomes: Sequence[Outcome]) -> None:
    """Write `credit.png` and `report.html` to `output`."""
    image = png(credit_figure(summary, outcomes))
    (output / "credit.png").write_bytes(base64.b64decode(image))
    parts = [
        _head(summary, outcomes),
        figure(image, "Credit against retrained Shapley values, and how each method ranks contributors"),
        _methods(summary),
        _worlds(summary, outcomes),
    ]
    write_page(output / "report.html", "Credit and retraining", parts)


def credit_figure(summary: dict[str, Any], outcomes: Sequence[Outcome]) -> Figure:
    """What we pay by against the truth, one point per contributor; and every method's rank correlations."""
    drawn, axes = subplots(1, 2, 12, 5.6, gridspec_kw={"width_ratios": [1.05, 1]})
    _scatter(axes[0, 0], summary["paid_by"], outcomes)
    _ranks(axes[0, 1], summary, outcomes)
    drawn.text(0.06, 0.95, "Credit measured during training against retraining", **TITLE)
    drawn.subplots_adjust(left=0.06, right=0.985, top=0.84, bottom=0.11, wspace=0.68)
    return drawn


def _scatter(panel: Axes, paid_by: str, outcomes: Sequence[Outcome]) -> None:
    points = [
        (role, THOUSANDTHS * truth, THOUSANDTHS * value)
        for outcome in outcomes
        for role, truth, value in zip(
            outcome.roles, outcome.truth, _mean_values(outcome, paid_by), strict=True
        )
    ]
    ends = [f(min(x, y) if f is min else max(x, y) for _, x, y in points) for f in (min, max)]
    panel.axline((0, 0), slope=1, color=MUTED, lw=0.9, ls=(0, (3, 3)), zorder=1)
    for role in ROLES:
        mine = [(x, y) for known, x, y in points if known == role]
        if mine:
            panel.scatter(
                [x for x, _ in mine],
                [y for _, y in mine],
                s=34,
                color=ROLE_COLOURS[role],
                label=role,
                edgecolor="white",
                lw=0.7,
                zorder=3,
            )
    margin = 0.06 * (ends[1] - ends[0])
    limits = (ends[0] - margin, ends[1] + margin)
    panel.set(xlim=limits, ylim=limits, aspect="equal")
    panel.set_title("what we pay by, mean over seeds (10⁻³ nats per token)", pad=10)
    panel.set_xlabel("Shapley value by retraining every coalition")
    panel.set_ylabel("credit")
    panel.legend(frameon=False, loc="upper left", handletextpad=0.2, borderaxespad=0.1)


def _ranks(panel: Axes, summary: dict[str, Any], outcomes: Sequence[Outcome]) -> None:
    methods = sorted(summary["methods"].items(), key=lambda item: item[1]["spearman_mean"])
    for height, (key, method) in enumerate(methods):
        colour = OURS if key == summary["paid_by"] else MUTED
        each = [found.spearman for outcome in outcomes for found in outcome.found if found.method == key]
        panel.scatter(each, [height] * len(each), s=16, color=colour, alpha=0.35, lw=0, zorder=2)
        panel.plot(
            [method["spearman_mean"]] * 2, [height - 0.3, height + 0.3], color=colour, lw=2.4, zorder=3
        )
    ceiling = summary["two_truths"].get("spearman")
    if ceiling:
        panel.axvline(ceiling["mean"], color=INK, lw=0.9, ls=(0, (3, 3)), zorder=1)
        panel.text(
            ceiling["mean"], len(methods) - 0.35, "two truths", ha="right", va="bottom", color=INK, fontsize=9
        )
    panel.set_yticks(range(len(methods)), [_in_two_lines(method["words"]) for _, method in methods])
    panel.tick_params(axis="y", colors=INK)
    panel.grid(axis="y", visible=False)
    least = min(found.spearman for outcome in outcomes for found in outcome.found)
    panel.set(xlim=(min(0.0, least - 0.05), 1.03), ylim=(-0.6, len(methods) - 0.1))
    panel.spines["left"].set_color(HAIRLINE)
    panel.set_xlabel("Spearman with the truth; bars are means")


def _in_two_lines(words: str) -> str:
    """Broken at the comma nearest to the middle, so that neighbours do not touch."""
    commas = [place for place, letter in enumerate(words) if letter == ","]
    if not commas:
        return words
    middle = min(commas, key=lambda place: abs(place - len(words) / 2))
    return f"{words[: middle + 1]}\n{words[middle + 2 :]}"


def _mean_values(outcome: Outcome, key: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray(np.mean([found.values for found in outcome.found if found.method == key], axis=0))


def _head(summary: dict[str, Any], outcomes: Sequence[Outcome]) -> str:
    paid = summary["methods"][summary["paid_by"]]
    met = paid["spearman_mean"] >= GOAL_MEAN and paid["spearman_least"] >= GOAL_LEAST
    verdict = "Both are met." if met else "This is not met everywhere; see below."
    ceiling = summary["two_truths"].get("spearman")
    noise = (
        f" Two truths of one world, retrained with other random numbers, agree at {ceiling['mean']:.3f} on average and "
        f"{ceiling['least']:.2f} at least: contributors who are worth nothing change places by chance."
        if ceiling
        else ""
    )
    return (
        "<h1>Credit and retraining</h1>"
        f'<p class="lede">{len(outcomes)} worlds of eight contributors; all 256 coalitions of each retrained '
        f"{len(outcomes[0].truths)} times. A coalition is worth what its training lowers the loss on 48 expert "
        "answers by.</p>"
        f"<p>What we would pay by ({escape(paid['words'].lower())}) ranks contributors with a mean Spearman "
        f"correlation of {paid['spearman_mean']:.3f} ± {paid['spearman_error']:.3f} and {paid['spearman_least']:.2f} "
        f"in the worst run, at {paid['cost']:.2f} times the processor time of plain training. The goal is "
        f"{GOAL_MEAN:.2f} on average and {GOAL_LEAST:.2f} at worst. {verdict}{noise}</p>"
    )


def _methods(summary: dict[str, Any]) -> str:
    rows = [
        (
            method["words"],
            f"{method['spearman_mean']:.3f} ± {method['spearman_error']:.3f}",
            f"{method['spearman_least']:.2f}",
            f"{method['pearson_mean']:.3f} ± {method['pearson_error']:.3f}",
            f"{method['pearson_least']:.2f}",
            f"{method['cost']:.1f}",
        )
        for _, method in sorted(summary["methods"].items(), key=lambda item: -item[1]["spearman_mean"])
    ]
    return "<h2>All methods</h2>" + table(
        "Correlation with the mean of the truths: means over worlds and seeds ± standard error between worlds; cost "
        "in processor time of one plain training of everybody's rows",
        ["Method", "Spearman", "least", "Pearson", "least", "cost"],
        rows,
    )


def _worlds(summary: dict[str, Any], outcomes: Sequence[Outcome]) -> str:
    rows = []
    for outcome in outcomes:
        mine = [found for found in outcome.found if found.method == summary["paid_by"]]
        rows.append(
            (
                outcome.world,
                f"{np.mean([found.spearman for found in mine]):.2f}",
                f"{min(found.spearman for found in mine):.2f}",
                f"{np.mean([found.pearson for found in mine]):.2f}",
                f"{THOUSANDTHS * outcome.truth.sum():.1f}",
                f"{THOUSANDTHS * np.ptp(outcome.truth):.1f}",
            )
        )
    return "<h2>World by world</h2>" + table(
        "What we pay by, over seeds; gain of everybody's rows and spread of the Shapley values in thousandths of a nat",
        ["World", "Spearman", "least", "Pearson", "gain", "spread"],
        rows,
    )
