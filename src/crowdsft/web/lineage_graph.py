"""The lineage as a graph in SVG: the first base, each round's candidates, what each round left, branches given up.

Rounds are columns, oldest first; it is drawn once, at the size of its text, and scrolls sideways where it is wider
than the page. The way to the base of now is the lane on top; branches that a rollback gave up have lanes below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.safestring import SafeString, mark_safe

from crowdsft.web import svg

COLUMN = 84
EDGE = 44
FEW = 8  # candidates beside the winner; more of them stand closer together
LINE = 15
Kind = Literal["won", "kept", "open"]


@dataclass(frozen=True, slots=True)
class Node:
    """What one round left.

    Args:
        column: Its place, 1 for the first round drawn; 0 is the model that everything drawn comes from.
        parent: The column of the model it started from.
        labels: Lines of text below it, the first in bold.
        kind: "won": a new model; "kept": the base stayed; "open": not decided yet.
        others: Candidates that did not become the base, best first.
        own: Which of `others` is of the reader's group; -1: the winner is.
        is_given_up: Whether a rollback went back behind it.
    """

    column: int
    parent: int
    labels: tuple[str, ...]
    kind: Kind
    others: int
    own: int | None
    is_given_up: bool


def lanes_of(nodes: Sequence[Node]) -> dict[int, int]:
    """The lane of each column: 0 for what led to the base of now, the shortest branch nearest below it."""
    lanes = {0: 0} | {node.column: 0 for node in nodes if not node.is_given_up}
    branches: list[list[Node]] = []
    for node in nodes:
        if not node.is_given_up:
            continue
        goes_on = next((branch for branch in branches if branch[-1].column == node.parent), None)
        if goes_on is None:
            branches.append([node])
        else:
            goes_on.append(node)
    taken: list[tuple[int, int, int]] = []
    for branch in sorted(branches, key=lambda one: (one[-1].column - one[0].parent, one[0].column)):
        first, last = branch[0].parent, branch[-1].column
        lane = 1
        while any(at == lane and first < end and start < last for at, start, end in taken):
            lane += 1
        taken.append((lane, first, last))
        lanes |= {node.column: lane for node in branch}
    return lanes


def lineage_graph(root: tuple[str, ...], nodes: Sequence[Node], sentence: str) -> SafeString:
    """The graph, read out as `sentence`; `root` is the text below the model on the left."""
    lanes = lanes_of(nodes)
    levels, height = _levels(root, nodes, lanes)
    width = 2 * EDGE + COLUMN * max((node.column for node in nodes), default=0)
    step = dot_step(nodes)
    parts: list[str] = []
    for node in nodes:
        parts += _edge(node, levels[lanes[node.parent]], levels[lanes[node.column]])
    parts += [svg.circle("dot-base", _x(0), levels[0], 6), *_text(root, 0, levels[0])]
    for node in nodes:
        parts += _node(node, levels[lanes[node.column]], step)
    drawn = svg.picture("lineage", width, height, sentence, parts)
    return mark_safe(drawn.replace("<svg", f'<svg width="{width}" height="{height}"', 1))


def dot_step(nodes: Sequence[Node]) -> int:
    """Pixels from one candidate to the next."""
    return 9 if max((node.others for node in nodes), default=0) <= FEW else 6


def _levels(
    root: tuple[str, ...], nodes: Sequence[Node], lanes: dict[int, int]
) -> tuple[dict[int, float], int]:
    """The height at which each lane's models lie, with room for candidates above and text below; and the whole."""
    levels, y = {}, 0.0
    for lane in range(max(lanes.values()) + 1):
        here = [node for node in nodes if lanes[node.column] == lane]
        above = max((node.others for node in here), default=0)
        texts = [len(node.labels) for node in here] + ([len(root)] if lane == 0 else [])
        levels[lane] = y + 14 + dot_step(nodes) * above + (6 if above else 0)
        y = levels[lane] + 14 + LINE * max(texts) + 8
    return levels, round(y)


def _x(column: int) -> float:
    return EDGE + COLUMN * column


def _edge(node: Node, start_y: float, y: float) -> Iterator[str]:
    """From the model a round started from to what it left; a branch leaves its lane between two columns' texts."""
    kind = "way gone" if node.is_given_up else "way hollow" if node.kind == "open" else "way"
    start, end = _x(node.parent), _x(node.column)
    if start_y == y:
        yield svg.level(kind, start, end, y)
        return
    turn, corner = start + 0.5 * COLUMN, 8 if y > start_y else -8
    yield (
        f'<path class="{kind}" d="M{start:.1f} {start_y:.1f}H{turn - 8:.1f}'
        f"Q{turn:.1f} {start_y:.1f} {turn:.1f} {start_y + corner:.1f}V{y - corner:.1f}"
        f'Q{turn:.1f} {y:.1f} {turn + 8:.1f} {y:.1f}H{end:.1f}"/>'
    )


def _node(node: Node, y: float, step: int) -> Iterator[str]:
    x = _x(node.column)
    root = x - 0.5 * COLUMN
    for number in range(node.others):
        dot_y = y - 15 - step * number
        yield f'<path class="twig" d="M{root:.1f} {y:.1f}Q{root + 14:.1f} {dot_y:.1f} {x:.1f} {dot_y:.1f}"/>'
    for number in range(node.others):
        yield svg.circle("dot", x, y - 15 - step * number, step / 3)
    yield svg.circle(_dot(node), x, y, 6)
    if node.own is not None:
        own_y = y if node.own < 0 else y - 15 - step * node.own
        yield svg.circle("ring-you", x, own_y, 9 if node.own < 0 else 5.5)
    yield from _text(node.labels, node.column, y)


def _dot(node: Node) -> str:
    if node.is_given_up:
        return "dot-gone"
    return "dot-win" if node.kind == "won" else "dot-base"


def _text(lines: tuple[str, ...], column: int, y: float) -> Iterator[str]:
    for number, line in enumerate(lines):
        kind = "strong" if number == 0 else ""
        yield svg.words(line, _x(column), y + 24 + LINE * number, anchor="middle", kind=kind)
