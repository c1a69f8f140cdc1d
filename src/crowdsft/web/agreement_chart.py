"""Points against Shapley values: one dot a contributor, its interval, and the line on which both are equal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from crowdsft.web import svg
from crowdsft.web.charts import nice_ticks
from crowdsft.web.pages.wording import points_shown

BARS_DRAWN = 150  # beyond that, intervals are a grey wall
DOTS_DRAWN = 600
TOP, BOTTOM = 30, 48


@dataclass(frozen=True, slots=True)
class AgreementData:
    """One entry per contributor: Shapley value in points with its interval, points paid; `own` is the reader."""

    worth: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    points: tuple[int, ...]
    own: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class _Plane:
    """Where the plot sits in its view box, and what it spans."""

    width: int
    height: int
    left: int
    x_ticks: list[float]
    y_ticks: list[float]

    def x(self, value: float) -> float:
        first, last = self.x_ticks[0], self.x_ticks[-1]
        share = (min(max(value, first), last) - first) / (last - first)
        return self.left + (self.width - self.left - 14) * share

    def y(self, value: float) -> float:
        first, last = self.y_ticks[0], self.y_ticks[-1]
        return TOP + (self.height - TOP - BOTTOM) * (last - value) / (last - first)


def agreement_chart(data: AgreementData) -> SafeString:
    """The chart for wide screens and the one for phones."""
    wide = _draw(data, width=640, height=360, kind="wide", ticks=6)
    return mark_safe(wide + _draw(data, width=310, height=290, kind="phone", ticks=4))


def _draw(data: AgreementData, *, width: int, height: int, kind: str, ticks: int) -> str:
    low, high = _span(data)
    y_ticks = nice_ticks(0.0, max(1.0, *data.points), ticks)
    left = 12 + round(7.2 * max(len(points_shown(tick)) for tick in y_ticks))
    plane = _Plane(width, height, left, nice_ticks(low, high, ticks), y_ticks)
    parts = [*_axes(plane), *_equality(plane), *_dots(plane, data)]
    return svg.picture(kind, width, height, data.sentence, parts)


def _span(data: AgreementData) -> tuple[float, float]:
    """Every value, and intervals as far as half the values' range beyond: one wide interval must not press the rest."""
    first, last = min(0.0, *data.worth), max(1.0, *data.worth)
    room = 0.5 * (last - first)
    return max(min(first, *data.low), first - room), min(max(last, *data.high), last + room)


def _axes(plane: _Plane) -> Iterator[str]:
    floor = plane.height - BOTTOM
    for tick in plane.y_ticks:
        yield svg.level("grid", plane.left, plane.width - 14, plane.y(tick))
        yield svg.words(points_shown(tick), plane.left - 8, plane.y(tick) + 4, anchor="end")
    for tick in plane.x_ticks:
        yield svg.upright("grid", plane.x(tick), TOP, floor)
        yield svg.words(points_shown(tick), plane.x(tick), floor + 17, anchor="middle")
    yield svg.words(_("Points paid"), 0, 14)
    yield svg.words(_("Shapley value, in points"), plane.width - 14, plane.height - 8, anchor="end")


def _equality(plane: _Plane) -> Iterator[str]:
    """Flat at 0 for negative values: points are never negative."""
    end = min(plane.x_ticks[-1], plane.y_ticks[-1])
    corner = [(plane.x_ticks[0], 0.0)] if plane.x_ticks[0] < 0 else []
    places = [*corner, (0.0, 0.0), (end, end)]
    yield svg.path("polyline", "ref open", [(plane.x(x), plane.y(y)) for x, y in places])


def _dots(plane: _Plane, data: AgreementData) -> Iterator[str]:
    people = range(len(data.worth))
    if len(people) <= BARS_DRAWN:
        for person in people:
            y = plane.y(data.points[person])
            yield svg.level("doubt", plane.x(data.low[person]), plane.x(data.high[person]), y)
    for person in people[:DOTS_DRAWN]:
        if person != data.own:
            yield svg.circle("dot-win", plane.x(data.worth[person]), plane.y(data.points[person]), 5)
    if data.own is not None:
        x, y = plane.x(data.worth[data.own]), plane.y(data.points[data.own])
        yield svg.circle("point", x, y, 7)
        anchor, shift = ("end", -12) if x > plane.width - 60 else ("start", 12)
        yield svg.words(_("you"), x + shift, y - 8, anchor=anchor, kind="you halo")
