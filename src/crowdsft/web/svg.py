"""Pieces of SVG as text: coordinates rounded, words escaped, no style attributes."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.html import escape

Point = tuple[float, float]


def picture(kind: str, width: int, height: int, sentence: str, parts: Iterable[str]) -> str:
    """A chart that is read out as `sentence`; `kind` says on which screens it is shown."""
    head = f'<svg class="chart {kind}" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(sentence)}">'
    return head + "".join(parts) + "</svg>"


def circle(kind: str, x: float, y: float, radius: float) -> str:
    """A dot or a ring."""
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}"/>'


def level(kind: str, left: float, right: float, y: float) -> str:
    """A horizontal line."""
    return f'<line class="{kind}" x1="{left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'


def upright(kind: str, x: float, top: float, bottom: float) -> str:
    """A vertical line."""
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>'


def bar(kind: str, left: float, right: float, y: float, height: float) -> str:
    """A horizontal bar with round ends, at least as long as it needs to be seen."""
    size = f'width="{max(4.0, right - left):.1f}" height="{height:g}" rx="{height / 2:g}"'
    return f'<rect class="{kind}" x="{left:.1f}" y="{y:g}" {size}/>'


def path(element: str, kind: str, points: Iterable[Point], more: str = "") -> str:
    """A polyline or a polygon through `points`."""
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<{element} class="{kind}" points="{places}"{more}/>'


def words(text: str, x: float, y: float, *, anchor: str = "start", kind: str = "") -> str:
    """A label; a hyphen before a number becomes a minus sign."""
    named = f' class="{kind}"' if kind else ""
    shown = escape(text.replace("-", "\N{MINUS SIGN}") if text[:1] == "-" else text)
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{shown}</text>'
