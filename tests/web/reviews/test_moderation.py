"""Reports, moderation and appeals: always by a person, with a reason, and never the last word of one person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import AuditLine, Membership
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.contributions.work import NotNow, current_task, hand_in, waiting_contributions
from crowdsft.web.notices.models import Notice
from crowdsft.web.reviews.appeals import (
    answer,
    appeal_award,
    appeal_pause,
    appeal_rejection,
    open_appeals,
    why_not_answer,
    withdraw,
)
from crowdsft.web.reviews.models import Appeal, Moderation, Report, Review
from crowdsft.web.reviews.moderation import exclude, lift, pause, pause_of
from crowdsft.web.reviews.queue import reserve
from crowdsft.web.reviews.reports import report_contribution, report_task, settle
from crowdsft.web.reviews.reviewing import decide
from crowdsft.web.webhooks.models import Delivery, Webhook
from tests.web.pages.campaign_builder import CampaignBuilder


def of(builder: CampaignBuilder, user: User) -> Membership:
    return Membership.objects.select_related("campaign").get(campaign=builder.campaign, user=user)


def task_of(builder: CampaignBuilder, member: Membership) -> Task:
    return current_task(builder.campaign, member, None)  # type: ignore[arg-type]


# Moderation


def test_an_excluded_contribution_is_in_no_round_until_it_is_let_in_again(
    builder: CampaignBuilder, dora: Membership, emil: Membership
) -> None:
    row = decide(reserve(builder.campaign, dora), "accepted")
    decided = exclude(row, dora, reason="personal", words="A telephone number.")
    row.refresh_from_db()
    assert row.standing == "excluded" and waiting_contributions(builder.campaign) == 0
    with pytest.raises(InputError, match="excluded already"):
        exclude(row, dora, reason="personal")
    lift(decided, emil, "It is a made-up number.")
    assert waiting_contributions(builder.campaign) == 1  # its acceptance still holds
    with pytest.raises(InputError, match="not hold any more"):
        lift(decided, emil)
    assert [line.what for line in AuditLine.objects.all()[:2]] == [
        "let a contribution in again",
        "excluded a contribution",
    ]


def test_a_granted_appeal_against_a_review_does_not_undo_an_exclusion(
    builder: CampaignBuilder, dora: Membership, emil: Membership
) -> None:
    row, writer = rejected(builder, dora)
    appeal = appeal_rejection(row, writer, "I did answer the question.")
    decided = exclude(row, dora, reason="personal", words="A telephone number.")
    answer(appeal, emil, grant=True, words="It does answer.")
    row.refresh_from_db()
    assert row.standing == "excluded" and waiting_contributions(builder.campaign) == 0
    lift(decided, emil)
    assert waiting_contributions(builder.campaign) == 1


def test_excluding_what_its_writer_took_back_says_so(builder: CampaignBuilder, dora: Membership) -> None:
    row = reserve(builder.campaign, dora).contribution
    Contribution.objects.filter(pk=row.pk).delete()
    with pytest.raises(InputError, match="taken it back"):
        exclude(row, dora, reason="copied")


def test_what_a_round_took_cannot_be_excluded(builder: CampaignBuilder, dora: Membership) -> None:
    for _ in range(6):
        decide(reserve(builder.campaign, dora), "accepted")
    builder.close()
    with pytest.raises(InputError, match="What a round took stays"):
        exclude(Contribution.objects.filter(round_number=1)[0], dora, reason="copied")


def test_a_pause_stops_tasks_says_why_keeps_the_text_and_ends(
    builder: CampaignBuilder, dora: Membership, bob: User
) -> None:
    member = of(builder, bob)
    task = task_of(builder, member)
    decided = pause(member, dora, reason="spam", words="Forty texts a minute.", days=3)
    with pytest.raises(NotNow, match=r"paused until .* Forty texts a minute\. .*appeal"):
        task_of(builder, member)
    with pytest.raises(InputError, match="paused"):
        hand_in(task, "This took me a while to write.")
    task.refresh_from_db()
    assert task.draft == "This took me a while to write." and task.state == Task.OPEN
    Moderation.objects.filter(pk=decided.pk).update(until=timezone.now() - timedelta(seconds=1))
    assert pause_of(member) is None and hand_in(task, task.draft).standing == "waiting"


def test_pauses_go_down_in_rank_only_and_are_never_doubled(
    builder: CampaignBuilder, dora: Membership, emil: Membership, alice: User, bob: User
) -> None:
    owner = of(builder, alice)
    for who, whom in ((dora, dora), (dora, emil), (dora, owner), (owner, owner)):
        with pytest.raises(InputError, match="You can pause"):
            pause(whom, who, reason="spam")
    pause(dora, owner, reason="other", words="On holiday.")
    pause(of(builder, bob), dora, reason="spam")
    with pytest.raises(InputError, match="paused already"):
        pause(of(builder, bob), emil, reason="spam")
    for days in (0, 366):
        with pytest.raises(InputError, match="1 to 365 days"):
            pause(emil, owner, reason="spam", days=days)


# Reports


def test_a_report_waits_in_the_queue_comes_first_and_is_settled(
    builder: CampaignBuilder, dora: Membership, emil: Membership
) -> None:
    last = Contribution.objects.filter(campaign=builder.campaign).order_by("-created").first()
    assert last is not None
    report = report_contribution(last, emil, reason="hurtful", words="About somebody's looks.")
    assert report_contribution(last, emil, reason="personal").pk == report.pk
    assert reserve(builder.campaign, dora).contribution_id == last.pk
    with pytest.raises(InputError, match="what was done"):
        settle(report, dora, " ")
    settle(report, dora, "Excluded.")
    with pytest.raises(InputError, match="settled already"):
        settle(report, emil, "Again.")


def test_the_texts_of_ones_own_task_can_be_reported(builder: CampaignBuilder, bob: User) -> None:
    task = task_of(builder, of(builder, bob))
    with pytest.raises(InputError, match="which text you report: prompt"):
        report_task(task, "response", reason="hurtful")
    report = report_task(task, "prompt", reason="broken")
    assert (report.text, report.state) == (task.prompt, Report.OPEN)
    own = Contribution.objects.get(membership=task.membership)
    with pytest.raises(InputError, match="your own"):
        report_contribution(own, task.membership, reason="broken")


# Appeals


def rejected(builder: CampaignBuilder, reviewer: Membership) -> tuple[Contribution, Membership]:
    review = reserve(builder.campaign, reviewer)
    row = decide(review, "rejected", reason="low_effort")
    row.membership.campaign = builder.campaign
    return row, row.membership


def test_a_granted_appeal_lets_the_contribution_into_the_round(
    builder: CampaignBuilder, dora: Membership, emil: Membership
) -> None:
    row, writer = rejected(builder, dora)
    with pytest.raises(InputError, match="why you see it differently"):
        appeal_rejection(row, writer, " ")
    appeal = appeal_rejection(row, writer, "I did answer the question.")
    with pytest.raises(InputError, match="appealed against this already"):
        appeal_rejection(row, writer, "Again.")
    assert "Another reviewer" in why_not_answer(appeal, dora)
    with pytest.raises(InputError, match="You made the decision"):
        answer(appeal, dora, grant=True, words="No.")
    with pytest.raises(InputError, match="give your reasons"):
        answer(appeal, emil, grant=True, words="")
    answer(appeal, emil, grant=True, words="It is short, and to the point.")
    row.refresh_from_db()
    assert (appeal.state, appeal.granted, row.standing) == ("answered", True, "accepted")
    assert not appeal.is_same_person and open_appeals(builder.campaign) == []
    for member in (dora, emil):
        with pytest.raises(InputError, match="not open any more"):
            answer(appeal, member, grant=False, words="Changed my mind.")
    assert waiting_contributions(builder.campaign) == 1


def test_no_word_is_cut_off_and_a_line_ends_with_one_character(
    builder: CampaignBuilder, dora: Membership, emil: Membership
) -> None:
    row, writer = rejected(builder, dora)
    lines = "\r\n".join(["a" * 99] * 20)  # what a browser sends of 1,999 characters
    appeal = appeal_rejection(row, writer, lines)
    assert appeal.words == lines.replace("\r", "")
    with pytest.raises(InputError, match="2001 characters; at most 2000"):
        answer(appeal, emil, grant=False, words="x" * 2001)
    appeal.refresh_from_db()
    assert appeal.state == "open"
    report = report_contribution(row, emil, reason="broken")
    with pytest.raises(InputError, match="shorten"):
        settle(report, dora, "x" * 1001)
    decided = exclude(row, dora, reason="copied")
    with pytest.raises(InputError, match="shorten"):
        lift(decided, emil, "x" * 1001)


def test_a_declined_appeal_changes_nothing_but_says_why(
    builder: CampaignBuilder, dora: Membership, emil: Membership
) -> None:
    row, writer = rejected(builder, dora)
    appeal = appeal_rejection(row, writer, "I did answer the question.")
    answer(appeal, emil, grant=False, words="One word is no answer here.")
    row.refresh_from_db()
    assert row.standing == "rejected" and appeal.answer.startswith("One word")
    assert AuditLine.objects.get(what="answered an appeal").detail == f"appeal {appeal.pk}, declined"


def test_the_only_reviewer_answers_and_it_is_said(builder: CampaignBuilder, alice: User) -> None:
    owner = of(builder, alice)
    row, writer = rejected(builder, owner)
    appeal = appeal_rejection(row, writer, "Please look again.")
    answer(appeal, owner, grant=True, words="You are right.")
    row.refresh_from_db()
    assert appeal.is_same_person and row.standing == "accepted"


def test_nobody_answers_their_own_appeal(builder: CampaignBuilder, dora: Membership, alice: User) -> None:
    pause(dora, of(builder, alice), reason="other", words="On holiday.")
    found = pause_of(dora)
    assert found is not None
    appeal = appeal_pause(found, dora, "I am back.")
    assert "your own appeal" in why_not_answer(appeal, dora)
    answer(appeal, of(builder, alice), grant=True, words="Welcome back.")  # nobody else is there
    assert pause_of(dora) is None and appeal.is_same_person


def test_an_award_can_be_questioned_and_the_ledger_stays(alice: User, bob: User) -> None:
    builder = CampaignBuilder.start(owner=alice, people=[bob]).play(0.6, [0.5, 0.52, 0.55])
    member, owner = of(builder, bob), of(builder, alice)
    with pytest.raises(InputError, match="no award of round 2"):
        appeal_award(member, 2, "Where are my points?")
    before = list(builder.campaign.ledger.values_list("hash", flat=True))
    appeal = appeal_award(member, 1, "My group won, and I have less than last time.")
    answer(appeal, owner, grant=True, words="The round counted a text of yours as a copy; paid by hand.")
    assert list(builder.campaign.ledger.values_list("hash", flat=True)) == before
    with pytest.raises(InputError, match="already"):
        appeal_award(member, 1, "Again.")


def test_an_appeal_is_withdrawn_by_its_writer_only(
    builder: CampaignBuilder, dora: Membership, emil: Membership
) -> None:
    row, writer = rejected(builder, dora)
    appeal = appeal_rejection(row, writer, "I did answer.")
    with pytest.raises(InputError, match="not open"):
        withdraw(appeal, emil)
    withdraw(appeal, writer)
    assert Appeal.objects.get().state == "withdrawn"
    assert appeal_rejection(row, writer, "Now with better words.").state == "open"


def test_who_rejected_is_not_given_the_same_contribution_again(
    builder: CampaignBuilder, dora: Membership, emil: Membership
) -> None:
    row, writer = rejected(builder, dora)
    answer(appeal_rejection(row, writer, "Look."), emil, grant=True, words="Yes.")
    Review.objects.filter(membership=emil).delete()
    Contribution.objects.filter(pk=row.pk).update(standing="waiting")
    seen = set()
    while True:
        try:
            seen.add(decide(reserve(builder.campaign, dora), "accepted").pk)
        except NotNow:
            break
    assert row.pk not in seen and len(seen) == 5


def test_webhooks_are_told_without_texts(builder: CampaignBuilder, dora: Membership) -> None:
    names = "contribution.reviewed report.written appeal.written"
    Webhook.objects.create(campaign=builder.campaign, url="https://a.example/", events=names, secret="s")
    row, writer = rejected(builder, dora)
    report_contribution(row, dora, reason="hurtful", words="secret words")
    appeal_rejection(row, writer, "secret words")
    sent = {row.event: row.body["data"] for row in Delivery.objects.all()}
    assert set(sent) == set(names.split())
    assert sent["contribution.reviewed"]["verdict"] == "rejected"
    assert "secret" not in str(sent) and row.response not in str(sent)


def test_everybody_concerned_is_told_and_nobody_else(
    builder: CampaignBuilder, dora: Membership, emil: Membership, alice: User, bob: User
) -> None:
    row = Contribution.objects.select_related("membership__campaign").get(membership__user=bob)
    Contribution.objects.exclude(pk=row.pk).update(standing="accepted")
    decide(reserve(builder.campaign, dora), "rejected", reason="copied")
    appeal = appeal_rejection(row, row.membership, "It is mine.")
    answer(appeal, emil, grant=True, words="It is.")
    decided = pause(row.membership, dora, reason="spam")
    lift(decided, emil)
    report_contribution(row, emil, reason="broken")
    told = {
        user.username: [notice.sentence for notice in Notice.objects.filter(user=user).order_by("pk")]
        for user in (alice, bob, dora.user, emil.user)
        if user is not None
    }
    assert [words.split(" ")[-3:] for words in told["bob"]] == [
        ["text", "stays", "yours."],
        ["comments", "was", "granted."],
        ["points", "stay", "yours."],
        ["pause", "was", "lifted."],
    ]
    appealed, reported = (
        "quiet-fern-202 appeals in Joy in comments.",
        "Somebody reported a text in Joy in comments.",
    )
    assert told["alice"] == told["dora"] == [appealed, reported]
    assert told["emil"] == [appealed]
