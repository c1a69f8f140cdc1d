import re
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crowdsft.web.charts import (
    ChartData,
    ChartRound,
    RangeData,
    distance_chart,
    nice_ticks,
    range_chart,
    sparkline,
)

VALUES = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False).map(lambda value: round(value, 6))


@st.composite
def charts(draw: st.DrawFn) -> ChartData:
    groups = draw(st.integers(2, 12))
    rounds = []
    for number in range(1, draw(st.integers(1, 12)) + 1):
        candidates = tuple(draw(st.lists(VALUES, min_size=groups, max_size=groups)))
        winner = draw(st.none() | st.integers(0, groups - 1))
        value = draw(VALUES) if winner is None else candidates[winner]
        own = draw(st.none() | st.integers(0, groups - 1))
        rounds.append(ChartRound(number, candidates, winner, own, value, (value - 1, value + 1)))
    start = draw(VALUES)
    return ChartData(
        start_label="Start",
        start=start,
        start_interval=(start - 1, start + 1),
        rounds=tuple(rounds),
        slots=max(len(rounds), draw(st.integers(1, 20))),
        reference=draw(st.none() | st.tuples(st.just("Experts <& co>"), VALUES)),
        lower_is_better=draw(st.booleans()),
        sentence='It "fell" & rose',
    )


def _svgs(html: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(f"<div>{html}</div>"))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(charts())
def test_every_chart_is_well_formed_and_inside_its_frame(data: ChartData) -> None:
    for picture in _svgs(distance_chart(data)):
        _, _, width, height = (float(number) for number in picture.attrib["viewBox"].split())
        assert picture.attrib["aria-label"] == data.sentence
        for dot in picture.iter("circle"):
            assert 0 <= float(dot.attrib["cx"]) <= width
            assert 0 <= float(dot.attrib["cy"]) <= height
        points = re.findall(r"[-\d.]+,[-\d.]+", " ".join(line.attrib.get("points", "") for line in picture))
        assert all(0 <= float(point.split(",")[1]) <= height for point in points)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(charts())
def test_every_candidate_has_its_dot_and_one_round_one_end_point(data: ChartData) -> None:
    picture = _svgs(distance_chart(data))[0]
    kinds = [dot.attrib["class"] for dot in picture.iter("circle")]
    decided = sum(current.winner is not None for current in data.rounds)
    assert kinds.count("dot-win") == decided
    assert kinds.count("dot-base") == 1 + len(data.rounds) - decided
    assert kinds.count("dot") == sum(len(current.candidates) for current in data.rounds) - decided
    assert kinds.count("ring-you") == sum(current.own is not None for current in data.rounds)


def test_many_candidates_are_drawn_as_their_spread() -> None:
    rounds = tuple(
        ChartRound(number, tuple(0.5 + group / 1000 for group in range(200)), 0, None, 0.5, (0.49, 0.51))
        for number in range(1, 21)
    )
    html = distance_chart(ChartData("Start", 0.6, (0.59, 0.61), rounds, 20, None, True, "x"))
    assert 'class="dot"' not in html
    assert html.count('class="spread"') == 2 * len(rounds)
    assert len(html) < 40_000


@given(VALUES, st.floats(min_value=1e-6, max_value=1e6), st.integers(2, 8))
def test_ticks_are_even_and_span_everything(low: float, width: float, wanted: int) -> None:
    high = low + width
    if high - low < 1e-9 * max(1.0, abs(low)) * 1e3:
        return
    ticks = nice_ticks(low, high, wanted)
    assert ticks[0] <= low + 1e-6 * width
    assert ticks[-1] >= high - 1e-6 * width
    assert 2 <= len(ticks) <= 2 * wanted + 2


@pytest.mark.parametrize(
    "low, likely, high, paid", [(40, 62, 80, 62), (-40, -12, 15, 0), (0, 0, 0, 0), (3, 5, 9, 900)]
)
def test_a_range_shows_estimate_and_payment(low: float, likely: float, high: float, paid: int) -> None:
    wide, phone = _svgs(range_chart(RangeData(low, high, likely, paid, "sentence")))
    for picture in (wide, phone):
        texts = [text.text or "" for text in picture.iter("text")]
        shown = str(likely).replace("-", "\N{MINUS SIGN}")
        assert f"most likely {shown}" in texts
        assert f"paid so far {paid}" in texts


def test_a_sparkline_rises_with_its_values() -> None:
    (picture,) = _svgs(sparkline([-0.6, -0.5, -0.4], "rising"))
    points = picture[0].attrib["points"].split()
    heights = [float(point.split(",")[1]) for point in points]
    assert heights == sorted(heights, reverse=True)
