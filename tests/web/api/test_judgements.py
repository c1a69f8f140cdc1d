"""Figures about judging through the API: organisers see everybody's, contributors their own, strangers none."""

from __future__ import annotations

import pytest

from crowdsft.web.accounts.models import issue_token
from crowdsft.web.contributions.models import Task
from tests.web.api.callers import Caller, refusal
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db
GOLD = [{"prompt": f"Prompt {n}", "better": f"Good {n}.", "worse": f"Bad {n}."} for n in range(12)]


@pytest.fixture
def slug(alice: Caller, bob: Caller) -> str:
    assert bob.user is not None
    started = CampaignBuilder.start(
        owner=alice.user,
        people=[bob.user],
        tasks={"kinds": ["choose_response"], "drafts": 24, "per_contributor": 10},
        gold={"share": 0.5, "choose": GOLD},
    )
    return started.open().campaign.slug


def work(bob: Caller, slug: str) -> int:
    """Bob chooses the known right answer, else the left one. Returns how many known ones there were."""
    known = 0
    for _ in range(10):
        task = bob("POST", f"/campaigns/{slug}/task").json()
        right = next((side for side, text in enumerate(task["options"]) if text.startswith("Good ")), None)
        known += right is not None
        choice = ("left", "right")[right or 0]
        assert bob("POST", f"/tasks/{task['id']}/response", {"choice": choice}).status_code == 201
    return known


def test_the_organiser_sees_everybody_and_each_sees_the_own(alice: Caller, bob: Caller, slug: str) -> None:
    assert work(bob, slug) == 5
    whole = alice.get(f"/campaigns/{slug}/judgements")
    known = {
        "answered": 5,
        "right": 5,
        "low": pytest.approx(0.5655, abs=1e-4),
        "high": 1.0,
        "reading": "mostly_right",
    }
    assert (whole["judged"], whole["known"]) == (10, known)
    (person,) = whole["people"]
    assert (person["pseudonym"], person["judged"], person["known"]) == ("quiet-fern-202", 10, known)
    (choosing,) = person["agreement"]
    assert (choosing["alpha"], choosing["missing"], choosing["reading"]) == (None, "nobody_else", "unknown")
    assert person["member"] in {row["id"] for row in alice.get(f"/campaigns/{slug}/members")}
    own = bob.get(f"/campaigns/{slug}/judgements/mine")
    assert own == {
        "judged": 10,
        "known": known,
        "agreement": [{"kind": "choose_response", "items": 0, "share": None}],
    }


def test_contributors_and_strangers_do_not_see_everybody_s(bob: Caller, charlie: Caller, slug: str) -> None:
    assert "organisers and reviewers" in refusal(bob("GET", f"/campaigns/{slug}/judgements"), 403)
    assert "organisers and reviewers" in refusal(charlie("GET", f"/campaigns/{slug}/judgements"), 403)
    assert "Join it first" in refusal(charlie("GET", f"/campaigns/{slug}/judgements/mine"), 403)
    refusal(bob("GET", "/campaigns/made-up/judgements/mine"), 404)


def test_tokens_need_the_scope(alice: Caller, bob: Caller, slug: str) -> None:
    assert alice.user is not None and bob.user is not None
    reader = Caller(alice.user, issue_token(alice.user, "narrow", scopes=("read",)))
    assert "needs organise" in refusal(reader("GET", f"/campaigns/{slug}/judgements"), 403)
    worker = Caller(bob.user, issue_token(bob.user, "narrow", scopes=("contribute",)))
    assert "needs read" in refusal(worker("GET", f"/campaigns/{slug}/judgements/mine"), 403)


def test_what_is_known_is_not_told_by_any_answer_before_it_is_given(bob: Caller, slug: str) -> None:
    task = bob("POST", f"/campaigns/{slug}/task").json()
    looked = bob.get(f"/tasks/{task['id']}")
    assert not set(looked) & {"expected", "gold", "seat", "verdict"}
    assert Task.objects.filter(pk=task["id"]).exists()
