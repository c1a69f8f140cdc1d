from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crowdsft.web.campaigns.models import Step
from crowdsft.web.votes.models import Vote
from tests.web.api.callers import Caller, refusal
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db


@pytest.fixture
def voting(alice: Caller, bob: Caller, settings: Any, tmp_path: Path) -> CampaignBuilder:
    settings.DATA = tmp_path
    assert bob.user is not None
    builder = CampaignBuilder.start(
        owner=alice.user, people=[bob.user], votes={"minutes": 60, "per_voter": 2}
    )
    return builder.open().contribute().close().measure(0.6, [0.5, 0.495, 0.62])


def ask(who: Caller, builder: CampaignBuilder) -> Any:
    return who("POST", f"/campaigns/{builder.campaign.slug}/vote")


def test_a_pair_is_asked_for_and_decided(bob: Caller, voting: CampaignBuilder) -> None:
    pair = ask(bob, voting).json()
    assert set(pair) == {"id", "campaign", "round", "number", "prompt", "left", "right"}
    assert pair["left"] != pair["right"] and ask(bob, voting).json() == pair
    for _ in range(2):
        assert bob("POST", f"/votes/{pair['id']}", {"choice": "right"}).status_code == 204
    assert Vote.objects.get().choice == "right"
    assert "already" in refusal(bob("POST", f"/votes/{pair['id']}", {"choice": "left"}), 422)
    assert ask(bob, voting).json()["number"] == 1
    bob("POST", f"/votes/{ask(bob, voting).json()['id']}", {"choice": "skipped"})
    assert "voted on 2 pairs" in refusal(ask(bob, voting), 409)


def test_an_organiser_closes_the_vote(alice: Caller, bob: Caller, voting: CampaignBuilder) -> None:
    path = f"/campaigns/{voting.campaign.slug}/vote/close"
    assert "organiser" in refusal(bob("POST", path), 403)
    Step.objects.update(run_after=10**12)
    assert alice("POST", path).json()["slug"] == voting.campaign.slug
    assert Step.objects.get().run_after < 10**12
    voting.step("count_votes")
    assert voting.state.current.votes is not None
    assert "No vote is open" in refusal(alice("POST", path), 422)


def test_strangers_see_and_decide_nothing(charlie: Caller, bob: Caller, voting: CampaignBuilder) -> None:
    assert "Join it first" in refusal(ask(charlie, voting), 403)
    pair = ask(bob, voting).json()
    assert "no such pair of yours" in refusal(
        charlie("POST", f"/votes/{pair['id']}", {"choice": "left"}), 404
    )
    assert bob("POST", f"/votes/{pair['id']}", {"choice": "both"}).status_code == 422


def test_there_is_nothing_to_vote_on_while_a_round_collects(bob: Caller, builder: CampaignBuilder) -> None:
    builder.open()
    assert "nothing to vote on" in refusal(ask(bob, builder), 409)
