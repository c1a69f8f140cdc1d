"""The page that tells what attackers earn."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from crowdsft.experiments.attack_figures import earnings_figure
from crowdsft.experiments.attack_play import POLICIES
from crowdsft.experiments.drawing import png
from crowdsft.experiments.page import figure, table, write_page

Row = Mapping[str, Any]


def write_report(output: Path, summary: dict[str, Any]) -> None:
    """Write `attacks.png` and `report.html` to `output`."""
    attacks = summary["attacks"]
    image = png(earnings_figure(attacks))
    (output / "attacks.png").write_bytes(base64.b64decode(image))
    parts = [
        _head(summary),
        figure(
            image, "Attackers' part of all points, per attack and policy, beside what their work was worth"
        ),
        _shares(attacks),
        *_persons(attacks),
        _honest(attacks),
    ]
    write_page(output / "report.html", "Attacks", parts)


def _head(summary: dict[str, Any]) -> str:
    everybody = summary["honest"] + summary["attackers"]
    return (
        "<h1>What attackers earn</h1>"
        f'<p class="lede">{summary["attackers"]} of {everybody} contributors attack for {summary["rounds"]} '
        f"rounds; {summary['runs']} campaigns per attack, seed {summary['seed']}. Contributors are vectors of mean "
        "ratings by genre, groups are random, the L2 distance to one more person is to fall.</p>"
        "<p>An attack pays when the attackers get a larger part of the points than their work was worth: their "
        "part of the Shapley values of each round's members, clipped at 0. The bar is that worth. Marks to the "
        "right of it are gains; marks to the left are losses, as for clones who count as one.</p>"
    )


def _shares(attacks: Sequence[Row]) -> str:
    rows = [
        (
            attack["words"],
            f"{attack['true_share']:.3f}",
            *(f"{got['share']:.3f} ± {got['share_error']:.3f}" for got in attack["policies"].values()),
            f"{100 * _last(attack)['largest_excess']:+.1f}",
        )
        for attack in attacks
    ]
    return "<h2>Part of the points</h2>" + table(
        "Means over campaigns and their standard errors; last: the largest gain over the true part in any "
        "campaign with the last policy, in points per hundred",
        ("Attack", "worth", *_policies(attacks), "largest gain"),
        rows,
    )


def _persons(attacks: Sequence[Row]) -> Iterable[str]:
    clones = [attack for attack in attacks if _last(attack)["against_one"] is not None]
    copied = [attack for attack in attacks if _last(attack)["victims"] is not None]
    if clones:
        yield (
            "<h2>One person, ten names</h2><p>What ten names earn together, as a multiple of what the same person "
            "earns with one. Copies nearer to each other than honest people ever are count as one. Copies "
            "that differ more are, to anybody who sees only what they do to a model, different people.</p>"
        )
        yield table("Means over campaigns", ("Attack", *_policies(clones)), _rows(clones, "against_one"))
    if copied:
        yield (
            "<h2>Those who are copied</h2><p>Points of those whose work is copied, as a multiple of what they earn "
            "when nobody copies.</p>"
        )
        yield table("Means over campaigns", ("Attack", *_policies(copied)), _rows(copied, "victims"))


def _honest(attacks: Sequence[Row]) -> str:
    rows = [
        (
            attack["words"],
            *(f"{got['honest_spearman']:.3f}" for got in attack["policies"].values()),
            f"{_last(attack)['honest_limit']:.3f}",
            f"{_last(attack)['honest_spearman_as_one']:.3f}",
        )
        for attack in attacks
    ]
    return (
        "<h2>Are the others still paid fairly?</h2><p>Rank correlation of honest contributors' points with their "
        "true values. Where clones count as one, everybody else's fair part changes too: the limit is what "
        "perfect points for clones as one would reach against values that count every name, and the last "
        "column compares the last policy with values that count clones as one.</p>"
        + table(
            "Spearman, means over campaigns", ("Attack", *_policies(attacks), "limit", "clones as one"), rows
        )
    )


def _rows(attacks: Sequence[Row], name: str) -> list[tuple[str, ...]]:
    return [
        (attack["words"], *(f"{got[name]:.2f}" for got in attack["policies"].values())) for attack in attacks
    ]


def _policies(attacks: Sequence[Row]) -> list[str]:
    return [POLICIES[name].words for name in attacks[0]["policies"]]


def _last(attack: Row) -> Row:
    got: Row = list(attack["policies"].values())[-1]
    return got
