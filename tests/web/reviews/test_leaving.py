"""What of reviews goes along in the download, and what goes when an account is deleted."""

from __future__ import annotations

import json

from crowdsft.web.accounts.models import User
from crowdsft.web.accounts.own_data import personal_data
from crowdsft.web.campaigns.leaving import delete_account
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.reviews.appeals import answer, appeal_rejection
from crowdsft.web.reviews.models import Appeal, Checkup, Moderation, Report, Review, TextHash
from crowdsft.web.reviews.moderation import pause
from crowdsft.web.reviews.queue import release, reserve
from crowdsft.web.reviews.reports import report_contribution
from crowdsft.web.reviews.reviewing import decide
from tests.web.pages.campaign_builder import CampaignBuilder

SECRET = "Words that only I could have written."


def story(builder: CampaignBuilder, dora: Membership, emil: Membership, bob: User) -> Contribution:
    """Bob's contribution is rejected by dora with a report, bob appeals, emil declines; bob is paused."""
    row = Contribution.objects.select_related("membership__campaign").get(membership__user=bob)
    Contribution.objects.exclude(pk=row.pk).update(standing="accepted")
    report_contribution(row, dora, reason="hurtful", words=f"{SECRET} (dora's report)")
    decide(reserve(builder.campaign, dora), "rejected", reason="other", words=f"{SECRET} (dora's review)")
    appeal = appeal_rejection(row, row.membership, f"{SECRET} (bob's appeal)")
    answer(appeal, emil, grant=False, words=f"{SECRET} (emil's answer)")
    pause(row.membership, dora, reason="other", words=f"{SECRET} (dora's pause)")
    Checkup.objects.create(contribution=row, flags={"rude": ["darn"]})
    TextHash.objects.create(campaign=builder.campaign, contribution=row, value=1)
    return row


def test_everybody_takes_along_what_concerns_them(
    builder: CampaignBuilder, dora: Membership, emil: Membership, bob: User
) -> None:
    story(builder, dora, emil, bob)
    texts = {name: json.dumps(personal_data(user)) for name, user in (("bob", bob), ("dora", dora.user))}
    for words in ("dora's review", "bob's appeal", "emil's answer", "dora's pause", "darn", "rejected"):
        assert words in texts["bob"]
    assert "dora's report" not in texts["bob"] and "brisk-tern-404" not in texts["bob"]
    for words in ("dora's review", "dora's report", "dora's pause"):
        assert words in texts["dora"]


def test_a_contributors_texts_and_what_is_said_about_them_go(
    builder: CampaignBuilder, dora: Membership, emil: Membership, bob: User
) -> None:
    row = story(builder, dora, emil, bob)
    delete_account(bob)
    assert not Contribution.objects.filter(pk=row.pk).exists()
    for model in (Appeal, Moderation, Report, Checkup, TextHash):
        assert not model.objects.exists()  # type: ignore[attr-defined]
    assert not Review.objects.exclude(words="").exists()


def test_a_trained_text_is_blanked_with_what_was_noticed(
    builder: CampaignBuilder, dora: Membership, emil: Membership, bob: User
) -> None:
    row = story(builder, dora, emil, bob)
    Contribution.objects.filter(pk=row.pk).update(standing="accepted")
    builder.close().decide(0.6, [0.5, 0.52, 0.55])
    delete_account(bob)
    row.refresh_from_db()
    assert row.response == "" and row.round_number == 1
    assert not Checkup.objects.exists() and not Report.objects.exists()
    assert Review.objects.get(contribution=row).words == ""


def test_a_reviewers_words_go_and_decisions_stay(
    builder: CampaignBuilder, dora: Membership, emil: Membership, bob: User
) -> None:
    row = story(builder, dora, emil, bob)
    Contribution.objects.exclude(pk=row.pk).update(standing="waiting")
    release(reserve(builder.campaign, dora))
    reserve(builder.campaign, dora)
    assert dora.user is not None and emil.user is not None
    delete_account(dora.user)
    delete_account(emil.user)
    review = Review.objects.get()
    assert (review.verdict, review.reason, review.words) == ("rejected", "other", "")
    assert Moderation.objects.get().words == "" and Report.objects.get().words == ""
    assert Appeal.objects.get().answer == "" and Appeal.objects.get().granted is False
    row.refresh_from_db()
    assert row.standing == "rejected"
