"""Live news of a campaign: what the page asks for, what the stream tells, and who may watch."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

from crowdsft.web.campaigns.models import Campaign, Step
from crowdsft.web.stream.hub import Topic
from crowdsft.web.stream.news import look
from crowdsft.web.stream.watching import HUB, SUBSCRIPTION
from tests.web.pages.campaign_builder import CampaignBuilder

PAGE = "/campaigns/joy-in-comments/"


class Room:
    """A hub with or without room."""

    def __init__(self, has_room: bool = True) -> None:
        self._has_room = has_room

    def has_room(self, who: str) -> bool:
        return self._has_room


def versions(markup: str) -> dict[str, str]:
    """The versions that a page or its pieces carry."""
    return dict(re.findall(r'name="(status|results)" value="([^"]+)"', markup))


def test_a_page_that_is_up_to_date_is_told_nothing(anonymous: Client, builder: CampaignBuilder) -> None:
    builder.open()
    shown = versions(anonymous.get(PAGE).content.decode())
    assert set(shown) == {"status", "results"}
    assert anonymous.get(f"{PAGE}live/", shown).status_code == 204


def test_a_contribution_changes_the_state_and_a_decided_round_the_results(
    as_bob: Client, builder: CampaignBuilder
) -> None:
    builder.open()
    shown = versions(as_bob.get(PAGE).content.decode())
    builder.contribute()
    news = as_bob.get(f"{PAGE}live/", shown).content.decode()
    assert 'id="status"' in news
    assert 'id="results"' not in news
    shown = versions(news) | {"results": shown["results"]}
    builder.close().decide(0.62, [0.6, 0.5, 0.55])
    news = as_bob.get(f"{PAGE}live/", shown).content.decode()
    assert 'id="results"' in news
    assert "Group B" in news
    assert as_bob.get(f"{PAGE}live/", versions(news)).status_code == 204


def test_htmx_is_told_to_stop_when_nothing_more_will_come(
    anonymous: Client, builder: CampaignBuilder
) -> None:
    for base in (0.6, 0.5, 0.4):
        builder.play(base, [base - 0.1, base, base])
    shown = versions(anonymous.get(f"{PAGE}live/").content.decode())
    builder.finish()
    news = anonymous.get(f"{PAGE}live/", shown)
    assert news.status_code == 200
    assert anonymous.get(f"{PAGE}live/", versions(news.content.decode())).status_code == 286


def test_each_candidate_has_a_bar_while_it_trains_and_is_measured(
    anonymous: Client, builder: CampaignBuilder
) -> None:
    builder.open().contribute().close().at_work("training group 2, step 10 of 36", 0.4)
    step = Step.objects.filter(campaign=builder.campaign)
    step.update(parts=[1.0, 0.28, 0.0])
    markup = anonymous.get(PAGE).content.decode()
    assert re.findall(r'id="part-\d" value="(\d+)"', markup) == ["100", "28", "0"]
    assert "Base" not in markup.split('class="runs"')[1].split("</div></div>")[0]
    measured = CampaignBuilder.start(owner=None)
    measured.open().contribute().close().commit(measured.trained())
    measured.at_work("generating the selection sample", 0.1)
    Step.objects.filter(campaign=measured.campaign).update(parts=[0.5, 0.5, 0.25, 0.0])
    bars = anonymous.get(f"/campaigns/{measured.campaign.slug}/").content.decode().split('class="runs"')[1]
    assert re.findall(r'id="part-\d" value="(\d+)"', bars) == ["50", "50", "25", "0"]
    assert bars.index("Base") < bars.index("</label>")


def test_whoever_waits_for_a_task_is_told_that_a_round_is_open(
    as_bob: Client, builder: CampaignBuilder
) -> None:
    builder.open().contribute().close()
    waiting = as_bob.get(f"{PAGE}work/").content.decode()
    assert "No round is open right now" in waiting
    assert f'hx-get="{PAGE}live/?page=work"' in waiting
    shown = versions(waiting)
    assert as_bob.get(f"{PAGE}live/", {**shown, "page": "work"}).status_code == 204
    builder.decide(0.62, [0.6, 0.5, 0.55]).open()
    news = as_bob.get(f"{PAGE}live/", {**shown, "page": "work"}).content.decode()
    assert "Round 2 is open." in news
    assert f'href="{PAGE}work/"' in news
    assert 'id="results"' not in news


# The stream


def test_where_the_server_cannot_stream_the_browser_is_told_not_to_try_again(
    anonymous: Client, builder: CampaignBuilder
) -> None:
    assert anonymous.get(f"{PAGE}events/").status_code == 204


def test_the_view_says_what_may_be_watched_and_by_whom(
    anonymous: Client, as_alice: Client, builder: CampaignBuilder
) -> None:
    answer = anonymous.get(f"{PAGE}events/", **{HUB: Room()})  # type: ignore[arg-type]
    assert answer["Content-Type"].startswith("text/event-stream")
    assert (answer["Cache-Control"], answer["X-Accel-Buffering"]) == ("no-store, no-transform", "no")
    assert getattr(answer, SUBSCRIPTION).topic == Topic(builder.campaign.pk, "en", is_organiser=False)
    organiser = as_alice.get(f"{PAGE}events/", **{HUB: Room()})  # type: ignore[arg-type]
    assert getattr(organiser, SUBSCRIPTION).topic.is_organiser
    full = anonymous.get(f"{PAGE}events/", **{HUB: Room(has_room=False)})  # type: ignore[arg-type]
    assert full.status_code == 503
    assert "This one asks every two seconds instead." in full.content.decode()


def test_a_draft_cannot_be_watched(anonymous: Client, as_alice: Client, builder: CampaignBuilder) -> None:
    Campaign.objects.filter(pk=builder.campaign.pk).update(life=Campaign.DRAFT)
    for client in (anonymous, as_alice):
        assert client.get(f"{PAGE}events/", **{HUB: Room()}).status_code == 404  # type: ignore[arg-type]
    assert look([Topic(builder.campaign.pk)]) == {}


def test_watchers_are_told_the_state_and_organisers_the_fault(builder: CampaignBuilder) -> None:
    builder.open().contribute().close().failed("TrainingError: no <b>loss</b>")
    everybody, organisers = Topic(builder.campaign.pk), Topic(builder.campaign.pk, is_organiser=True)
    news: Any = look([everybody, organisers, Topic(999)])
    assert set(news) == {everybody, organisers}
    assert [message.kind for message in news[everybody]] == ["status", "results"]
    assert "TrainingError" not in news[everybody][0].data
    assert "no &lt;b&gt;loss&lt;/b&gt;" in news[organisers][0].data
    assert news[everybody][0].position == builder.state.position
    assert 'hx-swap-oob="true"' in news[everybody][0].data


def test_the_reader_asks_the_database_the_same_however_many_kinds_of_watchers_there_are(
    builder: CampaignBuilder, django_assert_max_num_queries: Any
) -> None:
    builder.open().contribute()
    look([Topic(builder.campaign.pk)])
    topics = [
        Topic(builder.campaign.pk, language, boss) for language in ("en", "de") for boss in (True, False)
    ]
    with django_assert_max_num_queries(4):
        assert len(look(topics)) == 4
