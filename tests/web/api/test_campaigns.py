from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from crowdsft.web.campaigns.create import create_campaign, member_from_file
from crowdsft.web.campaigns.models import Campaign, LedgerRow, Step
from crowdsft.web.journal_django import DjangoStore
from tests.web.api.callers import Caller, refusal
from tests.web.pages.campaign_builder import CampaignBuilder, plan

pytestmark = pytest.mark.django_db


def address(builder: CampaignBuilder, rest: str = "") -> str:
    return f"/campaigns/{builder.campaign.slug}{rest}"


# Opening a campaign


def test_a_campaign_is_opened_and_listed(alice: Caller, anybody: Caller) -> None:
    answer = alice("POST", "/campaigns", {"settings": plan()})
    assert answer.status_code == 201
    summary = answer.json()
    assert (summary["slug"], summary["state"], summary["round"]) == ("joy-in-comments", "preparing", 0)
    assert summary["distance"] is None and summary["round_size"] is None
    assert anybody.get("/campaigns") == [summary]
    assert anybody.get("/campaigns/joy-in-comments") == summary
    assert alice.get("/campaigns/joy-in-comments/me")["role"] == "organiser"


def test_all_faults_are_listed_with_their_places(alice: Caller) -> None:
    wrong = plan(
        campaign={"name": ""},
        rounds={"groups": 1, "grouping": "randm"},
        points={"policy": "rank", "bonus": 3},
        target={"emotion": None},
    )
    answer = alice("POST", "/campaigns", {"settings": wrong})
    detail, faults = refusal(answer, 422), answer.json()["faults"]
    places = {fault["where"] for fault in faults}
    assert places >= {"campaign.name", "rounds.groups", "rounds.grouping", "points.bonus", "target"}
    assert all(fault["problem"] and fault["where"] in detail for fault in faults)
    assert "Did you mean 'random'?" in detail
    assert not Campaign.objects.exists()


@pytest.mark.parametrize("given", [[], "text", None, {}, {"campaign": 5}, {"campaign": {"name": {"a": 1}}}])
def test_settings_of_the_wrong_kind(given: object, alice: Caller) -> None:
    refusal(alice("POST", "/campaigns", {"settings": given}), 422)


def test_a_name_that_does_not_exist_is_a_fault(alice: Caller) -> None:
    answer = alice("POST", "/campaigns", {"settings": plan(target={"emotion": "joyfulness"})})
    assert "target.emotion" in refusal(answer, 422)


def test_opening_one_needs_an_account(anybody: Caller) -> None:
    refusal(anybody("POST", "/campaigns", {"settings": plan()}), 401)


def test_the_owner_cannot_be_chosen(alice: Caller, bob: Caller) -> None:
    assert bob.user is not None
    body = {"settings": plan(), "owner": bob.user.pk, "slug": "mine", "is_supplied": True, "finished": True}
    alice("POST", "/campaigns", body)
    campaign = Campaign.objects.get()
    assert (campaign.owner, campaign.slug, campaign.is_supplied) == (alice.user, "joy-in-comments", False)


@pytest.mark.parametrize("name", ["New", "Joy in comments", "Радость", "<script>alert(1)</script>", "a" * 80])
def test_every_name_gets_an_address_of_its_own(name: str, alice: Caller) -> None:
    slugs = [
        alice("POST", "/campaigns", {"settings": plan(campaign={"name": name})}).json()["slug"]
        for _ in range(3)
    ]
    assert len(set(slugs)) == 3 and "new" not in slugs
    assert all(alice.get(f"/campaigns/{slug}")["name"] == name for slug in slugs)


@pytest.mark.parametrize(
    "base", ["/etc", "/etc/passwd", "~", ".", "../shared", "src", "a/b/c", "\\\\host\\share"]
)
def test_the_machine_s_folders_are_nobody_s_business(base: str, alice: Caller) -> None:
    answer = alice("POST", "/campaigns", {"settings": plan(model={"base": base})})
    detail = refusal(answer, 422)
    assert [fault["where"] for fault in answer.json()["faults"]] == ["model.base"]
    assert "CROWDSFT_TRUST_ORGANISERS" in detail
    assert str(Path.cwd()) not in detail and "does not exist" not in detail


def test_a_model_cannot_bring_code_of_its_own(alice: Caller) -> None:
    answer = alice("POST", "/campaigns", {"settings": plan(model={"trust_remote_code": True})})
    assert "model.trust_remote_code" in refusal(answer, 422)
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"weights": {"embedding": 1}, "embedding": "classifier:/etc"}, "evaluation.embedding"),
        ({"weights": {"reward_model": 1}, "model": "/etc"}, "reward_model.model"),
        (
            {"weights": {"reward_model": 1}, "model": "a/b", "trust_remote_code": True},
            "reward_model.trust_remote_code",
        ),
        (
            {
                "weights": {"llm": 1},
                "endpoint": "http://169.254.169.254/latest",
                "model": "m",
                "criterion": "Longer.",
            },
            "llm_judge.endpoint",
        ),
    ],
)
def test_judges_do_not_reach_files_code_or_keys_of_the_machine(
    changes: dict[str, Any], where: str, alice: Caller
) -> None:
    section = where.split(".")[0]
    judging = {"weights": changes.pop("weights")}
    answer = alice("POST", "/campaigns", {"settings": plan(judging=judging, **{section: changes})})
    assert "CROWDSFT_TRUST_ORGANISERS" in refusal(answer, 422)
    assert where in [fault["where"] for fault in answer.json()["faults"]]


def test_an_operator_may_trust_the_organisers(alice: Caller, settings: Any) -> None:
    settings.TRUST_ORGANISERS = True
    assert "does not exist" in refusal(
        alice("POST", "/campaigns", {"settings": plan(model={"base": "/nowhere/model"})}), 422
    )


# Joining


def test_joining_needs_agreement(charlie: Caller, builder: CampaignBuilder) -> None:
    for body in ({"agree": False}, {}):
        refusal(charlie("POST", address(builder, "/join"), body), 422)
    assert "Join it first" in refusal(charlie("GET", address(builder, "/me")), 403)
    joined = charlie("POST", address(builder, "/join"), {"agree": True})
    said = dict(joined.json())
    assert said.pop("agreed") is not None
    assert said == {
        "campaign": "joy-in-comments", "pseudonym": "lunar-moss-303", "role": "contributor", "points": 0,
        "tasks_done": 0, "tasks_per_round": 4, "may_work": True, "agreed_version": 1, "left": None,
    }  # fmt: skip
    assert charlie("POST", address(builder, "/join"), {"agree": True}).json() == joined.json()
    assert builder.campaign.memberships.filter(user=charlie.user).count() == 1


def test_an_organiser_may_contribute_after_agreeing(alice: Caller, builder: CampaignBuilder) -> None:
    builder.open()
    assert "agree" in refusal(alice("POST", address(builder, "/task")), 403)
    assert alice("POST", address(builder, "/join"), {"agree": True}).json()["role"] == "organiser"
    assert alice("POST", address(builder, "/task")).status_code == 200


def test_a_pseudonym_that_a_file_has_used_is_told_apart(alice: Caller, bob: Caller, charlie: Caller) -> None:
    from crowdsft.core.settings import parse_settings

    campaign = create_campaign(parse_settings(plan()), owner=alice.user)
    member_from_file(campaign, "quiet-fern-202")
    joined = bob("POST", f"/campaigns/{campaign.slug}/join", {"agree": True})
    assert joined.json()["pseudonym"] == "quiet-fern-202 (2)"
    names = [row["contributor"] for row in bob.get(f"/campaigns/{campaign.slug}/standings")]
    assert sorted(names) == ["quiet-fern-202", "quiet-fern-202 (2)"]


# What only organisers may do


@pytest.mark.parametrize("action", ["/close", "/retry"])
def test_only_organisers_close_and_retry(
    action: str, anybody: Caller, bob: Caller, charlie: Caller, builder: CampaignBuilder
) -> None:
    builder.open()
    refusal(anybody("POST", address(builder, action)), 401)
    for somebody in (bob, charlie):
        assert "organiser" in refusal(somebody("POST", address(builder, action)), 403)
    assert builder.refreshed().close_requested_round == 0


def test_an_organiser_of_another_campaign_is_none_here(alice: Caller, bob: Caller) -> None:
    mine = alice("POST", "/campaigns", {"settings": plan()}).json()["slug"]
    bob("POST", "/campaigns", {"settings": plan()})
    refusal(bob("POST", f"/campaigns/{mine}/retry"), 403)


def test_closing_the_open_round(alice: Caller, builder: CampaignBuilder) -> None:
    assert "no round is open" in refusal(alice("POST", address(builder, "/close")), 422).lower()
    builder.open()
    Step.objects.update(run_after=10**12)
    answer = alice("POST", address(builder, "/close"))
    assert answer.json()["state"] == "collecting"
    assert builder.refreshed().close_requested_round == 1
    assert DjangoStore().claim("worker", lease_seconds=9) is not None


def test_trying_a_step_again(alice: Caller, builder: CampaignBuilder) -> None:
    assert "nothing to try again" in refusal(alice("POST", address(builder, "/retry")), 422)
    builder.failed("TrainingError: the disk is full")
    summary = alice.get(address(builder))
    assert (summary["state"], summary["doing"]) == ("stuck", "TrainingError: the disk is full")
    assert alice("POST", address(builder, "/retry")).json()["state"] == "preparing"
    step = Step.objects.get()
    assert (step.attempts, step.error) == (0, "")
    assert step.run_after is not None


# What came out


@pytest.fixture
def decided(builder: CampaignBuilder) -> CampaignBuilder:
    """One round is paid, another collects."""
    return builder.play(1.0, [0.7, 0.9, 1.1]).open()


def test_standings_points_and_ledger_tell_the_same(
    bob: Caller, anybody: Caller, charlie: Caller, decided: CampaignBuilder
) -> None:
    standings = anybody.get(address(decided, "/standings"))
    assert len(standings) == 6 and sum(row["points"] for row in standings) == 1000
    assert [row["points"] for row in standings] == sorted((r["points"] for r in standings), reverse=True)
    for row in standings:
        assert row["rank"] == 1 + sum(other["points"] > row["points"] for other in standings)
    (award,) = bob.get(address(decided, "/points"))
    (own,) = (row["points"] for row in standings if row["contributor"] == "quiet-fern-202")
    assert (award["round"], award["points"], award["for_rounds"]) == (1, own, [1])
    assert bob.get(address(decided, "/me"))["points"] == own
    amounts = [entry["amount"] for entry in anybody.get(address(decided, "/ledger"))]
    assert sorted(amounts) == sorted(row["points"] for row in standings if row["points"])
    refusal(charlie("GET", address(decided, "/points")), 403)


def check(entries: list[dict[str, Any]]) -> str:
    """What anybody can do with the JSON, a SHA-256 and the documentation of an entry. Returns the last hash."""
    previous = "0" * 64
    for position, entry in enumerate(entries):
        fields = ("previous", "position", "campaign", "round", "contributor", "amount", "reason")
        text = json.dumps([entry[name] for name in fields], separators=(",", ":"), ensure_ascii=False)
        assert entry["previous"] == previous and entry["position"] == position
        assert entry["hash"] == hashlib.sha256(text.encode()).hexdigest()
        previous = entry["hash"]
    return previous


def test_the_ledger_is_checked_from_its_json_alone(anybody: Caller, decided: CampaignBuilder) -> None:
    entries = anybody.get(address(decided, "/ledger"))
    assert len(entries) > 1
    assert check(entries) == anybody.get(address(decided, "/result"))["ledger"]["head"]
    with pytest.raises(AssertionError):
        check([{**entries[0], "amount": entries[0]["amount"] + 1}, *entries[1:]])


def test_a_changed_row_shows_in_the_result(anybody: Caller, decided: CampaignBuilder) -> None:
    assert anybody.get(address(decided, "/result"))["ledger"]["valid"] is True
    row = LedgerRow.objects.order_by("position").first()
    assert row is not None
    LedgerRow.objects.filter(pk=row.pk).update(amount=row.amount + 1)
    assert anybody.get(address(decided, "/result"))["ledger"]["valid"] is False


def test_the_result_so_far_and_at_the_end(anybody: Caller, decided: CampaignBuilder) -> None:
    so_far = anybody.get(address(decided, "/result"))
    assert [row["winner"] for row in so_far["rounds"]] == [0]
    assert so_far["final_distance"] < so_far["base_distance"]
    assert "quiet-fern-202" in so_far["points"]
    decided.contribute().close().decide(0.7, [0.69, 0.71, 0.7])
    decided.play(0.7, [0.7, 0.71, 0.7]).finish()
    summary, result = anybody.get(address(decided)), anybody.get(address(decided, "/result"))
    assert (summary["state"], summary["round"], summary["doing"]) == ("finished", 3, "")
    assert len(result["rounds"]) == 3 and result["ledger"]["valid"]
    assert result["ledger"]["sum"] + result["carried"] == 3000
    assert summary["distance"] == pytest.approx(result["final_distance"])


def test_before_anything_happened_there_is_nothing_to_see(anybody: Caller, builder: CampaignBuilder) -> None:
    assert anybody.get(address(builder, "/ledger")) == []
    assert anybody.get(address(builder, "/result"))["rounds"] == []
    assert {row["rank"] for row in anybody.get(address(builder, "/standings"))} == {1}


def test_nobody_s_username_or_text_is_public(anybody: Caller, bob: Caller, decided: CampaignBuilder) -> None:
    task = bob("POST", address(decided, "/task")).json()
    bob("POST", f"/tasks/{task['id']}/response", {"text": "A secret until the round closes."})
    for rest in ("", "/standings", "/ledger", "/result"):
        text = json.dumps(anybody.get(address(decided, rest)))
        assert '"bob"' not in text and "A secret" not in text and "The sun came out" not in text


def test_standings_of_a_period_and_in_parts(anybody: Caller, decided: CampaignBuilder) -> None:
    decided.contribute([4, 1, 2, 1, 1, 1]).close().decide(0.7, [0.5, 0.6, 0.65])
    everybody = anybody.get(address(decided, "/standings"))
    newest = anybody.get(address(decided, "/standings?period=round"))
    assert sum(row["points"] for row in everybody) == 2000 and sum(row["points"] for row in newest) == 1000
    assert anybody.get(address(decided, "/standings?period=month")) == everybody
    assert anybody.get(address(decided, "/standings?first=2&limit=3")) == everybody[2:5]
    refusal(anybody("GET", address(decided, "/standings?period=century")), 422)
