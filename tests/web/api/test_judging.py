"""Choosing and rating through the API."""

from __future__ import annotations

import pytest

from crowdsft.web.contributions.models import Contribution
from tests.web.api.callers import Caller, refusal
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db


def judging(alice: Caller, bob: Caller, kind: str) -> str:
    assert bob.user is not None
    tasks = {"kinds": [kind], "drafts": 24}
    return CampaignBuilder.start(owner=alice.user, people=[bob.user], tasks=tasks).open().campaign.slug


def test_one_of_two_is_chosen_and_trained_on(alice: Caller, bob: Caller) -> None:
    slug = judging(alice, bob, "choose_response")
    task = bob("POST", f"/campaigns/{slug}/task").json()
    ahead = bob("POST", f"/campaigns/{slug}/task/ahead").json()
    assert (ahead["state"], ahead["number"]) == ("next", task["number"] + 1)
    address = f"/tasks/{task['id']}/response"
    assert "choose one of the two" in refusal(bob("POST", address, {"text": "left"}), 422)
    accepted = bob("POST", address, {"choice": "right"})
    assert accepted.status_code == 201
    contribution = Contribution.objects.get(pk=accepted.json()["id"])
    assert contribution.response == task["options"][1]
    assert bob("POST", address, {"choice": "right"}).json() == accepted.json()
    assert bob("POST", f"/campaigns/{slug}/task").json()["id"] == ahead["id"]


def test_the_lowest_rating_has_no_contribution(alice: Caller, bob: Caller) -> None:
    slug = judging(alice, bob, "rate_response")
    task = bob("POST", f"/campaigns/{slug}/task").json()
    accepted = bob("POST", f"/tasks/{task['id']}/response", {"choice": "1", "reasons": ["clumsy"]})
    assert (accepted.status_code, accepted.json()["id"]) == (201, None)
