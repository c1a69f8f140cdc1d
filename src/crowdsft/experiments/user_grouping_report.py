"""The page that tells experiment 3's results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crowdsft.experiments.drawing import png
from crowdsft.experiments.page import figure, table, write_page
from crowdsft.experiments.user_grouping_figures import (
    agreement_figure,
    distance_figure,
    reproduction_figure,
)
from crowdsft.experiments.user_grouping_published import Published, compare
from crowdsft.experiments.user_grouping_sweep import Cell, Outcome

ARM_WORDS = {
    "paper": "The paper's points (by rank)",
    "values": "Ridge over all rounds' values",
    "ours": "Decoded from candidates' embeddings",
    "weighted": "Decoded, groups weighted by exponentiated gradient",
    "free": "The same without a floor on who counts",
}


def write_report(
    output: Path, summary: dict[str, Any], outcomes: Sequence[Outcome], published: dict[Cell, Published]
) -> None:
    """Write `report.html`, its figures inside, to `output`."""
    comparisons = compare(published, list(outcomes))
    parts = [
        _head(summary),
        _agreement(summary, outcomes),
        _distance(summary, outcomes),
    ]
    if comparisons:
        picture = figure(png(reproduction_figure(comparisons)), "Repeated against published means, by cell")
        parts.append(_reproduction(summary["reproduction"]) + picture)
    write_page(output / "report.html", "User grouping", parts)


def _head(summary: dict[str, Any]) -> str:
    cells = summary["arms"]["paper"]["cells"]
    return (
        "<h1>Groups, points and Shapley values</h1>"
        '<p class="lede">Contributors are MovieLens users as vectors of mean ratings by genre; a model is a '
        "point that moves towards its winning group for 100 rounds. "
        f"{cells} cells, {summary['runs']} runs each, seed {summary['seed']}. "
        "The paper's way and ours play in the same worlds.</p>"
    )


def _agreement(summary: dict[str, Any], outcomes: Sequence[Outcome]) -> str:
    rows = [
        (
            ARM_WORDS[arm],
            f"{values['pearson_mean']:.3f}",
            f"{values['spearman_mean']:.3f}",
            f"{values['spearman_least']:.3f}",
            f"{100 * values['share_of_runs_above_0.92']:.0f} %",
            str(values["cells"]),
        )
        for arm, values in summary["arms"].items()
    ]
    titles = ("Points", "Pearson", "Spearman", "least run", "runs at .92 or more", "cells")
    figures = "".join(
        figure(
            png(agreement_figure(outcomes, metric)),
            f"{metric.capitalize()} correlation of points with accurate Shapley values, by evaluation, "
            "grouping, contributors and groups",
        )
        for metric in ("spearman", "pearson")
    )
    return (
        "<h2>Do points track Shapley values?</h2>"
        "<p>Points are compared with accurate Shapley values of the game in which a coalition is worth the "
        "utility of its members' mean. 1 is full agreement. The paper's points fall behind as the crowd "
        "grows, because every member of a group is paid alike and 100 rounds are too few to average that "
        "out. Solving all rounds together needs no extra training: from values alone, or from the "
        "candidates' embeddings, which show where each contributor pulls.</p>"
        f"{table('Means over cells; agreement with accurate values', titles, rows)}{figures}"
    )


def _distance(summary: dict[str, Any], outcomes: Sequence[Outcome]) -> str:
    distances = summary["distances"]
    ratio, share = distances["ratio_to_paper"], distances["least_effective_share"]
    picture = figure(png(distance_figure(outcomes)), "Distance to the expert over the rounds")
    return (
        "<h2>How near does the model come?</h2>"
        f"<p>Final distance, mean over the cells that aim at distance: the paper's tournaments end at "
        f"{distances['paper_mean']:.2f}. With contributor weights learned by exponentiated gradient the mean is "
        f"{ratio['free']:.2f} of that, and {ratio['weighted']:.2f} when at least a tenth of the contributors must "
        f"count (the least mean share in a cell was {share['weighted']:.2f}). Without weights it is "
        f"{ratio['ours']:.2f}. No tournament of this kind can leave the convex hull of contributors and start; "
        f"its nearest point is at {distances['floor_ratio_to_paper']:.2f}.</p>{picture}"
    )


def _reproduction(reproduction: dict[str, Any]) -> str:
    sentences = []
    for name, words in (("pearson", "correlations"), ("distance", "final distances")):
        if name in reproduction:
            part = reproduction[name]
            sentences.append(
                f"Of {part['cells']} {words}, {100 * part['within_3_standard_errors']:.1f} % lie within three "
                f"standard errors of the difference; the largest difference is {part['largest']:.1f} of them."
            )
    return (
        "<h2>Are these the paper's experiments?</h2><p>Played the paper's way, the sweep gives the published "
        f"means. {' '.join(sentences)} The published correlations are with Shapley values estimated by "
        "KernelSHAP from 10,000 samples, which for 100 contributors is mostly noise, so they are lower than "
        "the agreement with accurate values above.</p>"
    )
