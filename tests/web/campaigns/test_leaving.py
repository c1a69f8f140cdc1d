"""Leaving a campaign and deleting an account: what goes, what stays, and that ledger and journal stay sound."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crowdsft.core.campaign import fold
from crowdsft.core.errors import InputError, WorkerLostClaim
from crowdsft.core.event_codec import decode_event
from crowdsft.core.ledger import balances, verify
from crowdsft.web.accounts.models import User
from crowdsft.web.accounts.own_data import personal_data
from crowdsft.web.campaigns.consent import agree, publish_consent
from crowdsft.web.campaigns.leaving import delete_account, leave, unused_contributions
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.campaigns.steering import cancel, roll_back
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.journal_django import forget_states, ledger
from crowdsft.web.playground.models import Exchange
from crowdsft.web.votes.models import Vote
from tests.web.api.callers import Caller, refusal
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db
PLAYED = (0.9, [0.84, 0.79, 0.87])


def address(builder: CampaignBuilder, rest: str = "") -> str:
    return f"/campaigns/{builder.campaign.slug}{rest}"


def membership_of(person: Caller, builder: CampaignBuilder) -> Membership:
    return builder.campaign.memberships.get(user=person.user)


def everything_stored() -> str:
    """All texts in the tables where personal texts could be."""
    tables: tuple[Any, ...] = (Contribution, Task, Membership, User)
    rows = [list(table.objects.values()) for table in tables]
    rows.append(list(Campaign.objects.values("name", "journal__payload", "audit__detail")))
    return json.dumps(rows, default=str)


def journal_again(builder: CampaignBuilder) -> Any:
    rows = builder.campaign.journal.order_by("position")
    return fold(decode_event(row.kind, row.payload) for row in rows)


def test_who_leaves_gets_no_tasks_and_keeps_the_points(bob: Caller, builder: CampaignBuilder) -> None:
    builder.play(*PLAYED).open()
    points = bob.get(address(builder, "/me"))["points"]
    bob("POST", address(builder, "/task"))
    assert bob("POST", address(builder, "/leave"), {}).json() == {"withdrawn": 0}
    assert "join" in refusal(bob("POST", address(builder, "/task")), 403)
    after = bob.get(address(builder, "/me"))
    assert after["points"] == points and after["left"] is not None and not after["may_work"]
    bob("POST", address(builder, "/join"), {"agree": True})
    assert bob("POST", address(builder, "/task")).status_code == 200
    assert membership_of(bob, builder).agreements.count() == 2


def test_texts_that_nothing_was_trained_on_can_be_taken_back(bob: Caller, builder: CampaignBuilder) -> None:
    builder.play(*PLAYED).open().contribute()
    assert unused_contributions(membership_of(bob, builder)) == 1
    assert bob("POST", address(builder, "/leave"), {"withdraw": True}).json() == {"withdrawn": 1}
    mine = Contribution.objects.filter(membership__user=bob.user)
    assert [row.round_number for row in mine] == [1] and mine[0].response


def test_a_closed_round_forms_its_groups_again_without_who_left(
    bob: Caller, builder: CampaignBuilder
) -> None:
    builder.open().contribute().close()
    me = membership_of(bob, builder).contributor
    assert any(me in group for group in builder.state.current.groups)
    bob("POST", address(builder, "/leave"), {"withdraw": True})
    assert me not in builder.state.current.contributors and builder.state.current.groups == ()
    builder.step("form_groups").decide(*PLAYED)
    assert me not in builder.state.balances


def test_a_worker_that_trains_on_texts_taken_back_may_not_write(
    bob: Caller, builder: CampaignBuilder
) -> None:
    builder.open().contribute().close()
    builder._make_due()
    claim = builder.store.claim("worker", lease_seconds=600)
    assert claim is not None and claim.step.name == "train"
    state, trained = builder.state, builder.trained()
    bob("POST", address(builder, "/leave"), {"withdraw": True})
    with pytest.raises(WorkerLostClaim):
        builder.store.commit(claim, state, trained)
    assert builder.state.current.candidates == ()


def test_a_round_with_too_few_people_left_collects_again(alice: Caller, bob: Caller) -> None:
    assert bob.user is not None
    builder = CampaignBuilder.start(
        owner=alice.user, people=[bob.user], others=("one", "two"), rounds={"groups": 3}
    )
    builder.open().contribute().close()
    leave(membership_of(bob, builder), withdraw=True)
    assert builder.refreshed().is_collecting and builder.state.current.contributions is None
    assert Contribution.objects.filter(campaign=builder.campaign, round_number=None).count() == 2
    forget_states()
    assert journal_again(builder) == builder.state


def test_nothing_personal_is_left_of_a_deleted_account(bob: Caller, builder: CampaignBuilder) -> None:
    builder.play(*PLAYED).open()
    task = bob("POST", address(builder, "/task")).json()
    bob("PUT", f"/tasks/{task['id']}/draft", {"text": "My cat Moritz is ill."})
    builder.contribute()
    assert bob.user is not None
    said = list(Contribution.objects.filter(membership__user=bob.user).values_list("response", flat=True))
    name, points = bob.user.pseudonym, builder.state.balances[membership_of(bob, builder).contributor]
    head, before = verify(ledger(builder.campaign)), balances(ledger(builder.campaign))
    assert len(said) == 2 and points > 0
    assert "confirm" in refusal(bob("POST", "/me/delete", {"confirm": "yes"}), 422)
    assert bob("POST", "/me/delete", {"confirm": name}).status_code == 204
    stored = everything_stored()
    for text in (*said, "Moritz", name, "bob"):
        assert text not in stored
    assert verify(ledger(builder.campaign)) == head and balances(ledger(builder.campaign)) == before
    assert bob("GET", "/me").status_code == 401
    result = bob_free(builder)
    assert result["points"]["someone who left"] == points and result["ledger"]["valid"]
    assert sum(result["points"].values()) == result["ledger"]["sum"]
    standing = Caller().get(address(builder, "/standings"))
    assert [row["points"] for row in standing if row["contributor"] == "someone who left"] == [points]


def bob_free(builder: CampaignBuilder) -> Any:
    return Caller().get(address(builder, "/result"))


def test_a_campaign_goes_on_after_somebody_is_gone(bob: Caller, builder: CampaignBuilder) -> None:
    builder.play(*PLAYED).open().contribute().close()
    assert bob.user is not None
    delete_account(bob.user)
    builder.step("form_groups").decide(0.79, [0.75, 0.77, 0.71])
    builder.open().contribute([0, 1, 1, 1, 1, 1]).close().decide(0.7, [0.65, 0.6, 0.68]).finish()
    assert builder.state.is_finished
    verify(ledger(builder.campaign))


def test_several_who_left_are_told_apart_in_the_result(
    bob: Caller, charlie: Caller, builder: CampaignBuilder
) -> None:
    charlie("POST", address(builder, "/join"), {"agree": True})
    assert bob.user is not None and charlie.user is not None
    for person in (bob.user, charlie.user):
        delete_account(person)
    names = builder.campaign.memberships.filter(user=None, left__isnull=False).order_by("pk")
    assert [row.pseudonym for row in names] == ["someone who left", "someone who left (2)"]


def test_a_campaign_is_not_left_without_an_organiser(alice: Caller, builder: CampaignBuilder) -> None:
    assert alice.user is not None
    assert "only organiser" in refusal(alice("POST", address(builder, "/leave"), {}), 422)
    with pytest.raises(InputError, match="Joy in comments"):
        delete_account(alice.user)
    assert User.objects.filter(pk=alice.user.pk).exists()
    builder.refreshed()
    cancel(builder.campaign, alice.user)
    delete_account(alice.user)
    builder.refreshed()
    assert builder.campaign.owner is None
    assert [line.actor for line in builder.campaign.audit.filter(what="cancelled")] == [None]


def test_drafts_go_with_their_only_organiser(alice: Caller) -> None:
    alice("POST", "/campaigns", {"settings": SETTINGS, "draft": True})
    assert alice.user is not None
    delete_account(alice.user)
    assert not Campaign.objects.exists()


SETTINGS = {"campaign": {"name": "A draft"}, "target": {"emotion": "joy"}}


def test_the_data_of_a_person_are_complete_and_nobody_elses(
    bob: Caller, charlie: Caller, builder: CampaignBuilder
) -> None:
    builder.play(*PLAYED).open()
    task = bob("POST", address(builder, "/task")).json()
    bob("PUT", f"/tasks/{task['id']}/draft", {"text": "My cat Moritz is ill."})
    data = bob.get("/me/data")
    assert data["account"]["username"] == "bob" and data["account"]["tokens"][0]["name"] == "test"
    (mine,) = data["campaigns"]
    assert [row["draft"] for row in mine["tasks"]] == ["My cat Moritz is ill."]
    assert [row["response"] for row in mine["contributions"]] == list(
        Contribution.objects.filter(membership__user=bob.user).values_list("response", flat=True)
    )
    me = membership_of(bob, builder).contributor
    assert sum(row["amount"] for row in mine["ledger"]) == builder.state.balances.get(me, 0)
    assert mine["agreements"][0]["version"] == 1 and "deleted at any time" in mine["agreements"][0]["consent"]
    assert mine["awards"][0]["round"] == 1
    others = Contribution.objects.exclude(membership__user=bob.user).values_list("response", flat=True)
    assert not any(text in json.dumps(data) for text in others)
    assert charlie.get("/me/data")["campaigns"] == []
    assert bob.user is not None and personal_data(bob.user) == data


def test_a_new_consent_text_asks_everybody_again(
    alice: Caller, bob: Caller, builder: CampaignBuilder
) -> None:
    builder.open()
    task = bob("POST", address(builder, "/task")).json()
    new = {"licence": "CC0-1.0", "text": "We may also print a book."}
    assert "organiser" in refusal(bob("POST", address(builder, "/consent"), new), 403)
    assert alice("POST", address(builder, "/consent"), new).json()["number"] == 2
    assert "already" in refusal(alice("POST", address(builder, "/consent"), new), 422)
    assert "new consent text" in refusal(bob("POST", address(builder, "/task")), 403)
    sentence = refusal(bob("POST", f"/tasks/{task['id']}/response", {"text": "Hello there"}), 403)
    assert "new consent text" in sentence
    assert not bob.get(address(builder, "/me"))["may_work"]
    old = {"agree": True, "consent_version": 1}
    assert "version 2 has been" in refusal(bob("POST", address(builder, "/join"), old), 422)
    assert bob("POST", address(builder, "/join"), {"agree": True, "consent_version": 2}).status_code == 200
    assert bob("POST", f"/tasks/{task['id']}/response", {"text": "Hello there"}).status_code == 201
    versions = Caller().get(address(builder, "/consent"))
    assert [row["number"] for row in versions] == [1, 2] and versions[1]["licence"] == "CC0-1.0"
    agreed = membership_of(bob, builder).agreements.values_list("version__number", flat=True)
    assert list(agreed) == [1, 2]


def test_agreeing_twice_is_recorded_once(bob: Caller, builder: CampaignBuilder) -> None:
    me = membership_of(bob, builder)
    agree(me)
    assert me.agreements.count() == 1
    with pytest.raises(InputError, match=r"at most 80|at least 1"):
        publish_consent(builder.refreshed(), licence="", text="", actor=None)


def a_vote(person: Caller, builder: CampaignBuilder, round_number: int) -> Vote:
    return Vote.objects.create(
        campaign=builder.campaign, membership=membership_of(person, builder), round_number=round_number,
        number=0, row=0, left=0, right=1, choice="left",
    )  # fmt: skip


def test_votes_and_questions_are_told_and_go(bob: Caller, builder: CampaignBuilder) -> None:
    builder.play(*PLAYED)
    a_vote(bob, builder, 1)
    assert bob.user is not None
    Exchange.objects.create(campaign=builder.campaign, user=bob.user, message="Hi", left="a", right="b")
    data = bob.get("/me/data")
    assert data["campaigns"][0]["votes"][0]["choice"] == "left" and data["playground"][0]["message"] == "Hi"
    delete_account(bob.user)
    assert not Vote.objects.exists() and not Exchange.objects.exists()


def test_a_rollback_forgets_votes_on_candidates_that_are_given_up(
    alice: Caller, bob: Caller, builder: CampaignBuilder
) -> None:
    builder.play(*PLAYED)
    kept = a_vote(bob, builder, 1)
    builder.open().contribute().close().decide_until_award(0.79, [0.75, 0.77, 0.71])
    a_vote(bob, builder, 2)
    roll_back(builder.refreshed(), alice.user, 0)
    assert list(Vote.objects.all()) == [kept]
    assert builder.state.current.candidates == ()
    builder.step("form_groups").decide(0.9, [0.8, 0.85, 0.87])
    roll_back(builder.refreshed(), alice.user, 1)
    assert list(Vote.objects.all()) == [kept]
