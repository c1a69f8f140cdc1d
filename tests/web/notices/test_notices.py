"""Who is told what, when: through the platform's own decisions and rounds."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client
from django.urls import resolve

from crowdsft.core.errors import InputError
from crowdsft.core.settings import parse_settings
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns import invitations, steering
from crowdsft.web.campaigns.consent import publish_consent
from crowdsft.web.campaigns.create import create_campaign, open_draft
from crowdsft.web.campaigns.leaving import leave
from crowdsft.web.notices.models import Notice
from crowdsft.web.notices.notify import notify
from crowdsft.web.notices.reading import choose_mail, mail_choices, unread_count
from tests.web.api.callers import Caller, account
from tests.web.pages.campaign_builder import CampaignBuilder, plan
from tests.web.pages.reading import check_page, words

pytestmark = pytest.mark.django_db


def _told(caller: Caller) -> list[str]:
    assert caller.user is not None
    return [notice.sentence for notice in Notice.objects.filter(user=caller.user).order_by("pk")]


def _signed_in(caller: Caller) -> Client:
    client = Client()
    assert caller.user is not None
    client.force_login(caller.user)
    return client


def test_a_decided_round_is_told_once_with_the_points(
    bob: Caller, alice: Caller, builder: CampaignBuilder
) -> None:
    builder.play(0.9, [0.84, 0.79, 0.87])
    points = builder.state.balances[builder.members[0].contributor]
    assert points > 0
    assert _told(bob) == [f"Round 1 of Joy in comments is decided. You got {points} points."]
    assert _told(alice) == []  # she organises and has no part in the round
    assert Notice.objects.count() == 1  # those from a file have no account


def test_a_round_without_a_clear_winner_says_that_points_are_carried_over(
    bob: Caller, builder: CampaignBuilder
) -> None:
    builder.play(0.6, [0.6, 0.599, 0.601])
    assert _told(bob) == [
        "Round 1 of Joy in comments is decided: no clear winner, so its points are carried over, not lost."
    ]


def test_who_took_no_part_is_not_told(bob: Caller, builder: CampaignBuilder) -> None:
    builder.play(0.6, [0.6, 0.599, 0.601], counts=[0, 1, 1, 1, 1, 1])
    assert _told(bob) == []


def test_large_numbers_are_shown_in_groups(bob: Caller, alice: Caller) -> None:
    assert alice.user is not None and bob.user is not None
    builder = CampaignBuilder.start(owner=alice.user, people=[bob.user], points={"budget_per_round": 100_000})
    builder.play(0.9, [0.84, 0.79, 0.87])
    points = builder.state.balances[builder.members[0].contributor]
    assert f"You got {points:,} points." in _told(bob)[0] and points >= 1_000


def test_the_end_is_told_to_everybody(bob: Caller, alice: Caller, builder: CampaignBuilder) -> None:
    for base in (0.9, 0.8, 0.7):
        builder.play(base, [base - 0.06, base - 0.1, base - 0.03])
    builder.finish()
    assert _told(bob)[-1].startswith("Joy in comments is finished")
    assert _told(alice) == [
        "Joy in comments is finished. Thank you. See what it became, and all of your points."
    ]


def test_a_winner_that_waits_is_told_to_those_who_decide(alice: Caller, bob: Caller) -> None:
    assert alice.user is not None and bob.user is not None
    builder = CampaignBuilder.start(owner=alice.user, people=[bob.user], rounds={"approval": True})
    builder.open().contribute().close().decide_until_award(0.71, [0.69, 0.645, 0.66])
    assert _told(alice) == ["Round 1 of Joy in comments has a winner that waits for approval."]
    assert _told(bob) == []


def test_decisions_are_told_to_the_others(alice: Caller, bob: Caller, builder: CampaignBuilder) -> None:
    builder.open()
    steering.pause(builder.campaign, alice.user)
    steering.resume(builder.campaign, alice.user)
    steering.cancel(builder.campaign, alice.user, "No time.")
    assert [sentence.split(".")[0] for sentence in _told(bob)] == [
        "Joy in comments is paused",
        "Joy in comments goes on",
        "Joy in comments was cancelled",
    ]
    assert _told(alice) == []


def test_a_decision_that_fails_tells_nobody(alice: Caller, bob: Caller, builder: CampaignBuilder) -> None:
    builder.open()
    with pytest.raises(InputError):
        steering.resume(builder.campaign, alice.user)
    assert _told(bob) == []


def test_a_draft_that_opens_is_told_to_those_who_helped_to_prepare_it(alice: Caller, bob: Caller) -> None:
    draft = create_campaign(parse_settings(plan()), owner=alice.user, is_draft=True)
    invitation, _ = invitations.invite(draft, alice.user, "reviewer")
    assert bob.user is not None
    invitations.accept(invitation, bob.user)
    open_draft(draft)
    assert _told(bob) == ["Joy in comments is open. Its first round begins now."]
    assert _told(alice) == ["quiet-fern-202 accepted an invitation and is a reviewer of Joy in comments."]


def test_a_new_consent_text_is_told_to_those_who_agreed(
    alice: Caller, bob: Caller, builder: CampaignBuilder
) -> None:
    publish_consent(builder.campaign, licence="CC-BY-4.0", text="It may be printed.", actor=alice.user)
    assert len(_told(bob)) == 1 and "a new consent text (version 2)" in _told(bob)[0]
    assert _told(alice) == []


def test_another_role_is_told_to_who_has_it(alice: Caller, bob: Caller, builder: CampaignBuilder) -> None:
    invitations.change_role(builder.campaign, alice.user, builder.members[0].pk, "reviewer")
    assert _told(bob) == ["You are a reviewer of Joy in comments now."]


def test_who_left_is_told_no_more(alice: Caller, bob: Caller, builder: CampaignBuilder) -> None:
    builder.open()
    leave(builder.members[0])
    steering.pause(builder.campaign, alice.user)
    assert _told(bob) == []


def test_every_link_leads_to_a_page(alice: Caller, bob: Caller, builder: CampaignBuilder) -> None:
    builder.play(0.9, [0.84, 0.79, 0.87])
    publish_consent(builder.campaign, licence="CC-BY-4.0", text="It may be printed.", actor=alice.user)
    steering.cancel(builder.campaign, alice.user)
    for notice in Notice.objects.all():
        assert resolve(notice.link.partition("?")[0]).kwargs["slug"] == builder.campaign.slug


def test_nothing_is_told_of_what_was_rolled_back(bob: Caller, builder: CampaignBuilder) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        notify(bob.user, "payout", builder.campaign, "Your payout is on its way.")
        raise RuntimeError("the database went away")
    assert _told(bob) == []


def test_nobody_is_told_nothing(builder: CampaignBuilder) -> None:
    assert notify(None, "payout", builder.campaign, "Your payout is on its way.") is None


@pytest.mark.parametrize(
    ("text", "link", "values"),
    [("You got %(points)s.", "", {}), ("Look.", "https://example.org", {}), ("Look.", "//example.org", {})],
)
def test_our_own_mistakes_are_found_when_they_are_made(
    bob: Caller, text: str, link: str, values: dict[str, str | int]
) -> None:
    with pytest.raises(ValueError):
        notify(bob.user, "payout", None, text, link, values or {"other": 1})
    assert _told(bob) == []


def test_telling_ten_thousand_takes_few_statements(
    django_assert_max_num_queries: object, builder: CampaignBuilder, alice: Caller
) -> None:
    from crowdsft.web.campaigns.models import Membership

    people = User.objects.bulk_create(
        User(username=f"p{index}", pseudonym=f"person-{index}") for index in range(10_000)
    )
    Membership.objects.bulk_create(
        Membership(
            campaign=builder.campaign, user=person, contributor=f"{index:020x}", pseudonym=person.pseudonym,
            role="contributor",
        )
        for index, person in enumerate(people)
    )  # fmt: skip
    builder.open()
    with django_assert_max_num_queries(200):  # type: ignore[operator]
        steering.pause(builder.campaign, alice.user)
    assert Notice.objects.count() == 10_001


def test_the_bell_counts_what_is_not_read_on_every_page(bob: Caller, builder: CampaignBuilder) -> None:
    browser = _signed_in(bob)
    assert 'aria-label="Notices"' in browser.get("/").content.decode()
    builder.play(0.9, [0.84, 0.79, 0.87])
    notify(bob.user, "role", None, "Something else.")
    for address in ("/", "/account/", f"/campaigns/{builder.campaign.slug}/", "/notices/", "/nowhere/"):
        assert 'aria-label="Notices, 2 not read"' in browser.get(address).content.decode(), address
    assert 'class="bell"' not in Client().get("/").content.decode()


def test_opening_a_notice_reads_it_and_leads_there(
    bob: Caller, charlie: Caller, builder: CampaignBuilder
) -> None:
    builder.play(0.9, [0.84, 0.79, 0.87])
    notice = Notice.objects.get()
    assert _signed_in(charlie).get(f"/notices/{notice.pk}/").status_code == 404
    answer = _signed_in(bob).get(f"/notices/{notice.pk}/", follow=True)
    assert answer.redirect_chain == [("/campaigns/joy-in-comments/points/?round=1", 302)]
    assert "why you got" in check_page(answer)
    assert unread_count(bob.user) == 0


def test_the_page_lists_them_newest_first_in_pages(bob: Caller) -> None:
    browser = _signed_in(bob)
    assert "Nothing to tell yet" in check_page(browser.get("/notices/"))
    for number in range(31):
        notify(bob.user, "review", None, "Notice number %(number)s.", values={"number": str(number)})
    first = browser.get("/notices/")
    text = check_page(first)
    assert text.index("number 30.") < text.index("number 1.") and "number 0." not in text
    before = first.context["before"]
    assert "number 0." in words(browser.get(f"/notices/?before={before}"))
    for nonsense in ("x", "-1", "9" * 40, "%00"):
        assert "number 30." in words(browser.get(f"/notices/?before={nonsense}"))
    assert browser.post("/notices/read/").status_code == 302
    assert "new" not in words(browser.get("/notices/")).split()


def test_each_kind_can_be_mailed_as_one_likes(bob: Caller) -> None:
    browser = _signed_in(bob)
    assert "What is mailed to me" in check_page(browser.get("/account/notices/"))
    browser.post("/account/notices/", {"points": "never", "role": "hourly"})
    assert bob.user is not None
    chosen = mail_choices(bob.user)
    assert (chosen["points"], chosen["role"], chosen["appeal"]) == ("never", "hourly", "at_once")
    refused = browser.post("/account/notices/", {"points": "weekly", "role": "never"})
    assert refused.status_code == 422 and "cannot be chosen" in check_page(refused)
    assert mail_choices(bob.user) == chosen
    notice = notify(bob.user, "points", None, "You got points.")
    assert notice is not None and notice.mailed == "never"


def test_all_pages_ask_for_an_account() -> None:
    for address in ("/notices/", "/notices/1/", "/account/notices/"):
        assert Client().get(address).headers["Location"].startswith("/accounts/login/")


def test_an_unknown_kind_is_refused(bob: Caller) -> None:
    assert bob.user is not None
    with pytest.raises(InputError, match="cannot be chosen"):
        choose_mail(bob.user, {"gossip": "never"})


def test_deleting_the_account_deletes_its_notices(bob: Caller) -> None:
    from crowdsft.web.campaigns.leaving import delete_account

    other = account("dora", "quiet-tern-9")
    notify(bob.user, "role", None, "Hello.")
    notify(other, "role", None, "Hello.")
    assert bob.user is not None
    choose_mail(bob.user, {"role": "never"})
    delete_account(bob.user)
    assert [notice.user for notice in Notice.objects.all()] == [other]
