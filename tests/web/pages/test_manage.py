import tomllib
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crowdsft.core.settings import parse_settings
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.invitations import invite
from crowdsft.web.campaigns.models import Campaign, Invitation, Membership
from crowdsft.web.pages.manage import FOR_ORGANISERS, FOR_REVIEWERS
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import check_page

URL = "/campaigns/joy-in-comments/"
PLAYED = (0.9, [0.84, 0.79, 0.87])


def did(client: Client, action: str, **sent: str) -> str:
    """The page after an action."""
    return check_page(client.post(f"{URL}manage/{action}/", sent, follow=True))


@pytest.fixture
def with_approval(alice: User, bob: User) -> CampaignBuilder:
    return CampaignBuilder.start(owner=alice, people=[bob], rounds={"approval": True})


def test_the_page_of_a_new_and_of_a_played_campaign(as_alice: Client, builder: CampaignBuilder) -> None:
    assert "Roll back" not in check_page(as_alice.get(f"{URL}manage/"))
    builder.play(*PLAYED)
    text = check_page(as_alice.get(f"{URL}manage/"))
    assert "the first base" in text and "the model after round 1" not in text


def test_pause_and_resume(as_alice: Client, as_bob: Client, builder: CampaignBuilder) -> None:
    builder.open()
    assert "Paused. No task is given out" in did(as_alice, "pause", reason="a holiday")
    assert "This campaign is paused" in check_page(as_bob.get(f"{URL}work/"))
    assert "Paused" in check_page(as_bob.get(URL))
    assert "cannot become paused" in did(as_alice, "pause")
    assert "The campaign goes on." in did(as_alice, "resume")
    assert as_bob.get(f"{URL}work/").status_code == 200
    log = check_page(as_alice.get(f"{URL}manage/"))
    assert "amber-otter-101 resumed" in log and "amber-otter-101 paused: a holiday" in log


def test_finish_early_then_archive(as_alice: Client, anonymous: Client, builder: CampaignBuilder) -> None:
    builder.play(*PLAYED).open()
    assert "No more rounds." in did(as_alice, "finish")
    builder.finish()
    assert builder.refreshed().life == Campaign.FINISHED
    assert "A campaign" not in did(as_alice, "archive")
    assert "Joy in comments" not in check_page(anonymous.get("/"))
    assert "Joy in comments" in check_page(anonymous.get(URL))
    did(as_alice, "unarchive")
    assert "Joy in comments" in check_page(anonymous.get("/"))


def test_cancelled_is_for_good(as_alice: Client, as_bob: Client, builder: CampaignBuilder) -> None:
    builder.open()
    did(as_alice, "cancel", reason="no money")
    assert "Cancelled" in check_page(as_bob.get(URL))
    assert "This campaign was cancelled" in check_page(as_bob.get(f"{URL}work/"))
    assert "It stays so for good." in did(as_alice, "resume")
    assert "Only finished and cancelled" not in did(as_alice, "archive")


def test_roll_back(as_alice: Client, builder: CampaignBuilder) -> None:
    builder.play(*PLAYED).play(0.79, [0.75, 0.77, 0.71])
    assert "The base is an earlier one again." in did(as_alice, "roll-back", to_round="1", reason="rude")
    assert builder.state.base_round == 1 and len(builder.state.lineage) == 1
    result = as_alice.get("/api/campaigns/joy-in-comments/result").json()
    summary = as_alice.get("/api/campaigns/joy-in-comments").json()
    assert result["final_distance"] == summary["distance"] == pytest.approx(0.79)
    assert "0.790" in check_page(as_alice.get(URL))
    builder.open().contribute().close().decide(0.79, [0.75, 0.77, 0.7])
    assert as_alice.get("/api/campaigns/joy-in-comments").json()["distance"] == pytest.approx(0.7)
    assert "Round 7 has left no model." in did(as_alice, "roll-back", to_round="7")
    assert "Please choose the model" in did(as_alice, "roll-back", to_round="x")


def test_a_winner_waits_and_is_approved(
    as_alice: Client, as_bob: Client, with_approval: CampaignBuilder
) -> None:
    with_approval.open().contribute().close().decide_until_award(*PLAYED)
    assert "Waits for approval" in check_page(as_bob.get(URL))
    text = check_page(as_alice.get(f"{URL}manage/"))
    assert "Round 1: group B won" in text and "12.2 % closer" in text
    assert "Look at the winner" in check_page(as_alice.get(URL))
    assert "The winner becomes the next base." in did(as_alice, "approve")
    assert with_approval.step("award").state.balances
    with_approval.step("finish_round")
    assert len(with_approval.state.lineage) == 1


def test_a_declined_winner_leaves_the_base_and_carries_the_points(
    as_alice: Client, as_bob: Client, with_approval: CampaignBuilder
) -> None:
    with_approval.open().contribute().close().decide_until_award(*PLAYED)
    assert "Please say why" in did(as_alice, "decline", reason=" ")
    assert "carried over" in did(as_alice, "decline", reason="it became rude")
    with_approval.step("award").step("finish_round")
    assert with_approval.state.lineage == () and with_approval.state.balances == {}
    assert with_approval.state.current.points is not None and with_approval.state.current.points.carry == 1000
    assert "winner declined" in check_page(as_bob.get(URL))
    assert "No winner waits" in did(as_alice, "approve")


@pytest.mark.parametrize("action", [*FOR_ORGANISERS, *FOR_REVIEWERS, "invite", "copy"])
def test_nobody_else_manages(
    as_bob: Client, as_charlie: Client, anonymous: Client, builder: CampaignBuilder, action: str
) -> None:
    builder.open()
    for client in (as_bob, as_charlie, anonymous):
        assert client.post(f"{URL}manage/{action}/", {"role": "organiser"}).status_code == 403
        assert client.get(f"{URL}manage/").status_code == 403
    assert builder.refreshed().life == Campaign.OPEN and not builder.campaign.audit.exists()


def test_a_reviewer_decides_on_winners_and_on_nothing_else(
    as_bob: Client, bob: User, with_approval: CampaignBuilder
) -> None:
    Membership.objects.filter(user=bob).update(role=Membership.REVIEWER)
    with_approval.open().contribute().close().decide_until_award(*PLAYED)
    text = check_page(as_bob.get(f"{URL}manage/"))
    assert "Approve the winner" in text and "Invite by a link" not in text
    assert as_bob.post(f"{URL}manage/cancel/").status_code == 403
    assert "The winner becomes the next base." in did(as_bob, "approve")


def test_an_invitation_gives_its_role_as_often_as_it_may(
    as_alice: Client, as_bob: Client, as_charlie: Client, charlie: User, builder: CampaignBuilder
) -> None:
    response = as_alice.post(f"{URL}manage/invite/", {"role": "reviewer", "days": "7", "uses": "1"})
    check_page(response)
    link = response.context["link"]
    assert link not in as_alice.get(f"{URL}manage/").content.decode()
    path = link.removeprefix("http://testserver")
    assert "Create an account" in check_page(Client().get(path))
    assert "you become a reviewer" in check_page(as_charlie.get(path))
    assert "You review Joy in comments now." in check_page(as_charlie.post(path, follow=True))
    assert Membership.objects.get(user=charlie).role == Membership.REVIEWER
    assert as_bob.post(path).status_code == 404 and as_bob.get(path).status_code == 404
    assert "accepted: reviewer" in check_page(as_alice.get(f"{URL}manage/"))


def test_an_invitation_runs_out_and_can_be_taken_back(
    as_alice: Client, as_charlie: Client, alice: User, builder: CampaignBuilder
) -> None:
    late, late_key = invite(builder.campaign, alice, "organiser")
    back, back_key = invite(builder.campaign, alice, "organiser")
    Invitation.objects.filter(pk=late.pk).update(expires=timezone.now() - timedelta(seconds=1))
    did(as_alice, "take-back", invitation=str(back.pk))
    for key in (late_key, back_key, "made-up"):
        assert "does not open anything" in check_page(as_charlie.get(f"/invitations/{key}/"))
        assert as_charlie.post(f"/invitations/{key}/").status_code == 404


def test_an_invitation_never_lowers_a_role(as_alice: Client, alice: User, builder: CampaignBuilder) -> None:
    invitation, key = invite(builder.campaign, alice, "contributor", uses=1)
    as_alice.post(f"/invitations/{key}/")
    assert Membership.objects.get(user=alice).role == Membership.ORGANISER
    invitation.refresh_from_db()
    assert invitation.uses == 0


def test_a_campaign_keeps_an_organiser(
    as_alice: Client, alice: User, bob: User, builder: CampaignBuilder
) -> None:
    mine, his = (str(Membership.objects.get(user=user).pk) for user in (alice, bob))
    assert "A campaign needs an organiser." in did(as_alice, "role", member=mine, role="contributor")
    assert "quiet-fern-202 is organiser now." in did(as_alice, "role", member=his, role="organiser")
    assert as_alice.post(f"{URL}manage/role/", {"member": mine, "role": "reviewer"}).status_code == 302
    assert as_alice.post(f"{URL}manage/role/", {"member": his, "role": "reviewer"}).status_code == 403


def test_a_wish_without_sense_is_explained(as_alice: Client, builder: CampaignBuilder) -> None:
    assert "There is no role 'king'" in did(as_alice, "role", member="0", role="king")
    assert "There is no such member" in did(as_alice, "role", member="x", role="reviewer")
    assert "There is no such invitation" in did(as_alice, "take-back", invitation="x")
    for days, uses in (("0", ""), ("-1", ""), ("9999", ""), ("", "0"), ("", "many")):
        sent = {"role": "reviewer", "days": days, "uses": uses}
        assert as_alice.post(f"{URL}manage/invite/", sent).status_code == 302
    assert not Invitation.objects.exists()


def test_a_new_consent_text_is_published(as_alice: Client, builder: CampaignBuilder) -> None:
    said = did(as_alice, "consent", licence="CC0-1.0", consent="We print a book, too.")
    assert "Version 2 is published." in said
    assert "already" in did(as_alice, "consent", licence="CC0-1.0", consent="We print a book, too.")


def test_the_settings_come_back_from_their_file(
    as_alice: Client, as_bob: Client, builder: CampaignBuilder
) -> None:
    answer = as_alice.get(f"{URL}campaign.toml")
    assert parse_settings(tomllib.loads(answer.content.decode())) == builder.campaign.settings
    assert as_bob.get(f"{URL}campaign.toml").status_code == 403


def test_a_copy_is_a_draft_with_all_settings(as_alice: Client, builder: CampaignBuilder) -> None:
    as_alice.post(f"{URL}manage/copy/")
    copy = Campaign.objects.get(life=Campaign.DRAFT)
    assert copy.plan == builder.campaign.plan and copy.slug == "joy-in-comments-2"
