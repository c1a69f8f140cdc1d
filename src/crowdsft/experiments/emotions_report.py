"""Results of the emotions experiment on disk: tables, figures and a page."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crowdsft.experiments.drawing import png
from crowdsft.experiments.emotions_figures import ARM_WORDS, arms_figure, reductions_figure
from crowdsft.experiments.emotions_summary import Row, flat_rows, summarise
from crowdsft.experiments.page import figure, table, write_page

TITLES = ("Arm", "rounds", "embedding", "labels", "unreadable", "copied", "on target", "passes (all)")


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
    parts.append(_claims(summary["claims"], rounds))
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
    rows = [
        (
            ARM_WORDS[arm],
            rounds,
            _with_error(state["distance"], state["distance_error"]),
            _with_error(state["label_distance"], state["label_distance_error"]),
            f"{state['unreadable']:.2f}",
            f"{state['copied']:.2f}",
            "" if state["on_target"] is None else f"{state['on_target']:.2f}",
            f"{state['training_passes']:.0f} ({state['passes_with_generation']:.0f})",
        )
        for arm in ARM_WORDS
        for rounds, state in arms.get(arm, {}).items()
    ]
    cells = sorted({state["cells"] for states in arms.values() for state in states.values()})
    played = f"{cells[0]} to {cells[-1]}" if len(cells) > 1 else f"{cells[0]}"
    return table(
        f"Distances: means over cells ({played} for an arm) ± standard errors over emotions. Unreadable: answers "
        "that the grammar cannot read. Copied: word for word from the crowd or the examples. On target: of what was "
        "trained on. Passes in training, and with an answer for choosing or a scored text as a third of one",
        TITLES,
        rows,
    )


def _with_error(mean: float, error: float | None) -> str:
    return f"{mean:.3f}" if error is None else f"{mean:.3f} ± {error:.3f}"


def _claims(claims: Sequence[Mapping[str, Any]], rounds: int) -> str:
    """Each arm against its controls at the end, by both scorers."""
    parts = ["<h2>Every claim with its control</h2>"]
    for crowd in dict.fromkeys(claim["crowd"] for claim in claims):
        here = [claim for claim in claims if (claim["crowd"], claim["rounds"]) == (crowd, rounds)]
        by_labels = {
            (claim["arm"], claim["control"]): claim for claim in here if claim["metric"] == "label_distance"
        }
        rows = [
            (
                f"{claim['arm']} against {claim['control']}",
                *_compared(claim),
                *_compared(by_labels[claim["arm"], claim["control"]]),
                str(claim["cells"]),
            )
            for claim in here
            if claim["metric"] == "distance"
        ]
        parts.append(
            table(
                f"A {crowd} crowd after {rounds} rounds. Reduction: 1 - arm / control, of means. Gain: control minus "
                "arm in the same cells ± its standard error over emotions, and in such errors",
                ("Arm and control", "embedding", "gain", "errors", "labels", "gain", "errors", "cells"),
                rows,
            )
        )
    return "".join(parts)


def _compared(claim: Mapping[str, Any]) -> tuple[str, str, str]:
    errors = "" if claim["errors"] is None else f"{claim['errors']:+.1f}"
    gain = _with_error(claim["difference"], claim["standard_error"])
    return f"{100 * claim['reduction']:+.0f} %", gain, errors
