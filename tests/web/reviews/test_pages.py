"""The pages of reviewers and of those whose work is reviewed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.contributions.work import current_task
from crowdsft.web.reviews.models import Appeal, Moderation, Report, Review
from crowdsft.web.reviews.moderation import pause
from crowdsft.web.reviews.queue import reserve
from crowdsft.web.reviews.reviewing import decide
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import check_page

HERE = "/campaigns/joy-in-comments/"
SignedIn = Callable[[User], Client]


def reject_bobs(
    builder: CampaignBuilder, dora: Membership, bob: User, verdict: str = "rejected"
) -> Contribution:
    row = Contribution.objects.get(campaign=builder.campaign, membership__user=bob)
    Contribution.objects.exclude(pk=row.pk).update(round_number=9)  # only bob's is in the queue
    decide(reserve(builder.campaign, dora), verdict, reason="low_effort", words="One word only.")
    Contribution.objects.exclude(pk=row.pk).update(round_number=None)
    return row


def test_a_reviewer_decides_one_contribution_after_the_other(
    builder: CampaignBuilder, dora: Membership, signed_in: SignedIn
) -> None:
    page = signed_in(dora.user)
    assert "6 to review" in check_page(page.get(HERE))
    text = check_page(page.get(f"{HERE}reviews/next/"))
    review = Review.objects.get(verdict="")
    assert review.contribution.response in text and "6 wait for you" in text
    assert review.contribution.membership.pseudonym not in text
    wrong = page.post(
        f"{HERE}reviews/next/", {"review": review.pk, "verdict": "rejected", "words": "Kept words"}
    )
    assert wrong.status_code == 422 and "choose one of the reasons" in check_page(wrong)
    assert "Kept words" in check_page(wrong)
    done = page.post(
        f"{HERE}reviews/next/", {"review": review.pk, "verdict": "rejected", "reason": "copied"}, follow=True
    )
    assert "Rejected. Its writer reads the reason" in check_page(done) and "5 wait for you" in check_page(
        done
    )
    second = Review.objects.get(verdict="")
    again = page.post(f"{HERE}reviews/next/", {"review": second.pk, "verdict": "skipped"}, follow=True)
    assert "It comes back last" in check_page(again)
    third = Review.objects.get(verdict="")
    page.post(f"{HERE}reviews/next/", {"review": third.pk, "verdict": "accepted"})
    third.contribution.refresh_from_db()
    assert third.contribution.standing == "accepted"


def test_an_empty_queue_says_so(builder: CampaignBuilder, dora: Membership, signed_in: SignedIn) -> None:
    Contribution.objects.update(standing="accepted")
    assert "Nothing to review" in check_page(signed_in(dora.user).get(f"{HERE}reviews/next/"))


@pytest.mark.parametrize("path", ["reviews/", "reviews/next/"])
def test_only_reviewers_and_organisers_see_the_queue(
    path: str, builder: CampaignBuilder, alice: User, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    assert signed_in(alice).get(HERE + path).status_code == 200
    assert signed_in(bob).get(HERE + path).status_code == 403
    assert signed_in(charlie).get(HERE + path).status_code == 403
    assert Client().get(HERE + path).status_code == 302


def test_a_rejected_contributor_reads_why_and_appeals_and_another_reviewer_grants(
    builder: CampaignBuilder, dora: Membership, emil: Membership, bob: User, signed_in: SignedIn
) -> None:
    row = reject_bobs(builder, dora, bob)
    as_bob, as_dora, as_emil = signed_in(bob), signed_in(dora.user), signed_in(emil.user)
    assert "1 contribution of yours was sent back or left out" in check_page(as_bob.get(HERE))
    text = check_page(as_bob.get(f"{HERE}mine/"))
    assert "Too little was written or changed. One word only." in text and "Appeal against this" in text
    form = check_page(as_bob.get(f"{HERE}appeals/new/?contribution={row.pk}"))
    assert row.response in form and "Somebody else than the person who decided" in form
    empty = as_bob.post(f"{HERE}appeals/new/", {"contribution": row.pk, "words": " "})
    assert empty.status_code == 422
    sent = as_bob.post(f"{HERE}appeals/new/", {"contribution": row.pk, "words": "It says all."}, follow=True)
    assert "Waits for an answer" in check_page(sent) and "A reviewer rejected it" in check_page(sent)
    appeal = Appeal.objects.get()
    page = f"{HERE}appeals/{appeal.pk}/"
    assert "1 report or appeal" in check_page(as_emil.get(HERE))
    assert "Another reviewer or organiser answers" in check_page(as_dora.get(page))
    assert as_dora.post(page, {"do": "grant", "words": "x"}).status_code == 422
    assert "Grant the appeal" in check_page(as_emil.get(page))
    assert as_emil.post(page, {"do": "grant", "words": ""}).status_code == 422
    answered = check_page(as_emil.post(page, {"do": "grant", "words": "It does say all."}, follow=True))
    assert "quiet-fern-202 appealed" in answered and "brisk-tern-404 rejected it" in answered
    seen = check_page(as_bob.get(page))
    assert "Granted" in seen and "It does say all." in seen and "mild-crag-505" not in seen
    assert "left out" not in check_page(as_bob.get(HERE))
    row.refresh_from_db()
    assert row.standing == "accepted"


def test_strangers_and_other_contributors_see_no_appeal(
    builder: CampaignBuilder, dora: Membership, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    row = reject_bobs(builder, dora, bob)
    as_bob, as_charlie = signed_in(bob), signed_in(charlie)
    as_bob.post(f"{HERE}appeals/new/", {"contribution": row.pk, "words": "Please look."})
    page = f"{HERE}appeals/{Appeal.objects.get().pk}/"
    assert as_charlie.get(page).status_code == 404
    assert as_charlie.get(f"{HERE}mine/").status_code == 404
    assert as_charlie.get(f"{HERE}appeals/new/?contribution={row.pk}").status_code == 404
    withdrawn = as_bob.post(page, {"do": "withdraw"}, follow=True)
    assert "Withdrawn" in check_page(withdrawn)


def test_a_contribution_that_was_sent_back_is_changed_and_no_word_is_lost(
    builder: CampaignBuilder, dora: Membership, bob: User, signed_in: SignedIn
) -> None:
    row = reject_bobs(builder, dora, bob, "returned")
    page = signed_in(bob)
    assert "Sent back to you" in check_page(page.get(f"{HERE}mine/"))
    address = f"{HERE}mine/{row.pk}/change/"
    assert "One word only." in check_page(page.get(address))
    too_long = page.post(address, {"response": "long " * 1000})
    assert too_long.status_code == 422 and "long long" in check_page(too_long)
    done = page.post(address, {"response": "A day with soup and rain."}, follow=True)
    assert "A reviewer looks at it again" in check_page(done)
    row.refresh_from_db()
    assert (row.response, row.standing) == ("A day with soup and rain.", "waiting")
    assert page.get(address).status_code == 302


def test_a_report_goes_from_the_task_to_the_desk_and_is_settled(
    builder: CampaignBuilder, dora: Membership, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    as_bob, as_dora = signed_in(bob), signed_in(dora.user)
    member = Membership.objects.select_related("campaign").get(campaign=builder.campaign, user=bob)
    task = current_task(builder.campaign, member, None)  # type: ignore[arg-type]
    address = f"{HERE}report/?task={task.pk}&part=prompt"
    assert address.replace("&", "&amp;") in as_bob.get(f"{HERE}work/").content.decode()
    assert task.prompt in check_page(as_bob.get(address))
    assert signed_in(charlie).get(address).status_code == 404
    assert as_bob.get(f"{HERE}report/?task={task.pk}&part=response").status_code == 404
    form = {"task": task.pk, "part": "prompt", "reason": "other", "words": ""}
    assert as_bob.post(f"{HERE}report/", form).status_code == 422
    sent = as_bob.post(f"{HERE}report/", {**form, "words": "A telephone number is in it."}, follow=True)
    assert "Reviewers look at it" in check_page(sent)
    desk = check_page(as_dora.get(f"{HERE}reviews/"))
    assert "A telephone number is in it." in desk and "A message of the campaign" in desk
    report = Report.objects.get()
    settled = as_dora.post(
        f"{HERE}reviews/settle/", {"report": report.pk, "outcome": "Taken out."}, follow=True
    )
    assert "None is open" in check_page(settled)


def test_exclude_and_let_in_again_from_the_desk(
    builder: CampaignBuilder, dora: Membership, signed_in: SignedIn
) -> None:
    page = signed_in(dora.user)
    row = decide(reserve(builder.campaign, dora), "accepted")
    form = {"contribution": row.pk, "reason": "personal", "words": "An address."}
    said = check_page(page.post(f"{HERE}reviews/exclude/", form, follow=True))
    assert "Excluded from the round" in said and "1 excluded contribution" in said
    decided = Moderation.objects.get()
    assert "Lifted." in check_page(page.post(f"{HERE}reviews/lift/", {"moderation": decided.pk}, follow=True))
    for action, bad in (("exclude", {"contribution": "x"}), ("lift", {"moderation": "x"}), ("settle", {})):
        said = check_page(page.post(f"{HERE}reviews/{action}/", {**bad, "words": "Typed."}, follow=True))
        assert "There is no such" in said and "You wrote: Typed." in said
    assert page.post(f"{HERE}reviews/other/").status_code == 404


def test_a_paused_contributor_reads_why_and_how_to_appeal(
    builder: CampaignBuilder, dora: Membership, bob: User, signed_in: SignedIn
) -> None:
    row = Contribution.objects.get(membership__user=bob)
    form = {"contribution": row.pk, "reason": "spam", "words": "Bulk.", "days": "3", "back": "review"}
    said = signed_in(dora.user).post(f"{HERE}reviews/pause/", form)
    assert said.headers["Location"] == f"{HERE}reviews/next/"
    page = signed_in(bob)
    text = check_page(page.get(f"{HERE}work/"))
    assert "Your tasks are paused" in text and "Bulk." in text and "Appeal" in text
    assert "Your tasks in this campaign are paused until" in check_page(page.get(HERE))
    assert "Appeal against the pause" in check_page(page.get(f"{HERE}mine/"))
    assert "made up in bulk" in check_page(page.get(f"{HERE}appeals/new/"))
    page.post(f"{HERE}appeals/new/", {"words": "I type fast."})
    appeal = Appeal.objects.get()
    assert appeal.moderation == Moderation.objects.get()
    assert not Task.objects.filter(membership__user=bob, state="open").exists()


def test_an_award_is_questioned_from_the_points_page(alice: User, bob: User, signed_in: SignedIn) -> None:
    builder = CampaignBuilder.start(owner=alice, people=[bob]).play(0.6, [0.5, 0.52, 0.55])
    page = signed_in(bob)
    address = re.search(r'href="([^"]*award=1)"', page.get(f"{HERE}points/").content.decode())
    assert address is not None
    assert "Does an award look wrong?" in check_page(page.get(address[1]))
    sent = page.post(f"{HERE}appeals/new/", {"award": "1", "words": "Where is my gain?"}, follow=True)
    assert "The award of round 1" in check_page(sent)
    appeal = f"{HERE}appeals/{Appeal.objects.get().pk}/"
    done = signed_in(alice).post(appeal, {"do": "decline", "words": "The interval explains it."}, follow=True)
    assert "The decision stays as it was." in check_page(done)
    assert builder.campaign.ledger.exists()


def test_signals_are_for_reviewers_only(
    builder: CampaignBuilder, dora: Membership, bob: User, signed_in: SignedIn
) -> None:
    member = Membership.objects.select_related("campaign").get(campaign=builder.campaign, user=bob)
    pause(member, dora, reason="spam")
    text = check_page(signed_in(bob).get(f"{HERE}mine/"))
    assert "What was noticed" not in text
    assert "What was noticed" in check_page(signed_in(dora.user).get(f"{HERE}reviews/next/"))
