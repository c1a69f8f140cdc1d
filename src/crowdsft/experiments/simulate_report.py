"""Figures and a page for one simulated setting: points against Shapley values, distance over rounds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.rewards import REWARDS, BoundUtility
from crowdsft.experiments.drawing import INK, MUTED, OURS, PAPER, TITLE, png, subplots
from crowdsft.experiments.page import figure, table, write_page
from crowdsft.simulation.ledger import POINTS_PER_CONTRIBUTOR
from crowdsft.simulation.summary import Played

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Estimates:
    """What the policy thinks each contributor's work is worth, in points; `low` and `high` end 95 % intervals."""

    worth: Floats
    low: Floats
    high: Floats


def write_simulation(output: Path, played: Played, settings: Mapping[str, Any]) -> None:
    """Write `result.json` and `report.html` to `output`, which is made when missing.

    Args:
        output: A folder.
        played: What was simulated.
        settings: The options by name, as they go into `result.json`.
    """
    output.mkdir(parents=True, exist_ok=True)
    result = {**settings, **played.figures.as_json()}
    (output / "result.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    write_page(
        output / "report.html", "Simulation", [_head(settings), *_agreement(played, settings), *_way(played)]
    )


def _head(settings: Mapping[str, Any]) -> str:
    return (
        "<h1>A simulated tournament</h1>"
        f'<p class="lede">{settings["users"]} contributors in {settings["groups"]} groups, {settings["rounds"]} '
        f"rounds, {settings['runs']} runs. Groups: {settings['grouping']}. Evaluation: {settings['evaluation']}. "
        f"Points: {settings['rewards']}. Weights: {settings['weighting']}. Noise: {settings['noise']}.</p>"
    )


def _agreement(played: Played, settings: Mapping[str, Any]) -> list[str]:
    found = played.figures
    rows = [
        ("Pearson, mean over runs", _shown(found.pearson_mean)),
        ("Spearman, mean over runs", _shown(found.spearman_mean)),
        ("Spearman, least run", _shown(found.spearman_min)),
        ("Spearman of the ledger's whole points", _shown(found.ledger_spearman_mean)),
    ]
    title = "<h2>Do the points follow Shapley values?</h2>"
    game = "the game in which a coalition is worth the utility of its members' mean"
    parts = [
        f"{title}<p>Points against accurate Shapley values of {game}.</p>",
        table("Agreement", ("", ""), rows),
    ]
    if len(played.balances):
        words = "Points in the ledger of the first run against accurate Shapley values"
        parts.append(figure(png(agreement_figure(played, str(settings["rewards"]))), words))
        parts.append(
            "<p>Each dot is a contributor of the first run. Negative values count as 0, since points are never "
            "negative. Bars are the policy's own 95 % intervals, where it makes estimates.</p>"
        )
    return parts


def _way(played: Played) -> list[str]:
    found = played.figures
    title = "<h2>How near does the model come?</h2>"
    sentences = (
        f"The model ends {found.final_distance_mean:.2f} from the target on average. It cannot leave the hull of "
        f"contributors and start, whose nearest point is {found.floor_distance_mean:.2f} away. "
        f"{found.effective_contributors_mean:.1f} contributors count on average."
    )
    return [
        f"{title}<p>{sentences}</p>",
        figure(
            png(distance_figure(played)), "Distance to the target over the rounds, each run and their mean"
        ),
    ]


def agreement_figure(played: Played, policy: str) -> Figure:
    """Balances of the first run against true values, both in points."""
    drawn, axes = subplots(1, 1, 7.2, 5.4)
    panel = axes[0, 0]
    truth = np.maximum(played.truth[0], 0.0)
    budget = float(played.balances[0].sum())
    worth = truth * budget / truth.sum() if truth.sum() else truth
    points = played.balances[0]
    estimates = _estimates_of_first_run(played, policy)
    highest = 1.06 * float(max(worth.max(), points.max(), 1.0))
    panel.plot([0, highest], [0, highest], color=MUTED, lw=0.9, ls=(0, (3, 3)), zorder=1)
    if estimates is not None:
        panel.vlines(
            worth, np.maximum(estimates.low, 0), np.maximum(estimates.high, 0), color=OURS, alpha=0.35, lw=2
        )
    panel.plot(worth, points, "o", color=OURS, ms=5.5, mec="white", mew=0.6)
    panel.set(
        xlim=(0, highest), ylim=(0, highest), xlabel="accurate Shapley value, in points", ylabel="points paid"
    )
    panel.set_aspect("equal")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_formatter("{x:,.0f}")
    panel.set_title("Points against Shapley values, first run", pad=12, **TITLE)
    drawn.subplots_adjust(left=0.1, right=0.97, top=0.9, bottom=0.11)
    return drawn


def _estimates_of_first_run(played: Played, policy: str) -> _Estimates | None:
    """The estimates at the end of the campaign; None for policies that make none."""
    records = played.history.records(0)
    settlement = REWARDS.make(policy).settle(
        records,
        balances={},
        budget_per_round=POINTS_PER_CONTRIBUTOR * len(records[0].contributors),
        utility=BoundUtility(played.settings.evaluation, played.world.targets[0]),
        seed=played.world.seeds[0],
    )
    if any(award.estimate is None for award in settlement.awards):
        return None
    worth, low, high = (
        np.array([getattr(award, name) for award in settlement.awards], dtype=np.float64)
        for name in ("estimate", "low", "high")
    )
    return _Estimates(worth, low, high)


def distance_figure(played: Played) -> Figure:
    """Euclidean distance of the model to the target: thin lines are runs, the thick one their mean."""
    drawn, axes = subplots(1, 1, 9, 4.6)
    panel: Axes = axes[0, 0]
    distances = played.history.distances(played.world.targets)
    panel.plot(distances.T, color=PAPER, lw=0.8, alpha=max(0.12, 0.6 / np.sqrt(len(distances))))
    mean = distances.mean(axis=0)
    panel.plot(mean, color=OURS, lw=2.6)
    floor = float(played.floors.mean())
    panel.axhline(floor, color=INK, lw=1, ls=(0, (4, 3)))
    last = distances.shape[1] - 1
    panel.annotate(
        f"{mean[-1]:.2f}", (last, mean[-1]), (6, 0), textcoords="offset points", color=OURS, va="center"
    )
    panel.annotate(
        f"nearest point of the hull {floor:.2f}",
        (0, floor),
        (4, -5),
        textcoords="offset points",
        color=INK,
        va="top",
    )
    panel.set(xlim=(0, last), ylim=(0, None), xlabel="round", ylabel="distance to the target")
    drawn.text(0.085, 0.93, "Distance to the target, each run and their mean", **TITLE)
    drawn.subplots_adjust(left=0.085, right=0.93, top=0.87, bottom=0.12)
    return drawn


def _shown(correlation: float | None) -> str:
    return "none" if correlation is None else f"{correlation:.3f}"
