"""The lineage as a graph and a table, and rollbacks on the chart of the distance."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from django.test import Client

from crowdsft.web.campaigns.steering import roll_back
from crowdsft.web.lineage_graph import COLUMN, EDGE, Node, lanes_of, lineage_graph
from crowdsft.web.pages.lineage_story import lineage_story, parents, way_to_now
from crowdsft.web.pages.rounds_story import chart_data
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import check_page

URL = "/campaigns/joy-in-comments/"


@pytest.fixture
def back_twice(builder: CampaignBuilder) -> CampaignBuilder:
    """Three rounds, back to round 1, one round, back to round 3: round 4 is given up, rounds 2 and 3 are not."""
    long = CampaignBuilder.start(
        owner=builder.campaign.owner,
        people=[builder.members[0].user],
        rounds={"count": 9, "groups": 3, "close": "manual"},
        campaign={"name": "Back and forth"},
    )
    long.play(0.9, [0.84, 0.79, 0.87]).play(0.79, [0.7, 0.77, 0.8]).play(0.7, [0.65, 0.66, 0.6])
    roll_back(long.refreshed(), None, 1)
    long.play(0.79, [0.76, 0.72, 0.8])
    roll_back(long.refreshed(), None, 3)
    return long.play(0.6, [0.5, 0.55, 0.58])


def node(column: int, parent: int, *, gone: bool = False, others: int = 2) -> Node:
    return Node(column, parent, (f"Round {column}", "group A", "0.5"), "won", others, None, gone)


def test_the_way_to_the_base_of_now_follows_what_each_round_started_from(
    back_twice: CampaignBuilder,
) -> None:
    state = back_twice.state
    assert parents(state) == {1: 0, 2: 1, 3: 2, 4: 1, 5: 3}
    assert way_to_now(state) == {1, 2, 3, 5}
    roll_back(back_twice.refreshed(), None, 4)
    assert way_to_now(back_twice.state) == {1, 4}
    roll_back(back_twice.refreshed(), None, 0)
    assert way_to_now(back_twice.state) == frozenset()


def test_branches_given_up_have_lanes_of_their_own() -> None:
    nodes = [node(1, 0), node(2, 1, gone=True), node(3, 2, gone=True), node(4, 1, gone=True), node(5, 1)]
    lanes = lanes_of(nodes)
    assert lanes[0] == lanes[1] == lanes[5] == 0
    assert lanes[2] == lanes[3] > 0
    assert lanes[4] not in (0, lanes[2])
    apart = [node(1, 0), node(2, 1, gone=True), node(3, 1), node(4, 3, gone=True), node(5, 3)]
    assert lanes_of(apart)[2] == lanes_of(apart)[4] == 1


def test_thirty_rounds_of_sixteen_groups_are_drawn_at_full_size() -> None:
    nodes = [node(number, number - 1, others=15) for number in range(1, 31)]
    drawn = lineage_graph(("Start", "tiny"), nodes, "From <tiny> on")
    picture = ElementTree.fromstring(drawn)
    assert picture.attrib["aria-label"] == "From <tiny> on"
    width, height = float(picture.attrib["width"]), float(picture.attrib["height"])
    assert picture.attrib["viewBox"] == f"0 0 {width:g} {height:g}"
    dots = [dot for dot in picture.iter("circle") if dot.attrib["class"] == "dot"]
    assert len(dots) == 30 * 15
    assert all(0 < float(dot.attrib["cx"]) < width and 0 < float(dot.attrib["cy"]) < height for dot in dots)
    titles = [text for text in picture.iter("text") if (text.text or "").startswith("Round ")]
    places = [float(text.attrib["x"]) for text in titles]
    assert places == [EDGE + COLUMN * number for number in range(1, 31)]
    assert len(drawn) < 120_000


def test_a_campaign_without_rounds_has_its_first_base(builder: CampaignBuilder) -> None:
    story = lineage_story(builder.state, None)
    assert story.sentence == "The model is still tiny, the first base."
    assert "Start" in story.graph and story.rows == ()


def test_the_page_draws_what_was_rolled_back_aside_and_says_it(
    as_bob: Client, back_twice: CampaignBuilder
) -> None:
    page = as_bob.get("/campaigns/back-and-forth/")
    text = check_page(page)
    said = (
        "The model is tiny, improved by the winners of 4 rounds. Round 4 was rolled back and is drawn aside."
    )
    assert said in text
    assert "4 round 1 3 group B 0.720 rolled back" in text
    assert "5 round 3 3 group A 0.500 part of the model" in text
    drawn = re.search(r'<svg width="\d+" height="\d+" class="chart lineage".*?</svg>', page.content.decode())
    assert drawn is not None
    picture = ElementTree.fromstring(drawn[0])
    assert picture.attrib["aria-label"] == said
    kinds = [dot.attrib["class"] for dot in picture.iter("circle")]
    assert kinds.count("dot-win") == 4 and kinds.count("dot-gone") == 1 and kinds.count("ring-you") == 5


def test_the_chart_breaks_its_line_where_the_model_went_back(
    as_bob: Client, back_twice: CampaignBuilder
) -> None:
    data = chart_data(back_twice.state, None)
    assert data is not None
    assert [(slot, back.words) for slot, back in data.backs] == [
        (3, "back to round 1"),
        (4, "back to round 3"),
    ]
    assert data.backs[0][1].value == pytest.approx(0.79)
    text = as_bob.get("/campaigns/back-and-forth/").content.decode()
    assert "Before round 4 the model went back to round 1." in text
    assert "Rolled back to an earlier model" in text
    (wide,) = re.findall(r'<svg class="chart wide".*?</svg>', text)[:1]
    assert wide.count("<polyline") == 3


def test_a_rollback_after_the_newest_round_is_on_the_chart_at_once(builder: CampaignBuilder) -> None:
    builder.play(0.9, [0.84, 0.79, 0.87]).play(0.79, [0.75, 0.77, 0.71])
    roll_back(builder.refreshed(), None, 0)
    data = chart_data(builder.state, None)
    assert data is not None and data.pending is not None and data.slots > len(data.rounds)
    assert (data.pending.words, data.pending.value) == ("back to the start", pytest.approx(0.9))
    builder.open()
    again = chart_data(builder.state, None)
    assert again is not None and again.pending == data.pending
