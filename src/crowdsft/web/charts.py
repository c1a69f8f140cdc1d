"""Charts as SVG, drawn on the server: plain markup with classes, coloured by the stylesheet in either theme.

Each chart is drawn twice, for wide screens and for phones, so that text keeps its size. Numbers are in
pixels of the view box; no attribute of style is used, so the strict content security policy holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from crowdsft.web import svg
from crowdsft.web.pages.wording import number, points_shown
from crowdsft.web.saying import decimal, whole

DOTS_DRAWN = 600
BOTTOM = 34
TOP = 16


@dataclass(frozen=True, slots=True)
class Back:
    """A rollback: in words, and the shown value of the model it went back to."""

    words: str
    value: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class ChartRound:
    """A decided round: shown values of its candidates, which won, which is the reader's, and what came out.

    `back` is the rollback that it began with.
    """

    number: int
    candidates: tuple[float, ...]
    winner: int | None
    own: int | None
    value: float
    interval: tuple[float, float]
    back: Back | None = None


@dataclass(frozen=True, slots=True)
class ChartData:
    """The way of the model: start, rounds, room for `slots` rounds, where it should go, a rollback after all rounds."""

    start_label: str
    start: float
    start_interval: tuple[float, float]
    rounds: tuple[ChartRound, ...]
    slots: int
    reference: tuple[str, float] | None
    lower_is_better: bool
    sentence: str
    pending: Back | None = None

    @property
    def backs(self) -> tuple[tuple[int, Back], ...]:
        """The rollbacks, each with the slot of the round before it."""
        found = [(slot, current.back) for slot, current in enumerate(self.rounds) if current.back]
        return tuple(found + ([(len(self.rounds), self.pending)] if self.pending else []))


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the plot sits in its view box, and what it spans."""

    width: int
    height: int
    left: int
    right: int
    slots: int
    low: float
    high: float
    is_phone: bool

    def x(self, slot: float) -> float:
        """Pixels of a round; 0 is the start."""
        return self.left + (self.width - self.left - self.right) * slot / self.slots

    def y(self, value: float) -> float:
        """Pixels of a value."""
        return TOP + (self.height - TOP - BOTTOM) * (self.high - value) / (self.high - self.low)


def distance_chart(data: ChartData) -> SafeString:
    """The chart for wide screens and the one for phones."""
    wide = _draw(data, width=1040, height=380, is_phone=False)
    return mark_safe(wide + _draw(data, width=310, height=250, is_phone=True))


def _draw(data: ChartData, *, width: int, height: int, is_phone: bool) -> str:
    low, high = _span(data)
    ticks = [tick for tick in nice_ticks(low, high, 4 if is_phone else 6) if low <= tick <= high]
    labels = _tick_labels(ticks)
    left = 10 + round(7.2 * max(map(len, labels)))
    frame = Frame(width, height, left, 20 if is_phone else 56, data.slots, low, high, is_phone)
    dots = sum(len(current.candidates) for current in data.rounds)
    parts = [
        *_grid(frame, ticks, labels),
        *_reference(frame, data),
        *_slot_labels(frame, data),
        *_backs(frame, data),
        *_way(frame, data),
        svg.circle("dot-base", frame.x(0), frame.y(data.start), 5),
    ]
    for slot, current in enumerate(data.rounds, start=1):
        parts += _round(frame, slot, current, draw_all=dots <= DOTS_DRAWN)
    parts.append(_last_value(frame, data))
    return svg.picture("phone" if is_phone else "wide", width, height, data.sentence, parts)


def _span(data: ChartData) -> tuple[float, float]:
    values = [data.start, *data.start_interval]
    for current in data.rounds:
        values += [current.value, *current.interval, *current.candidates]
    for _slot, back in data.backs:
        values += [back.value, *back.interval]
    if data.reference:
        values.append(data.reference[1])
    low, high = min(values), max(values)
    room = 0.07 * (high - low) or 0.5 * abs(high) or 1.0
    return low - room, high + room


def nice_ticks(low: float, high: float, wanted: int) -> list[float]:
    """About `wanted` round numbers, the first at or below `low`, the last at or above `high`."""
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.8)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [step * index for index in range(first, last + 1)]


def _tick_labels(ticks: Sequence[float]) -> list[str]:
    step = ticks[1] - ticks[0] if len(ticks) > 1 else abs(ticks[0]) or 1.0
    decimals = next(count for count in range(12) if abs(step * 10**count - round(step * 10**count)) < 1e-6)
    return [decimal(tick, decimals) if abs(tick) > 1e-12 else "0" for tick in ticks]


def _grid(frame: Frame, ticks: Sequence[float], labels: Sequence[str]) -> Iterator[str]:
    for tick, label in zip(ticks, labels, strict=True):
        y = frame.y(tick)
        yield svg.level("grid", frame.left, frame.width, y)
        yield svg.words(label, frame.left - 8, y + 4, anchor="end")


def _reference(frame: Frame, data: ChartData) -> Iterator[str]:
    if data.reference is None:
        return
    label, value = data.reference
    y = frame.y(value)
    yield svg.level("ref", frame.left, frame.width, y)
    label_y = y - 7 if y - TOP > 24 else y + 16
    yield svg.words(f"{label} {number(value)}", frame.width, label_y, anchor="end", kind="halo")


def _slot_labels(frame: Frame, data: ChartData) -> Iterator[str]:
    """As many round numbers as fit, counted back from the newest."""
    y, first = frame.height - 10, data.rounds[0].number
    anchor, start_x = ("start", frame.left - 4) if frame.is_phone else ("middle", frame.x(0))
    yield svg.words(data.start_label, start_x, y, anchor=anchor)
    room = 22 if frame.is_phone else 74
    every = max(1, math.ceil(room / (frame.x(1) - frame.x(0))))
    for slot in range(1, data.slots + 1):
        if (data.slots - slot) % every == 0 and frame.x(slot) - frame.x(0) > room:
            name = (
                f"{first + slot - 1}"
                if frame.is_phone
                else _("Round {number}").format(number=first + slot - 1)
            )
            yield svg.words(name, frame.x(slot), y, anchor="middle")


def _way(frame: Frame, data: ChartData) -> Iterator[str]:
    """The interval of the base from round to round, and the line in it; a rollback breaks both."""
    parts: list[list[tuple[float, float, tuple[float, float]]]] = [[(0, data.start, data.start_interval)]]
    for slot, current in enumerate(data.rounds, start=1):
        if current.back:
            parts.append([(slot - 0.5, current.back.value, current.back.interval)])
        parts[-1].append((slot, current.value, current.interval))
    if data.pending:
        slot = len(data.rounds)
        parts.append([(slot + at, data.pending.value, data.pending.interval) for at in (0.5, 1)])
    for part in parts:
        upper = [(frame.x(slot), frame.y(high)) for slot, _value, (_low, high) in part]
        lower = [(frame.x(slot), frame.y(low)) for slot, _value, (low, _high) in part]
        yield svg.path("polygon", "band", upper + lower[::-1])
    for part in parts:
        yield svg.path("polyline", "line", [(frame.x(slot), frame.y(value)) for slot, value, _ends in part])


def _backs(frame: Frame, data: ChartData) -> Iterator[str]:
    """A dashed upright where the model went back; its words above the plot, where they do not meet the ones before."""
    free = -1.0
    for slot, back in data.backs:
        x = frame.x(slot + 0.5)
        yield svg.upright("ref", x, TOP - 2, frame.height - BOTTOM)
        yield svg.circle("dot-base", x, frame.y(back.value), 4)
        width = 6.6 * len(back.words)
        left = max(frame.left, min(x - width / 2, frame.width - width))
        if left > free:
            yield svg.words(back.words, left, TOP - 6, kind="halo strong")
            free = left + width + 8


def _round(frame: Frame, slot: int, current: ChartRound, *, draw_all: bool) -> list[str]:
    """The other candidates beside the line, in group order; the winner on it; a ring on the reader's own."""
    places = _places(frame, slot, current)
    if draw_all:
        radius = 3 if frame.is_phone else 4
        parts = [
            svg.circle("dot", x, frame.y(current.candidates[group]), radius)
            for group, x in places.items()
            if group != current.winner
        ]
    else:
        best, worst = min(current.candidates), max(current.candidates)
        parts = [svg.upright("spread", frame.x(slot), frame.y(worst), frame.y(best))]
    kind = "dot-base" if current.winner is None else "dot-win"
    parts.append(svg.circle(kind, frame.x(slot), frame.y(current.value), 5))
    if current.own is not None:
        radius = 8 if current.own == current.winner else 6 if frame.is_phone else 7
        parts.append(
            svg.circle("ring-you", places[current.own], frame.y(current.candidates[current.own]), radius)
        )
    return parts


def _places(frame: Frame, slot: int, current: ChartRound) -> dict[int, float]:
    """Where each candidate stands: the winner on the line, the others left and right of it."""
    groups = range(len(current.candidates))
    others = [group for group in groups if group != current.winner]
    room = min(0.32 * (frame.x(1) - frame.x(0)), frame.right - 8)
    step = min(6.0 if frame.is_phone else 13.0, room / max(1, (len(others) + 1) // 2))
    places = {group: frame.x(slot) for group in groups}
    left = len(others) // 2
    for index, group in enumerate(others):
        places[group] += step * (index - left if index < left else index - left + 1)
    return places


def _last_value(frame: Frame, data: ChartData) -> str:
    """The newest value, on the side of the line where it is free of dots."""
    value = data.rounds[-1].value
    x, y = frame.x(len(data.rounds)), frame.y(value)
    if (data.pending or data.rounds[-1].back) and x + 52 < frame.width:
        return svg.words(number(value), x + 11, y + 4, kind="win halo")
    below = data.lower_is_better
    if below and y > frame.height - BOTTOM - 30:
        below = False
    if not below and y < TOP + 22:
        below = True
    anchor, shift = ("middle", 0) if x < frame.width - 30 else ("end", 10)
    return svg.words(number(value), x + shift, y + (28 if below else -17), anchor=anchor, kind="win halo")


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
    ticks = nice_ticks(min(0.0, data.low), max(1.0, data.high, data.paid), 4)
    first, last = ticks[0], ticks[-1]

    def x(value: float) -> float:
        return 8 + (width - 16) * (value - first) / (last - first)

    def anchor(value: float) -> str:
        return "start" if x(value) < 64 else "end" if x(value) > width - 64 else "middle"

    likely = _("most likely {points}").format(points=points_shown(data.estimate))
    paid = _("paid so far {points}").format(points=whole(data.paid))
    parts = [
        svg.bar("track", 8, width - 8, 42, 12),
        svg.bar("range", x(data.low), x(data.high), 42, 12),
        svg.words(likely, x(data.estimate), 24, anchor=anchor(data.estimate), kind="you"),
        svg.circle("point", x(data.estimate), 48, 8),
        svg.upright("ref", x(data.paid), 58, 78),
        svg.words(paid, x(data.paid), 92, anchor=anchor(data.paid)),
        *(_end_label(tick, x(tick), x(data.paid), width) for tick in (first, last)),
    ]
    if first < 0:
        parts += [svg.upright("ref", x(0), 36, 60)]
        if min(abs(x(0) - x(end)) for end in (first, last, data.paid)) > 30:
            parts += [svg.words("0", x(0), 74, anchor="middle")]
    return svg.picture(kind, width, 98, data.sentence, parts)


def _end_label(tick: float, place: float, paid: float, width: int) -> str:
    """The number at an end of the line, left out where it would stand on the dashes of what was paid."""
    if abs(place - paid) < 30:
        return ""
    return svg.words(points_shown(tick), place, 74, anchor="start" if place < width / 2 else "end")


def sparkline(values: Sequence[float], sentence: str) -> SafeString:
    """A small line without axes, 300 by 40."""
    low, high = min(values), max(values)
    spread = (high - low) or 1.0
    places = [
        (6 + 288 * index / max(1, len(values) - 1), 35 - 30 * (value - low) / spread)
        for index, value in enumerate(values)
    ]
    line = svg.path("polyline", "line", places, ' vector-effect="non-scaling-stroke"')
    drawn = svg.picture("spark", 300, 40, sentence, [line])
    return mark_safe(drawn.replace("<svg", '<svg preserveAspectRatio="none"', 1))
