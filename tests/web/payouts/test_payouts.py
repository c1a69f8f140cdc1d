"""Payouts from the ledger to the contributor: fixed once, paid once, never more or less than was set."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client

from crowdsft.core.errors import InputError
from crowdsft.core.ledger import LedgerHead, chain
from crowdsft.web.accounts.models import User
from crowdsft.web.accounts.own_data import personal_data
from crowdsft.web.campaigns.leaving import delete_account
from crowdsft.web.campaigns.models import Campaign, LedgerRow, Membership
from crowdsft.web.notices.models import Notice
from crowdsft.web.notices.notify import notify
from crowdsft.web.payouts import paying
from crowdsft.web.payouts.models import Payout, PayoutLine
from crowdsft.web.payouts.own import own_payouts
from crowdsft.web.payouts.planning import Wanted, plan_payout, read_wanted, unpaid_rounds
from tests.web.api.callers import Caller, refusal
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import check_page

pytestmark = pytest.mark.django_db

URL = "/campaigns/joy-in-comments/manage/payouts/"
API = "/campaigns/joy-in-comments/payouts"


def _award(builder: CampaignBuilder, round_number: int, *points: int) -> None:
    """Entries of the ledger for the builder's members, in order."""
    last = LedgerRow.objects.filter(campaign=builder.campaign).order_by("-position").first()
    head = LedgerHead(last.position + 1, last.hash) if last else LedgerHead()
    awards = [(member.contributor, amount) for member, amount in zip(builder.members, points, strict=False)]
    entries, _ = chain(
        head,
        awards,
        campaign=builder.campaign.slug,
        round_number=round_number,
        reason=f"award of round {round_number}",
    )
    LedgerRow.objects.bulk_create(
        LedgerRow(
            campaign=builder.campaign, position=entry.position, round_number=entry.round_number,
            contributor=entry.contributor, amount=entry.amount, reason=entry.reason,
            previous=entry.previous, hash=entry.hash,
        )
        for entry in entries
    )  # fmt: skip


def _fix(
    builder: CampaignBuilder,
    actor: Caller,
    budget: int,
    *,
    minimum: int = 0,
    first: int = 1,
    last: int | None = None,
    currency: str = "EUR",
) -> Payout:
    wanted = Wanted(currency, 2, budget, minimum, first, last)
    return paying.fix_payout(builder.campaign, actor.user, plan_payout(builder.campaign, wanted))


def _amounts(payout: Payout) -> list[int]:
    return list(payout.lines.order_by("-points", "pk").values_list("amount", flat=True))


def _signed_in(caller: Caller) -> Client:
    client = Client()
    assert caller.user is not None
    client.force_login(caller.user)
    return client


def test_an_amount_is_divided_by_points_to_the_smallest_unit(alice: Caller, builder: CampaignBuilder) -> None:
    _award(builder, 1, 600, 300, 100)
    payout = _fix(builder, alice, 99_999)
    assert _amounts(payout) == [59_999, 30_000, 10_000]
    assert paying.totals(payout)["due"] == (3, 99_999)
    assert paying.is_as_the_ledger_says(payout)


def test_points_are_paid_out_once(alice: Caller, builder: CampaignBuilder) -> None:
    _award(builder, 1, 100, 100)
    _fix(builder, alice, 1000)
    with pytest.raises(InputError, match="not paid out before"):
        _fix(builder, alice, 1000)
    _award(builder, 2, 0, 50)
    second = _fix(builder, alice, 700)
    assert [(line.points, line.amount) for line in second.lines.all()] == [(50, 700)]


def test_rounds_that_overlap_are_covered_once(alice: Caller, builder: CampaignBuilder) -> None:
    for number in (1, 2, 3, 4):
        _award(builder, number, 10 * number, 10)
    assert unpaid_rounds(builder.campaign) == (1, 4)
    first = _fix(builder, alice, 1000, first=2, last=3)
    second = _fix(builder, alice, 1000)
    assert sum(line.points for line in first.lines.all()) == 70
    assert sum(line.points for line in second.lines.all()) == 70
    assert (second.first_round, second.last_round) == (1, 4)
    assert unpaid_rounds(builder.campaign) is None


def test_points_that_come_later_for_a_round_that_was_paid_out_are_covered_next(
    alice: Caller, builder: CampaignBuilder
) -> None:
    _award(builder, 1, 10, 10)
    _fix(builder, alice, 1000)
    _award(builder, 1, 5)  # what was kept back is paid at the end, under the last round's number
    assert [line.points for line in _fix(builder, alice, 100).lines.all()] == [5]


def test_what_is_below_the_minimum_is_kept_and_added_to_the_next(
    alice: Caller, builder: CampaignBuilder
) -> None:
    _award(builder, 1, 90, 10)
    first = _fix(builder, alice, 1000, minimum=150)
    assert [(line.state, line.amount, line.owed_after) for line in first.lines.all()] == [
        ("due", 900, 0), ("owed", 0, 100),
    ]  # fmt: skip
    _award(builder, 2, 90, 10)
    other = _fix(builder, alice, 1000, currency="USD")
    assert _amounts(other) == [900, 100], "what is owed in euros is not paid in dollars"
    _award(builder, 3, 50)
    third = _fix(builder, alice, 500, minimum=100)
    assert [(line.amount, line.owed_before) for line in third.lines.all()] == [(500, 0), (100, 100)]


def test_a_payout_that_was_fixed_meanwhile_is_noticed(alice: Caller, builder: CampaignBuilder) -> None:
    _award(builder, 1, 90, 10)
    plan = plan_payout(builder.campaign, Wanted("EUR", 2, 1000, 0, 1, None))
    paying.fix_payout(builder.campaign, alice.user, plan)
    with pytest.raises(InputError):
        paying.fix_payout(builder.campaign, alice.user, plan)
    other = plan_payout_after(builder)
    _award(builder, 3, 7)
    with pytest.raises(InputError, match="changed since this preview"):
        paying.fix_payout(builder.campaign, alice.user, other)
    assert Payout.objects.count() == 1


def plan_payout_after(builder: CampaignBuilder) -> Any:
    """A plan for points of a second round."""
    _award(builder, 2, 10)
    return plan_payout(builder.campaign, Wanted("EUR", 2, 1000, 0, 1, None))


def test_a_payout_taken_back_gives_its_points_back(alice: Caller, builder: CampaignBuilder) -> None:
    _award(builder, 1, 90, 10)
    first = _fix(builder, alice, 1000)
    with pytest.raises(InputError, match="say why"):
        paying.void_payout(first, alice.user, " ")
    paying.void_payout(first, alice.user, "Wrong amount.")
    with pytest.raises(InputError, match="taken back"):
        paying.mark_all_paid(first, alice.user)
    second = _fix(builder, alice, 2000)
    assert second.number == 2 and _amounts(second) == [1800, 200]
    assert paying.is_as_the_ledger_says(first) and paying.is_as_the_ledger_says(second)
    paying.mark_line(second, alice.user, second.lines.all()[0].pk, "paid")
    with pytest.raises(InputError, match="was paid"):
        paying.void_payout(second, alice.user, "Too late.")


def test_only_the_newest_payout_can_be_taken_back(alice: Caller, builder: CampaignBuilder) -> None:
    _award(builder, 1, 90, 10)
    first = _fix(builder, alice, 1000, minimum=500)
    _award(builder, 2, 90, 10)
    _fix(builder, alice, 1000)
    with pytest.raises(InputError, match="later payout builds on this one"):
        paying.void_payout(first, alice.user, "Wrong.")


def test_a_changed_ledger_or_line_is_seen(alice: Caller, builder: CampaignBuilder) -> None:
    _award(builder, 1, 90, 10)
    payout = _fix(builder, alice, 1000)
    line = payout.lines.all()[0]
    PayoutLine.objects.filter(pk=line.pk).update(amount=901)
    assert not paying.is_as_the_ledger_says(payout)
    assert "not what the ledger says" in check_page(_signed_in(alice).get(f"{URL}1/"))
    PayoutLine.objects.filter(pk=line.pk).update(amount=900)
    assert paying.is_as_the_ledger_says(payout)
    LedgerRow.objects.filter(position=0).update(amount=91)
    assert not paying.is_as_the_ledger_says(payout)


def test_lines_are_marked_one_by_one_and_all_at_once(
    alice: Caller, bob: Caller, builder: CampaignBuilder
) -> None:
    _award(builder, 1, 60, 30, 10)
    payout = _fix(builder, alice, 1000)
    first, second, _third = payout.lines.all()
    with pytest.raises(InputError, match="why it failed"):
        paying.mark_line(payout, alice.user, second.pk, "failed")
    paying.mark_line(payout, alice.user, second.pk, "failed", "Account closed.")
    assert paying.mark_all_paid(payout, alice.user, "SEPA 2026-11") == 2
    assert {key: count for key, (count, _) in paying.totals(payout).items()} == {
        "due": 0, "paid": 2, "failed": 1, "owed": 0,
    }  # fmt: skip
    with pytest.raises(InputError, match="due any more"):
        paying.mark_all_paid(payout, alice.user)
    paying.mark_line(payout, alice.user, second.pk, "paid", "second try")
    paying.mark_line(payout, alice.user, first.pk, "due")
    assert paying.totals(payout)["due"] == (1, 600)
    assert payout.lines.get(pk=first.pk).reference == ""
    what = [line.what for line in builder.campaign.audit.order_by("pk")]
    assert what == [
        "fixed a payout", "marked a line as failed", "marked all as paid", "marked a line as paid",
        "marked a line as due",
    ]  # fmt: skip
    assert [notice.sentence for notice in Notice.objects.filter(user=bob.user).order_by("pk")] == [
        "A payout of Joy in comments is fixed: 6.00 EUR for you.",
        "Joy in comments has paid you 6.00 EUR. Reference: SEPA 2026-11",
        "A payout of Joy in comments is fixed: 6.00 EUR for you.",
    ]


def test_what_is_told_of_a_payout_is_written_as_its_reader_writes_amounts(
    alice: Caller, bob: Caller, builder: CampaignBuilder
) -> None:
    _award(builder, 1, 60, 30, 10)
    payout = _fix(builder, alice, 1_234_567)
    paying.void_payout(payout, alice.user, "A mistake.")
    texts = [notice.sentence_in("de") for notice in Notice.objects.filter(user=bob.user).order_by("pk")]
    assert len(texts) == 2 and all("7.407,40 EUR" in text for text in texts), texts
    assert "7,407.40 EUR" in Notice.objects.filter(user=bob.user).order_by("pk")[0].sentence


def test_notices_of_earlier_payouts_keep_their_amounts(bob: Caller) -> None:
    """They held the amount as English text."""
    told = notify(bob.user, "payout", None, paying.PAID, "/", {"campaign": "Joy", "amount": "12.50 EUR"})
    assert told is not None and told.sentence == "Joy has paid you 12.50 EUR."


def test_marking_the_same_twice_changes_and_tells_nothing(alice: Caller, builder: CampaignBuilder) -> None:
    _award(builder, 1, 60)
    payout = _fix(builder, alice, 1000)
    for _ in range(2):
        paying.mark_line(payout, alice.user, payout.lines.all()[0].pk, "paid", "x")
    assert builder.campaign.audit.count() == 2 and Notice.objects.count() == 2


def test_what_is_owed_cannot_be_marked(alice: Caller, builder: CampaignBuilder) -> None:
    _award(builder, 1, 90, 10)
    payout = _fix(builder, alice, 1000, minimum=500)
    with pytest.raises(InputError, match="no such line"):
        paying.mark_line(payout, alice.user, payout.lines.get(state="owed").pk, "paid")
    with pytest.raises(InputError, match="due, paid or failed"):
        paying.mark_line(payout, alice.user, payout.lines.all()[0].pk, "owed")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"amount": "0"}, "amount is 0"),
        ({"amount": "1.234"}, "digits behind the point"),
        ({"currency": " "}, "what the amount is in"),
        ({"currency": "x" * 21}, "at most 20 characters"),
        ({"first_round": 3, "last_round": 2}, "Turn them round"),
        ({"minimum": "-1"}, "no amount"),
        ({"places": 9}, "0 to 8 can"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(typed: dict[str, Any], says: str) -> None:
    good = {
        "amount": "5",
        "currency": "EUR",
        "places": 2,
        "minimum": "0",
        "first_round": 1,
        "last_round": None,
    }
    with pytest.raises(InputError, match=says):
        read_wanted(**(good | typed))


def test_an_organiser_previews_fixes_and_pays_on_the_pages(
    alice: Caller, bob: Caller, builder: CampaignBuilder
) -> None:
    builder.play(0.9, [0.84, 0.79, 0.87])
    browser = _signed_in(alice)
    assert "Plan a payout" in check_page(browser.get("/campaigns/joy-in-comments/manage/"))
    assert "A new payout" in check_page(browser.get(URL))
    form = {
        "amount": "500",
        "currency": "EUR",
        "places": "2",
        "minimum": "0",
        "first_round": "1",
        "last_round": "",
    }
    preview = browser.post(URL, form | {"do": "preview"})
    text = check_page(preview)
    assert "Nothing is fixed yet." in text and "500.00 EUR" in text and not Payout.objects.exists()
    stale = browser.post(URL, form | {"do": "fix", "digest": "0" * 64})
    assert stale.status_code == 422 and "Something has changed since you looked" in check_page(stale)
    fixed = browser.post(URL, form | {"do": "fix", "digest": preview.context["plan"].digest}, follow=True)
    assert "The payout is fixed." in check_page(
        fixed
    ) and "The lines are what the ledger says." in check_page(fixed)
    line = PayoutLine.objects.get(contributor=builder.members[0].contributor)
    no_reason = browser.post(f"{URL}1/", {"do": "failed", "line": line.pk, "reference": ""})
    assert no_reason.status_code == 422 and "why it failed" in check_page(no_reason)
    paid = browser.post(f"{URL}1/", {"do": "paid", "line": line.pk, "reference": "SEPA 7"}, follow=True)
    assert "SEPA 7" in check_page(paid)
    mine = check_page(_signed_in(bob).get("/campaigns/joy-in-comments/points/"))
    assert "Paid on" in mine and "reference SEPA 7." in mine
    balance = builder.state.balances[builder.members[0].contributor]
    assert f"Payouts cover {balance} of your {balance} points, each once." in mine
    assert "No points wait to be paid out" in check_page(browser.get(URL))
    assert "marked a line as paid" in check_page(browser.get("/campaigns/joy-in-comments/manage/"))


def test_a_mistake_in_the_form_keeps_what_was_typed(alice: Caller, builder: CampaignBuilder) -> None:
    builder.play(0.9, [0.84, 0.79, 0.87])
    form = {
        "amount": "1,000",
        "currency": "gold",
        "places": "2",
        "minimum": "3",
        "first_round": "1",
        "last_round": "1",
    }
    answer = _signed_in(alice).post(URL, form | {"do": "preview"})
    assert answer.status_code == 422 and "1250" in check_page(answer)
    for value in ('value="1,000"', 'value="gold"', 'value="3"'):
        assert value in answer.content.decode()
    for broken in ({"places": "x"}, {"first_round": "-1"}, {"last_round": "9" * 30}, {"places": "²"}):
        answer = _signed_in(alice).post(URL, form | {"amount": "1"} | broken)
        assert answer.status_code == 422 and "whole numbers" in check_page(answer)


def test_only_organisers_see_payouts(
    bob: Caller, charlie: Caller, alice: Caller, builder: CampaignBuilder
) -> None:
    _award(builder, 1, 90, 10)
    _fix(builder, alice, 1000)
    for address in (URL, f"{URL}1/", f"{URL}1/payout.csv"):
        for caller in (bob, charlie):
            assert _signed_in(caller).get(address).status_code == 403
        assert Client().get(address).status_code == 403
    assert _signed_in(alice).get(f"{URL}2/").status_code == 404
    for caller in (bob, charlie):
        refusal(caller("GET", API), 403)
        refusal(caller("POST", f"{API}/1/paid", {}), 403)
    refusal(charlie("GET", f"{API.removesuffix('/payouts')}/me/payouts"), 403)


def test_the_files_hold_every_line_and_run_nothing_in_a_spreadsheet(
    alice: Caller, builder: CampaignBuilder
) -> None:
    _award(builder, 1, 90, 10)
    Membership.objects.filter(pk=builder.members[1].pk).update(pseudonym="=cmd|' /C calc'!A0")
    _fix(builder, alice, 1000, minimum=500)
    browser = _signed_in(alice)
    text = b"".join(browser.get(f"{URL}1/payout.csv").streaming_content).decode()  # type: ignore[arg-type]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["amount"] for row in rows] == ["9.00", "0.00"] and rows[1]["owed_after"] == "1.00"
    assert rows[1]["pseudonym"].startswith("'=cmd")
    whole = json.loads(b"".join(browser.get(f"{URL}1/payout.json").streaming_content))  # type: ignore[arg-type]
    assert whole["budget"] == "10.00" and len(whole["lines"]) == 2
    assert whole["ledger_head"] == LedgerRow.objects.get(position=1).hash


def test_programs_can_do_all_of_it(alice: Caller, bob: Caller, builder: CampaignBuilder) -> None:
    _award(builder, 1, 90, 10)
    wanted = {"amount": "10", "currency": "EUR", "minimum": "0"}
    preview = alice("POST", f"{API}/preview", wanted).json()
    assert preview["paid"] == "10.00" and [line["amount"] for line in preview["lines"]] == ["9.00", "1.00"]
    assert "changed since the preview" in refusal(alice("POST", API, wanted | {"digest": "x"}), 422)
    fixed = alice("POST", API, wanted | {"digest": preview["digest"]})
    assert fixed.status_code == 201 and fixed.json()["is_sound"] is True
    (payout,) = alice.get(API)
    assert payout["number"] == 1 and payout["budget"] == "10.00"
    lines = alice.get(f"{API}/1/lines?limit=1&offset=1")
    assert [line["amount"] for line in lines] == ["1.00"]
    marked = alice("PUT", f"{API}/1/lines/{lines[0]['id']}", {"state": "failed", "reference": "No account."})
    assert marked.json()["state"] == "failed"
    assert alice("POST", f"{API}/1/paid", {"reference": "SEPA"}).json() == {"lines": 1}
    (mine,) = bob.get("/campaigns/joy-in-comments/me/payouts")
    assert (mine["payout"], mine["state"], mine["reference"], mine["amount"]) == (1, "paid", "SEPA", "9.00")
    assert "was paid" in refusal(alice("POST", f"{API}/1/void", {"reference": "Oops."}), 422)
    refusal(alice("GET", f"{API}/9/lines"), 404)


def test_your_data_holds_your_payouts_and_an_account_can_go(
    alice: Caller, bob: Caller, builder: CampaignBuilder
) -> None:
    _award(builder, 1, 90, 10)
    payout = _fix(builder, alice, 1000)
    assert bob.user is not None
    (campaign,) = personal_data(bob.user)["campaigns"]
    assert campaign["payouts"][0]["amount"] == "9.00" and campaign["payouts"][0]["payout"] == 1
    delete_account(bob.user)
    assert paying.is_as_the_ledger_says(payout) and payout.lines.count() == 2
    assert "someone who left" in check_page(_signed_in(alice).get(f"{URL}1/"))
    assert paying.mark_all_paid(payout, alice.user) == 2


def test_ten_thousand_lines_are_fixed_and_shown_in_few_queries(
    alice: Caller, builder: CampaignBuilder, django_assert_max_num_queries: Any
) -> None:
    people = [
        Membership(
            campaign=builder.campaign,
            contributor=f"{number:020x}",
            pseudonym=f"p{number}",
            role="contributor",
        )
        for number in range(10_000)
    ]
    Membership.objects.bulk_create(people)
    builder.members = people
    _award(builder, 1, *range(1, 10_001))
    with django_assert_max_num_queries(200):
        payout = _fix(builder, alice, 1_000_000)
    assert sum(_amounts(payout)) == 1_000_000
    browser = _signed_in(alice)
    with django_assert_max_num_queries(40):
        text = check_page(browser.get(f"{URL}1/?page=200"))
    assert "Page 200 of 200" in text
    with django_assert_max_num_queries(200):
        paying.mark_all_paid(payout, alice.user)


def test_a_contributor_of_another_campaign_is_not_mixed_up(
    alice: Caller, bob: Caller, builder: CampaignBuilder
) -> None:
    assert alice.user is not None and bob.user is not None
    other = CampaignBuilder.start(owner=alice.user, people=[bob.user], salt=builder.campaign.salt)
    assert other.members[0].contributor == builder.members[0].contributor
    _award(other, 1, 5, 5)
    _fix(other, alice, 100)
    assert own_payouts(builder.members[0]).lines == ()
    assert len(own_payouts(other.members[0]).lines) == 1
    assert Campaign.objects.count() == 2 and User.objects.count() == 2
