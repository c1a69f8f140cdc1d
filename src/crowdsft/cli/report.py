"""`report.html`: a campaign on one page that needs nothing else to be looked at, not even a server."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from crowdsft.cli.progress import MERGE_WORDS
from crowdsft.core.campaign import CampaignState
from crowdsft.rounds.artifacts import Artifacts

SAMPLES_SHOWN = 6
STATIC = Path(__file__).parent.parent / "web" / "static"


def write_report(result: Mapping[str, Any], state: CampaignState, artifacts: Artifacts, path: Path) -> None:
    """Write the page for `result` to `path`; `artifacts` holds what the models wrote."""
    body = "\n".join(
        [
            _head(result, state),
            _chart(state),
            _samples(state, artifacts),
            _rounds(result),
            _judging(state),
            _points(result),
            _facts(result, state),
        ]
    )
    path.write_text(
        _PAGE.format(title=escape(state.plan.campaign.name), styles=_styles(), body=body), encoding="utf-8"
    )


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - crowdsft report</title><style>{styles}</style></head>
<body><main class="page stack loose">{body}</main></body></html>
"""


def _styles() -> str:
    """Both stylesheets in one, in the layers that app.css expects."""
    pico = (STATIC / "pico.min.css").read_text(encoding="utf-8").removeprefix("\ufeff")
    own = (STATIC / "app.css").read_text(encoding="utf-8")
    without_import = "\n".join(line for line in own.splitlines() if not line.startswith("@import"))
    charset = '@charset "UTF-8";'
    return f"@layer pico{{{pico.replace(charset, '')}}}\n{without_import}"


def _head(result: Mapping[str, Any], state: CampaignState) -> str:
    simulated = (
        '<p><span class="badge">Simulated contributors</span></p>' if state.plan.campaign.simulated else ""
    )
    score = result.get("score")
    stats = (
        {"Score at the start": f"{score['start']:.3f}", "Score at the end": f"{score['end']:.3f}"}
        if score
        else {
            "Closer to the target": f"{result['reduction_percent']:.1f} %",
            "Distance at the start": f"{result['base_distance']:.3f}",
            "Distance at the end": f"{result['final_distance']:.3f}",
        }
    ) | {"Points paid": f"{result['ledger']['sum']:,}"}
    cells = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in stats.items()
    )
    description = escape(state.plan.campaign.description)
    return (
        f'<header class="stack">{simulated}<h1>{escape(state.plan.campaign.name)}</h1>'
        f'<p class="lede">{description}</p></header><dl class="stats">{cells}</dl>'
    )


def _chart(state: CampaignState) -> str:
    from crowdsft.web.charts import distance_chart
    from crowdsft.web.pages.measure import measure_of
    from crowdsft.web.pages.rounds_story import chart_data

    data = chart_data(state, None)
    if data is None:
        return ""
    score = measure_of(state.plan).is_score
    note = (
        "Dots are candidates, the large dot is the winner, the band a 95 % interval of the base. "
        f"{'Higher' if score else 'Lower'} is better."
    )
    return (
        f'<article class="stack"><h2>{"Score by the judges" if score else "Distance to the target"}</h2>'
        f"{distance_chart(data)}"
        f'<p class="meta">{note} Every value is of a fresh sample that steered nothing.</p></article>'
    )


def _samples(state: CampaignState, artifacts: Artifacts) -> str:
    """The first answers of the reporting sample, of the first base and of the newest one."""
    measured = [
        current for current in state.rounds if current.base_evaluation is not None and current.selected
    ]
    if not measured:
        return ""
    first, last = measured[0].base_evaluation, measured[-1].left
    assert first is not None and last is not None
    before, after = (
        artifacts.rows(first.outputs)[:SAMPLES_SHOWN],
        artifacts.rows(last.outputs)[:SAMPLES_SHOWN],
    )
    rows = [
        f"<tr><td>{escape(old['prompt'])}</td><td>{escape(old['response'])}</td><td>{escape(new['response'])}</td></tr>"
        for old, new in zip(before, after, strict=True)
    ]
    return _table("What it writes", ("Prompt", "At the start", "Now"), rows)


def _judging(state: CampaignState) -> str:
    """How the judges decided each round, where there are others than the distance."""
    from crowdsft.web.pages.judging_story import judging_story

    rows = [
        f"<tr><td class=num>{told.number}</td><td>{escape(told.sentence)}</td></tr>"
        for told in reversed(judging_story(state))
    ]
    return _table("What the judges said", ("Round", "Decision"), rows) if rows else ""


def _rounds(result: Mapping[str, Any]) -> str:
    sign = 1 if "score" in result else -1
    rows = []
    for current in result["rounds"]:
        for candidate in current["candidates"]:
            won = candidate["group"] == current["winner"]
            low, high = sorted(sign * end for end in candidate["interval"])
            rows.append(
                f"<tr><td class=num>{current['round']}</td>"
                f"<td{' class=win' if won else ''}>Group {_letter(candidate['group'])}{' won' if won else ''}</td>"
                f"<td class=num>{sign * candidate['utility']:.3f}</td>"
                f"<td class=num>{low:.3f} to {high:.3f}</td>"
                f"<td>{escape(', '.join(candidate['contributors']))}</td></tr>"
            )
        for merge in current["merges"]:
            won = merge["number"] == current["winner"]
            low, high = sorted(sign * end for end in merge["interval"])
            words = MERGE_WORDS[merge["kind"]].capitalize()
            rows.append(
                f"<tr><td class=num>{current['round']}</td>"
                f"<td{' class=win' if won else ''}>{words}{' won' if won else ''}</td>"
                f"<td class=num>{sign * merge['utility']:.3f}</td>"
                f"<td class=num>{low:.3f} to {high:.3f}</td><td></td></tr>"
            )
        if current["winner"] is None:
            rows.append(
                f"<tr><td class=num>{current['round']}</td><td>Base kept</td>"
                f"<td class=num>{sign * current['base_utility']:.3f}</td><td></td>"
                f"<td>{_WHY_KEPT.get(current['outcome'], 'No candidate was better beyond noise')}</td></tr>"
            )
    name = "Score" if "score" in result else "Distance"
    return _table("Rounds", ("Round", "Candidate", name, "95 % interval", "Contributors"), rows)


def _points(result: Mapping[str, Any]) -> str:
    numbers = [current["round"] for current in result["rounds"]]
    rows = []
    for name, points in sorted(result["points"].items(), key=lambda item: (-item[1], item[0])):
        paid = "".join(f"<td class=num>{current['awards'].get(name, 0)}</td>" for current in result["rounds"])
        rows.append(f"<tr><td>{escape(name)}</td>{paid}<td class=num><strong>{points}</strong></td></tr>")
    return _table("Points", ("Contributor", *(f"Round {number}" for number in numbers), "In all"), rows)


def _table(title: str, columns: tuple[str, ...], rows: list[str]) -> str:
    numeric = ("Round", "Distance", "Score", "95 % interval", "In all")
    head = "".join(
        f"<th{' class=num' if name.startswith(numeric) else ''} scope=col>{escape(name)}</th>"
        for name in columns
    )
    return (
        f'<section class="stack"><h2>{title}</h2><div class="card scroll" tabindex="0" role="region" '
        f'aria-label="{title}"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div></section>'
    )


def _facts(result: Mapping[str, Any], state: CampaignState) -> str:
    seconds, ledger = result["seconds"], result["ledger"]
    return (
        '<section class="stack tight"><h2>How it was made</h2><p class="meta">'
        f"Base model {escape(state.plan.model.base)}, seed {result['seed']}, "
        f"points by {escape(state.plan.points.policy)}. "
        f"{seconds['total']:.0f} s in all: training {seconds['train']:.1f} s, generating {seconds['generate']:.1f} s, "
        f"evaluating {seconds['evaluate']:.1f} s; peak memory {result['peak_memory_bytes'] / 1e9:.2f} GB.</p>"
        f'<p class="meta">Ledger: {ledger["entries"]} entries, {ledger["sum"]} of {ledger["budget"]} points, '
        f"{'an unbroken chain' if ledger['valid'] else 'NOT VALID'}; head "
        f'<span class="mono">{ledger["head"][:16]}</span>.</p></section>'
    )


_WHY_KEPT = {"guarded": "Who was better fell behind where a guard looks"}


def _letter(group: int) -> str:
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[group % 26]
