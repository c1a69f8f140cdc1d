"""Results of the emotions experiment on disk: tables, figures and a page."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from crowdsft.experiments.drawing import png
from crowdsft.experiments.emotions_figures import ARM_WORDS, SETTINGS, arms_figure, reductions_figure
from crowdsft.experiments.emotions_summary import Row, flat_rows, summarise
from crowdsft.experiments.page import figure, table, write_page

TITLES = ("Arm", "knows", "rounds", "embedding", "labels", "unreadable", "copied", "on target", "passes",
    "with generation", "cells")  # fmt: skip
SETTING_OF = {arm: title for title, _, names in SETTINGS for arm in names}


def write_results(output: Path, rows: Sequence[Row], *, seconds: float, planned: int) -> dict[str, Any]:
    """Write `results.json`, `results.csv`, figures and `report.html`; returns the summary.

    Args:
        output: Folder.
        rows: The finished rows.
        seconds: Wall time of this call's share of them.
        planned: How many rows there will be when everything is done.
    """
    flat = flat_rows(rows)
    rounds = max((row["rounds"] for row in flat), default=0)
    summary = {
        "rows": len(rows),
        "planned_rows": planned,
        "rounds": rounds,
        "emotions": len({row["emotion"] for row in rows}),
        "seeds": len({row["seed"] for row in rows}),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(_cpu_seconds(rows), 1),
        **summarise(rows),
    }
    (output / "results.json").write_text(
        json.dumps(summary, indent=2, allow_nan=False) + "\n", encoding="utf-8"
    )
    if not flat:
        return summary
    with (output / "results.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(flat[0]))
        writer.writeheader()
        writer.writerows(flat)
    _write_page(output, summary, flat)
    return summary


def _cpu_seconds(rows: Sequence[Row]) -> float:
    """A unit's time stands in the rows of all its arms, and is taken once."""
    cells = {(row["crowd"], row["emotion"], row["seed"], row["unit_cpu_seconds"]) for row in rows}
    return float(sum(seconds for *_, seconds in cells))


def _write_page(output: Path, summary: Mapping[str, Any], flat: Sequence[Row]) -> None:
    rounds, arms = summary["rounds"], summary["arms"]
    parts = [_head(summary)]
    for crowd, name in (("heterogeneous", "emotions"), ("homogeneous", "emotions-homogeneous")):
        if crowd not in arms:
            continue
        image = png(arms_figure(arms[crowd], rounds=rounds))
        (output / f"{name}.png").write_bytes(base64.b64decode(image))
        parts += [
            _crowd_words(crowd),
            figure(image, f"Distance of every arm, {crowd} crowd"),
            _arms_table(arms[crowd]),
        ]
        if crowd == "heterogeneous":
            image = png(reductions_figure(flat, rounds=rounds))
            (output / "emotions-reductions.png").write_bytes(base64.b64decode(image))
            parts.append(figure(image, "Reduction against pooled at equal compute, by emotion"))
    parts.append(_claims(summary["claims"]))
    write_page(output / "report.html", "Emotions", parts)


def _head(summary: Mapping[str, Any]) -> str:
    part = ""
    if summary["rows"] < summary["planned_rows"]:
        part = f" {summary['rows']} of {summary['planned_rows']} rows are done; the rest is not in these figures."
    return (
        "<h1>What brings a crowd's model to the target?</h1>"
        f'<p class="lede">{summary["emotions"]} target emotions, {summary["seeds"]} seeds, '
        f"{summary['rounds']} rounds, twelve contributors with eight new comments each a round; the built-in world "
        f"and its tiny model; {summary['cpu_seconds'] / 60:.0f} minutes of processor time.{part}</p>"
        "<p>Emotions and seeds were fixed before the run. Every model is scored on 300 answers to one seed that no "
        "step has used, by the embedding that candidates are chosen by and by the grammar's own labels, which no "
        "step has seen. Equal compute means equal numbers of training passes.</p>"
    )


def _crowd_words(crowd: str) -> str:
    if crowd == "heterogeneous":
        return (
            "<h2>A crowd that differs</h2><p>Three of the twelve write the target emotion 85 % of the time, five 35 %, "
            "and four write something else.</p>"
        )
    return (
        "<h2>A crowd of equals: the control</h2><p>Everybody writes the target emotion half of the time, so nobody is "
        "worth finding, but single comments are.</p>"
    )


def _arms_table(arms: Mapping[str, Any]) -> str:
    rows = []
    for arm in ARM_WORDS:
        for rounds, state in arms.get(arm, {}).items():
            rows.append(
                (
                    ARM_WORDS[arm],
                    SETTING_OF[arm].removeprefix("Knows "),
                    rounds,
                    _with_error(state["distance"], state["distance_error"]),
                    _with_error(state["label_distance"], state["label_distance_error"]),
                    f"{state['unreadable']:.2f}",
                    f"{state['copied']:.2f}",
                    "" if state["on_target"] is None else f"{state['on_target']:.2f}",
                    f"{state['training_passes']:.0f}",
                    f"{state['passes_with_generation']:.0f}",
                    str(state["cells"]),
                )
            )
    return table(
        "Means over cells and standard errors over emotions. Unreadable: answers that the grammar cannot read. "
        "Copied: word for word from the crowd or the examples. On target: of what was trained on. "
        "With generation: an answer or a scored text counts a third of a training pass",
        TITLES,
        rows,
    )


def _with_error(mean: float, error: float | None) -> str:
    return f"{mean:.3f}" if error is None else f"{mean:.3f} ± {error:.3f}"


def _claims(claims: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            f"{ARM_WORDS[claim['arm']]} ({claim['arm']})",
            f"{ARM_WORDS[claim['control']]} ({claim['control']})",
            f"{claim['crowd'][:-7]}",
            str(claim["rounds"]),
            "embedding" if claim["metric"] == "distance" else "labels",
            f"{100 * claim['reduction']:+.0f} %",
            _with_error(claim["difference"], claim["standard_error"]),
            "" if claim["errors"] is None else f"{claim['errors']:+.1f}",
            str(claim["cells"]),
        )
        for claim in claims
    ]
    words = table(
        "Reduction: 1 - arm / control. Gain: control minus arm in the same cells, its standard error over emotions",
        ("Arm", "against", "crowd", "rounds", "scorer", "reduction", "gain", "in errors", "cells"),
        rows,
    )
    return f"<h2>{escape('Every claim with its control')}</h2>{words}"
