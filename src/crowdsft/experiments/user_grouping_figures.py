"""Figures of experiment 3, drawn from its outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from crowdsft.experiments.drawing import INK, LEFT, MUTED, OURS, PAPER, TITLE, VALUES, subplots
from crowdsft.experiments.user_grouping_published import Comparison
from crowdsft.experiments.user_grouping_sweep import (
    EVALUATION_NAMES,
    GROUPING_NAMES,
    GROUPS,
    HIGH_SPEARMAN,
    Outcome,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAPER_BY_GROUPS = {2: "#b9c3d6", 3: "#8d9dbd", 4: "#6377a3", 5: "#3c5086"}
EVALUATION_WORDS = {"l2": "L2 distance", "l1": "L1 distance", "dot": "inner product"}
EVALUATION_COLOURS = {"l2": "#3c5086", "l1": "#b26a00", "dot": "#12715b"}
EVALUATION_MARKERS = {"l2": "o", "l1": "s", "dot": "^"}
GROUPING_WORDS = {
    "random": "random groups",
    "epsilon_greedy": "epsilon-greedy groups",
    "interleaved": "interleaved groups",
}


def agreement_figure(outcomes: Sequence[Outcome], metric: str) -> Figure:
    """Agreement with accurate Shapley values over the number of contributors: 3 evaluations x 3 groupings.

    Args:
        outcomes: Of the arms `paper`, `ours` and `values`.
        metric: "pearson" or "spearman".
    """
    users = sorted({o.cell.users for o in outcomes})
    figure, axes = subplots(len(EVALUATION_NAMES), len(GROUPING_NAMES), 10, 8.4, sharex=True, sharey=True)
    for row, evaluation in enumerate(EVALUATION_NAMES):
        for column, grouping in enumerate(GROUPING_NAMES):
            panel = axes[row, column]
            cells = [o for o in outcomes if (o.cell.evaluation, o.cell.grouping) == (evaluation, grouping)]
            for groups, colour in PAPER_BY_GROUPS.items():
                panel.plot(*_line(cells, "paper", metric, groups), color=colour, lw=1.8, marker="o", ms=3.5)
            for arm, colour in (("values", VALUES), ("ours", OURS)):
                lines = np.array([_line(cells, arm, metric, groups)[1] for groups in GROUPS])
                panel.fill_between(
                    users, lines.min(axis=0), lines.max(axis=0), color=colour, alpha=0.16, lw=0
                )
                panel.plot(users, lines.mean(axis=0), color=colour, lw=2.2, marker="o", ms=3.5)
            if metric == "spearman":
                panel.axhline(HIGH_SPEARMAN, color=MUTED, lw=0.9, ls=(0, (3, 3)))
            if row == 0:
                panel.set_title(GROUPING_WORDS[grouping], pad=10)
            if column == 0:
                panel.set_ylabel(f"judged by {EVALUATION_WORDS[evaluation]}", labelpad=10)
            panel.set(xticks=users, ylim=(0, 1.04), yticks=np.arange(0, 1.01, 0.25))
            if row == len(EVALUATION_NAMES) - 1:
                panel.set_xlabel("contributors")
    _agreement_key(figure, metric)
    figure.subplots_adjust(left=LEFT, right=0.985, top=0.862, bottom=0.065, hspace=0.16, wspace=0.08)
    return figure


def _agreement_key(figure: Figure, metric: str) -> None:
    from matplotlib.lines import Line2D

    ours = [Line2D([], [], color=OURS, lw=2.2), Line2D([], [], color=VALUES, lw=2.2)]
    paper = [Line2D([], [], color=colour, lw=1.8) for colour in PAPER_BY_GROUPS.values()]
    figure.text(
        LEFT, 0.968, f"{metric.capitalize()} correlation of points with accurate Shapley values", **TITLE
    )
    key: dict[str, Any] = {
        "frameon": False,
        "handlelength": 1.4,
        "columnspacing": 1.3,
        "fontsize": 9.5,
        "loc": "upper left",
    }
    words = ["ours, decoded from embeddings", "ours, ridge over values (band: 2 to 5 groups)"]
    figure.legend(ours, words, bbox_to_anchor=(LEFT - 0.012, 0.962), ncol=2, **key)
    words = ["paper, 2 groups", *(f"{groups} groups" for groups in list(PAPER_BY_GROUPS)[1:])]
    if metric == "spearman":
        paper.append(Line2D([], [], color=MUTED, lw=0.9, ls=(0, (3, 3))))
        words.append(f"{HIGH_SPEARMAN}")
    figure.legend(paper, words, bbox_to_anchor=(LEFT - 0.012, 0.938), ncol=len(words), **key)


def _line(cells: Sequence[Outcome], arm: str, metric: str, groups: int) -> tuple[list[int], list[float]]:
    found = sorted(
        (o.cell.users, getattr(o, metric)) for o in cells if (o.arm, o.cell.groups) == (arm, groups)
    )
    return [users for users, _ in found], [value for _, value in found]


def distance_figure(outcomes: Sequence[Outcome]) -> Figure:
    """Distance to the expert over the rounds: L2 and L1 x contributors; means over groups (and groupings)."""
    users = sorted({o.cell.users for o in outcomes})
    evaluations = ("l2", "l1")
    figure, axes = subplots(len(evaluations), len(users), 10, 5.6, sharex=True, sharey=True)
    lines = (
        ("paper", PAPER, "paper"),
        ("weighted", OURS, "weighted, a tenth counts"),
        ("free", VALUES, "weighted, no floor"),
    )
    for row, evaluation in enumerate(evaluations):
        for column, count in enumerate(users):
            panel = axes[row, column]
            cells = [o for o in outcomes if (o.cell.evaluation, o.cell.users) == (evaluation, count)]
            floor = np.mean([o.floor for o in cells if o.arm == "paper"])
            panel.axhline(floor, color=INK, lw=1, ls=(0, (4, 3)))
            for arm, colour, _ in lines:
                path = np.mean([o.path for o in cells if o.arm == arm], axis=0)
                panel.plot(path, color=colour, lw=2)
                _end_label(panel, path[-1], colour)
            if row == 0:
                panel.set_title(f"{count} contributors", pad=8)
            if column == 0:
                panel.set_ylabel(f"judged by {EVALUATION_WORDS[evaluation]}", labelpad=10)
            if row == 1:
                panel.set_xlabel("round")
            panel.set(xlim=(0, 100), ylim=(0, 10), xticks=(0, 50, 100))
    _distance_key(figure, lines)
    figure.subplots_adjust(left=LEFT, right=0.965, top=0.83, bottom=0.095, hspace=0.16, wspace=0.22)
    return figure


def _end_label(panel: Axes, value: float, colour: str) -> None:
    panel.plot([100], [value], marker="o", ms=4, color=colour, clip_on=False, zorder=5)


def _distance_key(figure: Figure, lines: Sequence[tuple[str, str, str]]) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=colour, lw=2) for _, colour, _ in lines]
    handles.append(Line2D([], [], color=INK, lw=1, ls=(0, (4, 3))))
    figure.text(LEFT, 0.95, "Distance to the expert, round by round", **TITLE)
    figure.legend(
        handles,
        [*(word for _, _, word in lines), "nearest point of the contributors' hull"],
        loc="upper left",
        bbox_to_anchor=(LEFT - 0.012, 0.94),
        ncol=4,
        frameon=False,
        handlelength=1.6,
        columnspacing=1.6,
        fontsize=9.5,
    )


def reproduction_figure(comparisons: Sequence[Comparison]) -> Figure:
    """Repeated against published means, one mark per cell: correlation with KernelSHAP, final distance.

    Bars are one standard error of the difference. Without KernelSHAP's values there is only the distance.
    """
    panels = [("distance", "distance", "Final distance to the expert", (2.8, 7.8), list(comparisons))]
    with_pearson = [c for c in comparisons if c.pearson_errors is not None]
    if with_pearson:
        words = "Pearson correlation of points with KernelSHAP values"
        panels.insert(0, ("pearson", "kernel_pearson", words, (0.0, 1.0), with_pearson))
    figure, [axes] = subplots(1, len(panels), 5 * len(panels), 5.4)
    for panel, (published, repeated, words, limits, shown) in zip(axes, panels, strict=True):
        panel.plot(limits, limits, color=MUTED, lw=0.9, ls=(0, (3, 3)), zorder=1)
        for evaluation in EVALUATION_NAMES:
            some = [c for c in shown if c.cell.evaluation == evaluation]
            panel.errorbar(
                [getattr(c.published, published) for c in some],
                [getattr(c.outcome, repeated) for c in some],
                yerr=[_difference_error(c, repeated) for c in some],
                fmt=EVALUATION_MARKERS[evaluation],
                ms=4.5,
                color=EVALUATION_COLOURS[evaluation],
                mec="white",
                mew=0.4,
                elinewidth=0.7,
                alpha=0.85,
                label=f"judged by {EVALUATION_WORDS[evaluation]}",
            )
        panel.set(xlim=limits, ylim=limits, xlabel="published mean of 50 runs", ylabel="repeated")
        panel.set_aspect("equal")
        panel.set_title(words, pad=8)
    axes[0].legend(loc="upper left", frameon=False, handletextpad=0.3, fontsize=9.5)
    figure.text(0.065, 0.94, "The published sweep, repeated", **TITLE)
    figure.subplots_adjust(left=0.13 / len(panels), right=0.985, top=0.86, bottom=0.1, wspace=0.16)
    return figure


def _difference_error(comparison: Comparison, field: str) -> float:
    """One standard error of the difference between the two means."""
    deviation = getattr(comparison.outcome, f"{field}_deviation")
    return float(deviation * np.sqrt(1 / 50 + 1 / comparison.outcome.runs))
