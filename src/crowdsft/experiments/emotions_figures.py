"""Figures of the emotions experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from crowdsft.experiments.drawing import HAIRLINE, INK, MUTED, OURS, PAPER, TITLE, VALUES, subplots
from crowdsft.experiments.emotions_summary import METRICS, Row, compare

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ARM_WORDS: Final[Mapping[str, str]] = {
    "base": "the base, untrained",
    "pooled": "pooled, as many passes as a lineage",
    "pooled_equal": "pooled, equal compute",
    "sequential": "pooled round by round",
    "random_chain": "random chain: winner by lot",
    "paper": "the paper's tournament",
    "learnt_weights": "three groups, learnt weights",
    "pooled_learnt_weights": "pooled, the same weights",
    "values": "ours: groups of one, then a filter",
    "pooled_values": "pooled, the same weights",
    "experts": "ours: filter, examples, merging",
    "pooled_experts": "pooled, the same filter and examples",
    "filter": "filter and merging, no examples in training",
    "pooled_filter": "pooled, the same filter",
    "experts_alone": "examples alone, equal compute",
    "experts_alone_few": "examples alone, three times each",
    "oracle": "the experts' contributions alone",
}
SETTINGS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("Knows nothing", MUTED, ("base", "pooled", "pooled_equal", "sequential", "random_chain")),
    ("Knows values", VALUES, ("paper", "learnt_weights", "pooled_learnt_weights", "values", "pooled_values")),
    (
        "Knows expert examples",
        OURS,
        ("filter", "pooled_filter", "experts", "pooled_experts", "experts_alone", "experts_alone_few"),
    ),
    ("Knows who is who", PAPER, ("oracle",)),
)
METRIC_WORDS: Final = {
    "distance": "distance by the embedding",
    "label_distance": "distance by the grammar's labels",
}
LABELS_END: Final = 0.335  # of the figure's width: where the arms' names end


def arms_figure(arms: Mapping[str, Any], *, rounds: int) -> Figure:
    """Each arm's distance after half and after all rounds, by both scorers, with standard errors.

    Args:
        arms: The summary's "arms" of one crowd.
        rounds: All rounds.
    """
    lines = _lines(arms)
    height = 1.35 + 0.27 * len(lines)
    figure, axes = subplots(1, 2, 10, height, sharey=True)
    for panel, metric in zip(axes[0], METRICS, strict=True):
        for place, (arm, colour) in enumerate(lines):
            if arm is None:
                continue
            states = arms[arm]
            for number, state in sorted(states.items(), key=lambda pair: int(pair[0])):
                is_end = int(number) == rounds
                panel.errorbar(
                    state[metric],
                    place if is_end else place - 0.2,
                    xerr=state[f"{metric}_error"] or 0.0,
                    fmt="o",
                    ms=7 if is_end else 5.5,
                    mfc=colour if is_end else "white",
                    mec=colour,
                    ecolor=colour,
                    elinewidth=1.4,
                    mew=1.4,
                    zorder=3 if is_end else 2,
                )
        reference = arms.get("pooled_equal", {}).get(str(rounds))
        if reference:
            panel.axvline(reference[metric], color=MUTED, lw=0.9, ls=(0, (3, 3)), zorder=1)
        panel.set(xlim=(0, None), xlabel=METRIC_WORDS[metric])
        panel.grid(axis="y", visible=False)
    panel = axes[0, 0]
    panel.set_ylim(len(lines) - 0.4, -0.8)
    panel.set_yticks([])
    _arm_names(figure, panel, lines)
    top = 1 - 0.62 / height
    figure.subplots_adjust(left=LABELS_END + 0.01, right=0.985, top=top, bottom=0.5 / height, wspace=0.09)
    figure.text(
        0.015,
        1 - 0.27 / height,
        "Distance to the target, on a sample that no step has seen",
        **TITLE,
    )
    key = (
        f"open: after {rounds // 2} rounds   filled: after {rounds}   bars: standard errors over emotions   "
        "dashed: pooled, equal compute"
    )
    figure.text(0.015, 1 - 0.49 / height, key, color=MUTED, fontsize=9.5)
    return figure


def _lines(arms: Mapping[str, Any]) -> list[tuple[str | None, str]]:
    """What stands in each row: a setting's title (None) or an arm, with its colour."""
    lines: list[tuple[str | None, str]] = []
    for _, colour, names in SETTINGS:
        found = [name for name in names if name in arms]
        if found:
            lines += [(None, colour), *((name, colour) for name in found)]
    return lines


def _arm_names(figure: Figure, panel: Any, lines: Sequence[tuple[str | None, str]]) -> None:
    from matplotlib.transforms import blended_transform_factory

    beside = blended_transform_factory(figure.transFigure, panel.transData)
    words = {colour: title for title, colour, _ in SETTINGS}
    for place, (arm, colour) in enumerate(lines):
        if arm is None:
            panel.text(
                0.015, place, words[colour], transform=beside, color=colour, va="center", weight="bold"
            )
        else:
            panel.text(0.03, place, ARM_WORDS[arm], transform=beside, color=INK, va="center", fontsize=9.5)


LIGHT_VALUES: Final = "#dba85a"
REDUCTION_ARMS: Final = (
    ("random_chain", MUTED, "D", "random chain"),
    ("learnt_weights", LIGHT_VALUES, "o", "three groups, learnt weights (values only)"),
    ("values", VALUES, "s", "ours (values only)"),
    ("experts", OURS, "^", "ours (expert examples)"),
)


def reductions_figure(flat: Sequence[Row], *, rounds: int) -> Figure:
    """By how much each tournament is nearer than pooled at equal compute, emotion by emotion.

    Args:
        flat: Rows of `flat_rows`.
        rounds: After which number of rounds.
    """
    emotions = list(dict.fromkeys(row["emotion"] for row in flat if row["crowd"] == "heterogeneous"))
    panels = METRICS
    height = 1.7 + 0.34 * len(emotions)
    figure, axes = subplots(1, 2, 10, height, sharex=True, sharey=True)
    order: list[str] = []
    for panel, metric in zip(axes[0], panels, strict=True):
        found = {arm: _by_emotion(flat, arm, emotions, rounds, metric) for arm, *_ in REDUCTION_ARMS}
        if not order:
            order = sorted(emotions, key=lambda emotion: -found["values"].get(emotion, 0.0))
        for arm, colour, marker, _ in REDUCTION_ARMS:
            values = found[arm]
            heights = [place for place, emotion in enumerate(order) if emotion in values]
            reductions = [100 * values[order[place]] for place in heights]
            panel.plot(reductions, heights, marker, color=colour, ms=7, mec="white", mew=0.8, zorder=3)
            if values:
                panel.axvline(100 * np.mean(list(values.values())), color=colour, lw=1, alpha=0.55, zorder=1)
        panel.axvline(0, color=INK, lw=0.8)
        panel.set_xlabel(
            f"nearer than pooled, equal compute (%), {'embedding' if metric == 'distance' else 'labels'}"
        )
        panel.set_yticks(range(len(order)), order)
        panel.grid(axis="y", color=HAIRLINE)
    axes[0, 0].set_ylim(len(order) - 0.5, -0.5)
    axes[0, 0].set_xlim(right=102)
    axes[0, 0].tick_params(axis="y", labelcolor=INK)
    figure.text(
        0.015, 1 - 0.3 / height, f"Reduction of the distance after {rounds} rounds, by emotion", **TITLE
    )
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour, marker=marker, ls="", ms=7) for _, colour, marker, _ in REDUCTION_ARMS
    ]
    figure.legend(
        handles,
        [words for *_, words in REDUCTION_ARMS],
        loc="upper left",
        bbox_to_anchor=(0.003, 1 - 0.36 / height),
        ncol=4,
        frameon=False,
        fontsize=9.5,
        handletextpad=0.2,
        columnspacing=1.4,
    )
    figure.subplots_adjust(left=0.135, right=0.98, top=1 - 0.78 / height, bottom=0.55 / height, wspace=0.06)
    return figure


def _by_emotion(
    flat: Sequence[Row], arm: str, emotions: Sequence[str], rounds: int, metric: str
) -> dict[str, float]:
    """For each emotion the reduction against pooled at equal compute."""
    found = {}
    for emotion in emotions:
        rows = [row for row in flat if row["emotion"] == emotion]
        claim = compare(rows, "heterogeneous", arm, "pooled_equal", rounds=rounds, metric=metric)
        if claim is not None:
            found[emotion] = claim.reduction
    return found
