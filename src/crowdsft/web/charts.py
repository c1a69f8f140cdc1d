"""Charts as SVG, drawn on the server: plain markup with classes, coloured by the stylesheet in either theme.

Each chart is drawn twice, for wide screens and for phones, so that text keeps its size. Numbers are in
pixels of the view box; no attribute of style is used, so the strict content security policy holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

DOTS_DRAWN = 600


@dataclass(frozen=True, slots=True)
class ChartRound:
    """A decided round: shown values of its candidates, which won, which is the reader's, and what came out."""

    number: int
    candidates: tuple[float, ...]
    winner: int | None
    own: int | None
    value: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class ChartData:
    """The way of the model: start, rounds, room for `slots` rounds, and where it should go."""

    start_label: str
    start: float
    start_interval: tuple[float, float]
    rounds: tuple[ChartRound, ...]
    slots: int
    reference: tuple[str, float] | None
    lower_is_better: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the plot sits in its view box, and what it spans."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    slots: int
    low: float
    high: float

    def x(self, slot: float) -> float:
        """Pixels of a round; 0 is the start."""
        return self.left + (self.width - self.left - self.right) * slot / self.slots

    def y(self, value: float) -> float:
        """Pixels of a value."""
        return self.top + (self.height - self.top - self.bottom) * (self.high - value) / (
            self.high - self.low
        )


def distance_chart(data: ChartData) -> SafeString:
    """The chart for wide screens and the one for phones."""
    wide = _draw(data, width=1040, height=380, is_phone=False)
    phone = _draw(data, width=310, height=250, is_phone=True)
    return mark_safe(wide + phone)


def _draw(data: ChartData, *, width: int, height: int, is_phone: bool) -> str:
    ticks = _ticks(*_span(data), 4 if is_phone else 5)
    decimals = _decimals(ticks)
    left = 10 + round(7.2 * max(len(f"{tick:,.{decimals}f}") for tick in ticks))
    frame = Frame(width, height, left, 20 if is_phone else 56, 20, 34, data.slots, ticks[0], ticks[-1])
    parts = [
        f'<svg class="chart {"phone" if is_phone else "wide"}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(data.sentence)}">',
        *_grid(frame, ticks, decimals),
        *_reference(frame, data),
        *_labels(frame, data, is_phone),
        _band(frame, data),
        _line(frame, data),
        f'<circle class="dot-base" cx="{frame.x(0):.1f}" cy="{frame.y(data.start):.1f}" r="5"/>',
    ]
    total = sum(len(current.candidates) for current in data.rounds)
    for slot, current in enumerate(data.rounds, start=1):
        parts += _candidates(frame, slot, current, is_phone, draw_all=total <= DOTS_DRAWN)
    parts.append(_last_value(frame, data, decimals))
    return "".join([*parts, "</svg>"])


def _span(data: ChartData) -> tuple[float, float]:
    values = [data.start, *data.start_interval]
    for current in data.rounds:
        values += [current.value, *current.interval, *current.candidates]
    if data.reference:
        values.append(data.reference[1])
    return min(values), max(values)


def _ticks(low: float, high: float, wanted: int) -> list[float]:
    """Round numbers from below `low` to above `high`."""
    if high - low < 1e-9:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [step * index for index in range(first, last + 1)]


def _decimals(ticks: Sequence[float]) -> int:
    step = ticks[1] - ticks[0]
    return next(count for count in range(12) if abs(step * 10**count - round(step * 10**count)) < 1e-6)


def _grid(frame: Frame, ticks: Sequence[float], decimals: int) -> list[str]:
    parts = []
    for tick in ticks:
        y = frame.y(tick)
        shown = f"{tick:,.{decimals}f}".replace("-", "\N{MINUS SIGN}") if abs(tick) > 1e-12 else "0"
        parts.append(
            f'<line class="grid" x1="{frame.left}" x2="{frame.width}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text x="{frame.left - 8}" y="{y + 4:.1f}" text-anchor="end">{shown}</text>'
        )
    return parts


def _reference(frame: Frame, data: ChartData) -> list[str]:
    if data.reference is None:
        return []
    label, value = data.reference
    y = frame.y(value)
    label_y = y - 7 if y - frame.top > 24 else y + 16
    return [
        f'<line class="ref" x1="{frame.left}" x2="{frame.width}" y1="{y:.1f}" y2="{y:.1f}"/>',
        f'<text class="halo" x="{frame.width}" y="{label_y:.1f}" text-anchor="end">{escape(label)} {value:.3g}</text>',
    ]


def _labels(frame: Frame, data: ChartData, is_phone: bool) -> list[str]:
    y = frame.height - 10
    anchor = "start" if is_phone else "middle"
    start_x = frame.left - 4 if is_phone else frame.x(0)
    parts = [f'<text x="{start_x:.1f}" y="{y}" text-anchor="{anchor}">{escape(data.start_label)}</text>']
    room = 44 if is_phone else 74
    every = max(
        1, math.ceil(room * data.slots / (frame.width - frame.left - frame.right) / (2 if is_phone else 1))
    )
    first = data.rounds[0].number
    for slot in range(1, data.slots + 1):
        if (data.slots - slot) % every == 0:
            shown = f"{first + slot - 1}" if is_phone else f"Round {first + slot - 1}"
            parts.append(f'<text x="{frame.x(slot):.1f}" y="{y}" text-anchor="middle">{shown}</text>')
    return parts


def _way(data: ChartData) -> list[tuple[float, tuple[float, float]]]:
    return [
        (data.start, data.start_interval),
        *((current.value, current.interval) for current in data.rounds),
    ]


def _band(frame: Frame, data: ChartData) -> str:
    way = _way(data)
    upper = [f"{frame.x(slot):.1f},{frame.y(high):.1f}" for slot, (_, (_, high)) in enumerate(way)]
    lower = [f"{frame.x(slot):.1f},{frame.y(low):.1f}" for slot, (_, (low, _)) in enumerate(way)]
    return f'<polygon class="band" points="{" ".join(upper + lower[::-1])}"/>'


def _line(frame: Frame, data: ChartData) -> str:
    points = " ".join(
        f"{frame.x(slot):.1f},{frame.y(value):.1f}" for slot, (value, _) in enumerate(_way(data))
    )
    return f'<polyline class="line" points="{points}"/>'


def _candidates(frame: Frame, slot: int, current: ChartRound, is_phone: bool, *, draw_all: bool) -> list[str]:
    """The other candidates beside the line, in group order; then the winner, and a ring on the reader's own."""
    parts = []
    room = 0.32 * (frame.x(1) - frame.x(0))
    step = min(6.0 if is_phone else 13.0, 2 * room / max(1, len(current.candidates)))
    others = [group for group in range(len(current.candidates)) if group != current.winner]
    places = {
        group: frame.x(slot) + step * (index - (len(others) - 1) / 2) for index, group in enumerate(others)
    }
    if draw_all:
        for group in others:
            parts.append(
                f'<circle class="dot" cx="{places[group]:.1f}" cy="{frame.y(current.candidates[group]):.1f}" '
                f'r="{3 if is_phone else 4}"/>'
            )
    else:
        best, worst = min(current.candidates), max(current.candidates)
        parts.append(
            f'<line class="spread" x1="{frame.x(slot):.1f}" x2="{frame.x(slot):.1f}" '
            f'y1="{frame.y(best):.1f}" y2="{frame.y(worst):.1f}"/>'
        )
    kind = "dot-base" if current.winner is None else "dot-win"
    parts.append(f'<circle class="{kind}" cx="{frame.x(slot):.1f}" cy="{frame.y(current.value):.1f}" r="5"/>')
    if current.own is not None:
        x = places.get(current.own, frame.x(slot))
        radius = 8 if current.own == current.winner else 6 if is_phone else 7
        parts.append(
            f'<circle class="ring-you" cx="{x:.1f}" cy="{frame.y(current.candidates[current.own]):.1f}" r="{radius}"/>'
        )
    return parts


def _last_value(frame: Frame, data: ChartData, decimals: int) -> str:
    """The newest value, on the side of the line where it is free of dots."""
    x, y = frame.x(len(data.rounds)), frame.y(data.rounds[-1].value)
    below = data.lower_is_better
    if below and y > frame.height - frame.bottom - 26:
        below = False
    if not below and y < frame.top + 22:
        below = True
    anchor, shift = ("middle", 0) if x < frame.width - 30 else ("end", 10)
    return (
        f'<text class="win halo" x="{x + shift:.1f}" y="{y + (24 if below else -16):.1f}" text-anchor="{anchor}">'
        f"{data.rounds[-1].value:.{max(decimals, 3) if abs(data.rounds[-1].value) < 100 else 1}f}</text>"
    )


@dataclass(frozen=True, slots=True)
class RangeData:
    """An estimate in points: its interval, the estimate itself, and what the reader has been paid so far."""

    low: float
    high: float
    estimate: float
    paid: int
    sentence: str


def range_chart(data: RangeData) -> SafeString:
    """An interval on a line of points, for wide screens and for phones."""
    return mark_safe(_draw_range(data, 640, "wide") + _draw_range(data, 310, "phone"))


def _draw_range(data: RangeData, width: int, kind: str) -> str:
    ticks = _ticks(min(0.0, data.low), max(1.0, data.high, data.paid), 3)
    low, high = ticks[0], ticks[-1]

    def x(value: float) -> float:
        return 8 + (width - 16) * (value - low) / (high - low)

    paid_anchor = "start" if x(data.paid) < 70 else "end" if x(data.paid) > width - 70 else "middle"
    likely_anchor = "start" if x(data.estimate) < 60 else "end" if x(data.estimate) > width - 60 else "middle"
    zero = f'<line class="ref" x1="{x(0):.1f}" x2="{x(0):.1f}" y1="36" y2="60"/>' if low < 0 else ""
    return (
        f'<svg class="chart {kind}" viewBox="0 0 {width} 96" role="img" aria-label="{escape(data.sentence)}">'
        f'<rect class="track" x="8" y="42" width="{width - 16}" height="12" rx="6"/>'
        f'<rect class="range" x="{x(data.low):.1f}" y="42" width="{max(4.0, x(data.high) - x(data.low)):.1f}" height="12" rx="6"/>'
        f"{zero}"
        f'<text class="you" x="{x(data.estimate):.1f}" y="24" text-anchor="{likely_anchor}">most likely {data.estimate:,.0f}</text>'
        f'<circle class="point" cx="{x(data.estimate):.1f}" cy="48" r="8"/>'
        f'<line class="ref" x1="{x(data.paid):.1f}" x2="{x(data.paid):.1f}" y1="56" y2="76"/>'
        f'<text x="{x(data.paid):.1f}" y="91" text-anchor="{paid_anchor}">paid {data.paid:,}</text>'
        f"{_range_ends(data, x, low, high, width)}</svg>"
    ).replace(">-", ">\N{MINUS SIGN}")


def _range_ends(data: RangeData, x: object, low: float, high: float, width: int) -> str:
    return f'<text x="8" y="74">{low:,.0f}</text><text x="{width - 8}" y="74" text-anchor="end">{high:,.0f}</text>'


def sparkline(values: Sequence[float], sentence: str) -> SafeString:
    """A small line without axes, 300 by 40."""
    low, high = min(values), max(values)
    spread = (high - low) or 1.0
    points = " ".join(
        f"{6 + 288 * index / max(1, len(values) - 1):.1f},{35 - 30 * (value - low) / spread:.1f}"
        for index, value in enumerate(values)
    )
    return mark_safe(
        f'<svg class="chart spark" viewBox="0 0 300 40" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(sentence)}"><polyline class="line" points="{points}" vector-effect="non-scaling-stroke"/></svg>'
    )
