"""Reviews, reports, moderation and appeals through the API: alice organises, bob contributes, charlie is a stranger."""

from __future__ import annotations

import pytest

from crowdsft.web.accounts.models import issue_token
from crowdsft.web.campaigns.create import member
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.reviews.checkups import check_next
from tests.web.api.callers import Caller, caller, refusal
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db
HERE = "/campaigns/joy-in-comments"


@pytest.fixture
def open_round(builder: CampaignBuilder) -> CampaignBuilder:
    return builder.open().contribute()


@pytest.fixture
def dora(open_round: CampaignBuilder) -> Caller:
    found = caller("dora", "brisk-tern-404")
    assert found.user is not None
    member(open_round.campaign, found.user, Membership.REVIEWER)
    return found


def bobs(builder: CampaignBuilder, bob: Caller) -> Contribution:
    return Contribution.objects.get(campaign=builder.campaign, membership__user=bob.user)


def reject(who: Caller, row: Contribution) -> None:
    """Take reviews until it is this contribution's turn."""
    for _ in range(10):
        review = who("POST", f"{HERE}/review").json()
        if review["contribution"] == str(row.pk):
            body = {"verdict": "rejected", "reason": "low_effort"}
            assert who("POST", f"/reviews/{review['id']}", body).status_code == 204
            return
        assert who("POST", f"/reviews/{review['id']}", {"verdict": "accepted"}).status_code == 204
    raise AssertionError("the contribution was never shown")


def test_a_review_is_reserved_decided_once_and_hides_the_writer(
    alice: Caller, bob: Caller, dora: Caller, open_round: CampaignBuilder
) -> None:
    review = alice("POST", f"{HERE}/review").json()
    assert "contributor" not in review and "membership" not in review
    assert review["signals"]["checked"] is False and review["signals"]["reviewed"] == 0
    assert alice("POST", f"{HERE}/review").json()["id"] == review["id"]
    assert dora("POST", f"{HERE}/review").json()["contribution"] != review["contribution"]
    address = f"/reviews/{review['id']}"
    assert "choose one of the reasons" in refusal(alice("POST", address, {"verdict": "rejected"}), 422)
    assert "no such review of yours" in refusal(dora("POST", address, {"verdict": "accepted"}), 404)
    for _ in range(2):
        assert alice("POST", address, {"verdict": "accepted"}).status_code == 204
    assert "already" in refusal(alice("POST", address, {"verdict": "rejected", "reason": "copied"}), 422)
    for _ in range(4):  # dora holds the fifth
        number = alice("POST", f"{HERE}/review").json()["id"]
        alice("POST", f"/reviews/{number}", {"verdict": "accepted"})
    assert "Nothing waits" in refusal(alice("POST", f"{HERE}/review"), 409)


def test_contributors_and_strangers_review_and_moderate_nothing(
    bob: Caller, charlie: Caller, dora: Caller, open_round: CampaignBuilder
) -> None:
    row = bobs(open_round, bob)
    for who in (bob, charlie):
        for path, body in (
            ("review", None),
            ("exclusions", {"contribution": str(row.pk), "reason": "copied"}),
            ("pauses", {"contribution": str(row.pk), "reason": "spam"}),
            ("moderations/1/lift", {}),
            ("reports/1", {"outcome": "x"}),
            ("appeals/1/answer", {"grant": True, "words": "x"}),
        ):
            assert "Only organisers and reviewers" in refusal(who("POST", f"{HERE}/{path}", body), 403)
        assert "Only organisers" in refusal(who("GET", f"{HERE}/reports"), 403)
    assert "not part of" in refusal(charlie("GET", f"{HERE}/contributions/mine"), 403)
    other = Contribution.objects.exclude(pk=row.pk)[0]
    body = {"contribution": str(other.pk), "reason": "hurtful"}
    assert "You were not shown" in refusal(bob("POST", f"{HERE}/reports", body), 404)
    assert "contribution of yours" in refusal(
        bob("POST", f"{HERE}/appeals", {"contribution": str(other.pk), "words": "x"}), 404
    )
    assert "no such contribution" in refusal(bob("PUT", f"/contributions/{other.pk}", {"text": "x"}), 404)


def test_rejection_appeal_answer(
    alice: Caller, bob: Caller, charlie: Caller, dora: Caller, open_round: CampaignBuilder
) -> None:
    row = bobs(open_round, bob)
    reject(dora, row)
    (mine,) = bob("GET", f"{HERE}/contributions/mine").json()
    assert (mine["standing"], mine["may_appeal"]) == ("rejected", True) and "Too little" in mine["reason"]
    appeal = bob("POST", f"{HERE}/appeals", {"contribution": str(row.pk), "words": "Please look."}).json()
    assert [entry["what"] for entry in appeal["trail"]] == ["handed in this text", "rejected it", "appealed"]
    answer = f"{HERE}/appeals/{appeal['id']}/answer"
    body = {"grant": True, "words": "It answers the question."}
    assert "You made the decision" in refusal(dora("POST", answer, body), 422)
    assert alice("POST", answer, body).json()["granted"] is True
    (seen,) = bob("GET", f"{HERE}/appeals").json()
    assert seen["trail"][-1]["words"] == "It answers the question." and seen["outcome"]
    assert bob("GET", f"{HERE}/contributions/mine").json()[0]["standing"] == "accepted"
    assert alice("GET", f"{HERE}/appeals").json()[0]["id"] == seen["id"]
    assert "not open" in refusal(bob("POST", f"{HERE}/appeals/{appeal['id']}/withdraw"), 422)


def test_a_pause_through_the_api(
    bob: Caller, dora: Caller, alice: Caller, open_round: CampaignBuilder
) -> None:
    row = bobs(open_round, bob)
    body = {"contribution": str(row.pk), "reason": "spam", "days": 2}
    decided = dora("POST", f"{HERE}/pauses", body).json()
    assert decided["kind"] == "pause" and decided["until"]
    assert "paused" in refusal(bob("POST", f"{HERE}/task"), 409)
    assert [found["id"] for found in bob("GET", f"{HERE}/moderations").json()] == [decided["id"]]
    appeal = bob("POST", f"{HERE}/appeals", {"words": "I am fast."}).json()
    assert alice("POST", f"{HERE}/appeals/{appeal['id']}/answer", {"grant": True, "words": "So you are."})
    assert bob("POST", f"{HERE}/task").status_code == 200
    assert "not hold any more" in refusal(alice("POST", f"{HERE}/moderations/{decided['id']}/lift", {}), 422)
    assert "no such pause" in refusal(bob("POST", f"{HERE}/appeals", {"words": "Again."}), 404)


def test_exclude_lift_report_settle(
    bob: Caller, dora: Caller, alice: Caller, open_round: CampaignBuilder
) -> None:
    row = bobs(open_round, bob)
    task = bob("POST", f"{HERE}/task").json()
    body = {"task": task["id"], "part": "prompt", "reason": "broken"}
    assert bob("POST", f"{HERE}/reports", body).status_code == 201
    assert "what you report" in refusal(bob("POST", f"{HERE}/reports", {"reason": "broken"}), 422)
    contribution = {"contribution": str(row.pk), "reason": "personal"}
    number = dora("POST", f"{HERE}/reports", contribution).json()["id"]
    decided = dora("POST", f"{HERE}/exclusions", contribution).json()
    settled = alice("POST", f"{HERE}/reports/{number}", {"outcome": "Excluded."}).json()
    assert (settled["state"], settled["text"]) == ("settled", row.response)
    assert [found["state"] for found in dora("GET", f"{HERE}/reports").json()] == ["open", "settled"]
    assert alice("POST", f"{HERE}/moderations/{decided['id']}/lift", {"why": "Fine."}).status_code == 204
    row.refresh_from_db()
    assert row.standing == "waiting"


def test_a_returned_text_is_changed(bob: Caller, dora: Caller, open_round: CampaignBuilder) -> None:
    row = bobs(open_round, bob)
    Contribution.objects.exclude(pk=row.pk).update(standing="accepted")
    review = dora("POST", f"{HERE}/review").json()
    body = {"verdict": "returned", "words": "Say more."}
    assert dora("POST", f"/reviews/{review['id']}", body).status_code == 204
    assert bob("GET", f"{HERE}/contributions/mine").json()[0]["may_change"] is True
    assert "still the same" in refusal(bob("PUT", f"/contributions/{row.pk}", {"text": row.response}), 422)
    changed = bob("PUT", f"/contributions/{row.pk}", {"text": "More of it."}).json()
    assert (changed["response"], changed["standing"]) == ("More of it.", "waiting")


def test_tokens_need_the_scope(alice: Caller, bob: Caller, open_round: CampaignBuilder) -> None:
    assert alice.user is not None and bob.user is not None
    reading = Caller(alice.user, issue_token(alice.user, "reads", scopes=["read"]))
    contributing = Caller(alice.user, issue_token(alice.user, "contributes", scopes=["read", "contribute"]))
    assert reading("GET", f"{HERE}/reports").status_code == 200
    for who in (reading, contributing):
        assert "this needs organise" in refusal(who("POST", f"{HERE}/review"), 403)
    bobs_reader = Caller(bob.user, issue_token(bob.user, "reads", scopes=["read"]))
    assert bobs_reader("GET", f"{HERE}/contributions/mine").status_code == 200
    assert "this needs contribute" in refusal(bobs_reader("POST", f"{HERE}/appeals", {"words": "x"}), 403)


def test_flags_are_listed_for_organisers_only(
    alice: Caller, bob: Caller, dora: Caller, open_round: CampaignBuilder
) -> None:
    row = bobs(open_round, bob)
    Contribution.objects.filter(pk=row.pk).update(response="Write to ada@example.org, damn.")
    while check_next():
        pass
    expected = [
        {
            "contribution": str(row.pk),
            "round": None,
            "flags": {"personal": ["ada@example.org"], "rude": ["damn"]},
        }
    ]
    assert alice("GET", f"{HERE}/flags").json() == expected
    for who in (bob, dora):
        refusal(who("GET", f"{HERE}/flags"), 403)
