"""The figure of what attackers earn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crowdsft.experiments.attack_play import POLICIES
from crowdsft.experiments.drawing import HAIRLINE, INK, MUTED, OURS, PAPER, TITLE, VALUES, subplots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKS: Mapping[str, dict[str, Any]] = {
    "paper": {"color": PAPER, "marker": "s", "s": 34},
    "values": {"color": VALUES, "marker": "D", "s": 30},
    "decoded": {"color": OURS, "marker": "o", "s": 44, "facecolor": "white", "linewidth": 1.5},
    "decoded_clusters": {"color": OURS, "marker": "o", "s": 46},
}
ROW, HEAD, FOOT = 0.36, 1.35, 0.75  # inches


def earnings_figure(attacks: Sequence[Mapping[str, Any]]) -> Figure:
    """One row per attack: the attackers' part of the points by each policy, and a bar for what it was worth.

    Args:
        attacks: `summarise`'s rows, in the order to be drawn.
    """
    height = ROW * len(attacks) + HEAD + FOOT
    figure, [[panel]] = subplots(1, 1, 10, height)
    for row, attack in enumerate(attacks):
        _row(panel, row, attack)
    panel.set_yticks(range(len(attacks)), [attack["words"] for attack in attacks])
    panel.tick_params(axis="y", labelcolor=INK, labelsize=10)
    panel.set_ylim(len(attacks) - 0.4, -0.6)
    panel.set_xlim(-0.008, None)
    panel.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    panel.set_xlabel("of all points go to the 10 attackers among 50 contributors", loc="left")
    panel.grid(axis="y", visible=False)
    panel.spines[["left", "bottom"]].set_visible(False)
    figure.subplots_adjust(left=0.29, right=0.975, top=1 - HEAD / height, bottom=FOOT / height)
    figure.text(0.03, 1 - 0.42 / height, "What attackers earn, and what their work was worth", **TITLE)
    _key(figure, 1 - 0.86 / height)
    return figure


def _row(panel: Axes, row: int, attack: Mapping[str, Any]) -> None:
    panel.barh(row, attack["true_share"], 0.62, color=HAIRLINE, zorder=1)
    panel.plot([attack["true_share"]] * 2, [row - 0.31, row + 0.31], color=INK, lw=1.6, zorder=2)
    for policy, mark in MARKS.items():
        figures = attack["policies"].get(policy)
        if figures is None:
            continue
        spread = figures["share_error"]
        panel.plot(
            [figures["share"] - spread, figures["share"] + spread],
            [row] * 2,
            color=mark["color"],
            lw=1.2,
            zorder=3,
        )
        panel.scatter(figures["share"], row, zorder=4, **mark)


def _key(figure: Figure, y: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    marks = [
        Line2D(
            [],
            [],
            ls="",
            marker=mark["marker"],
            color=mark["color"],
            markerfacecolor=mark.get("facecolor", mark["color"]),
            markersize=6.5,
            markeredgewidth=1.5,
        )
        for mark in MARKS.values()
    ]
    words = [POLICIES[policy].words for policy in MARKS]
    figure.legend(
        [Patch(facecolor=HAIRLINE, edgecolor=INK, linewidth=1.1), *marks],
        ["what the work was worth", *words],
        loc="center left",
        bbox_to_anchor=(0.02, y),
        ncol=5,
        frameon=False,
        labelcolor=MUTED,
        fontsize=9.5,
        handletextpad=0.4,
        columnspacing=1.4,
        borderpad=0,
    )
