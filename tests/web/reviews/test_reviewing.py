"""Reviews: one item for one reviewer, never one's own work, and rounds take what reviewers let in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from crowdsft.core.errors import InputError, StalePositionError
from crowdsft.core.reviewing import standing
from crowdsft.rounds.resources import Resources
from crowdsft.rounds.steps import Wait, do
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import AuditLine, Campaign, Membership, Step
from crowdsft.web.contributions.export import dataset_of
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.contributions.work import NotNow, waiting_contributions
from crowdsft.web.reviews.models import Review
from crowdsft.web.reviews.queue import release, reserve, to_review
from crowdsft.web.reviews.reviewing import change, decide
from tests.web.pages.campaign_builder import CampaignBuilder


def accept_all(builder: CampaignBuilder, reviewer: Membership) -> list[Contribution]:
    """Everything that the queue gives."""
    accepted = []
    while True:
        try:
            accepted.append(decide(reserve(builder.campaign, reviewer), "accepted"))
        except NotNow:
            return accepted


def closing(builder: CampaignBuilder) -> object:
    """What the worker makes of closing the round now, not written yet."""
    Campaign.objects.filter(pk=builder.campaign.pk).update(close_requested_round=1)
    Step.objects.filter(campaign=builder.campaign).update(run_after=0.0)
    claim = builder.store.claim("worker", lease_seconds=60, campaign=builder.campaign.slug)
    assert claim is not None
    events = do(claim.step, builder.state, builder.store, Resources(None))  # type: ignore[arg-type]
    return claim, events


def test_one_rejection_is_enough_and_acceptances_are_counted() -> None:
    assert standing([], needed=1) == "waiting"
    assert standing(["accepted"], needed=2) == "waiting"
    assert standing(["accepted", "accepted"], needed=2) == "accepted"
    assert standing(["accepted", "rejected"], needed=1) == "rejected"
    assert standing(["returned", "accepted"], needed=1) == "returned"


def test_a_round_takes_only_what_was_accepted(builder: CampaignBuilder, dora: Membership) -> None:
    assert waiting_contributions(builder.campaign) == 0
    first = reserve(builder.campaign, dora)
    decide(first, "rejected", reason="off_topic")
    assert len(accept_all(builder, dora)) == 5
    assert waiting_contributions(builder.campaign) == 5
    builder.close()
    taken = {ref.id for ref in builder.state.current.contributions or ()}
    assert len(taken) == 5 and str(first.contribution.pk) not in taken
    builder.decide(0.6, [0.5, 0.52, 0.55])
    rejected = first.contribution.membership.contributor
    points = builder.state.rounds[0].points
    assert points is not None and rejected not in {award.contributor for award in points.awards}
    exported = {row.id for row in dataset_of(builder.campaign).rows}
    assert exported == taken


def test_with_too_few_accepted_the_round_waits_and_says_for_whom(
    builder: CampaignBuilder, dora: Membership
) -> None:
    decide(reserve(builder.campaign, dora), "accepted")
    _, result = closing(builder)  # type: ignore[misc]
    assert isinstance(result, Wait) and "5 contributions wait for a review" in result.reason


def test_without_required_what_nobody_rejected_is_taken(alice: User, bob: User) -> None:
    builder = CampaignBuilder.start(owner=alice, people=[bob]).open().contribute()
    owner = Membership.objects.get(campaign=builder.campaign, user=alice)
    review = reserve(builder.campaign, owner)
    decide(review, "rejected", reason="other", words="It is a recipe.")
    builder.close()
    assert len(builder.state.current.contributions or ()) == 5


def test_a_rejection_while_the_round_closes_is_seen(builder: CampaignBuilder, dora: Membership) -> None:
    accept_all(builder, dora)
    claim, events = closing(builder)  # type: ignore[misc]
    Contribution.objects.filter(membership=builder.members[0]).update(standing=Contribution.EXCLUDED)
    with pytest.raises(StalePositionError, match="rejected while it closed"):
        builder.store.commit(claim, builder.state, events)
    assert builder.state.current.contributions is None


def test_nobody_reviews_their_own_work(builder: CampaignBuilder, bob: User) -> None:
    own = Membership.objects.get(campaign=builder.campaign, user=bob)
    Membership.objects.filter(pk=own.pk).update(role=Membership.REVIEWER)
    seen = {row.membership_id for row in accept_all(builder, own)}
    assert own.pk not in seen and len(seen) == 5
    mine = Contribution.objects.get(membership=own)
    forged = Review.objects.create(
        campaign=builder.campaign, contribution=mine, membership=own, slot=0, lease_until=timezone.now()
    )
    with pytest.raises(InputError, match="your own contribution"):
        decide(forged, "accepted")


def test_a_reservation_is_kept_renewed_and_runs_out(
    builder: CampaignBuilder, dora: Membership, emil: Membership
) -> None:
    first = reserve(builder.campaign, dora)
    assert reserve(builder.campaign, dora).pk == first.pk
    assert reserve(builder.campaign, emil).contribution_id != first.contribution_id
    Review.objects.filter(pk=first.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    decide(reserve(builder.campaign, emil), "accepted")
    taken_over = reserve(builder.campaign, emil)
    assert taken_over.contribution_id == first.contribution_id
    with pytest.raises(InputError, match="ran out"):
        decide(first, "accepted")


def test_several_reviews_of_one_contribution_are_by_different_people(alice: User, bob: User) -> None:
    from tests.web.reviews.conftest import reviewer

    builder = CampaignBuilder.start(
        owner=alice, people=[bob], reviews={"required": True, "per_contribution": 2}
    )
    builder.open().contribute()
    dora, emil = (reviewer(builder, name, f"{name}-x-1") for name in ("dora", "emil"))
    assert len(accept_all(builder, dora)) == 6 and waiting_contributions(builder.campaign) == 0
    assert to_review(builder.campaign, dora) == 0 and to_review(builder.campaign, emil) == 6
    decide(reserve(builder.campaign, emil), "rejected", reason="copied")
    assert len(accept_all(builder, emil)) == 5
    assert waiting_contributions(builder.campaign) == 5


def test_what_is_skipped_comes_last(builder: CampaignBuilder, dora: Membership) -> None:
    first = reserve(builder.campaign, dora)
    release(first)
    order = [row.pk for row in accept_all(builder, dora)]
    assert order[-1] == first.contribution_id and len(order) == 6


def test_a_verdict_needs_its_reason_and_is_given_once(builder: CampaignBuilder, dora: Membership) -> None:
    review = reserve(builder.campaign, dora)
    for verdict, reason, words, problem in (
        ("rejected", "", "", "choose one of the reasons"),
        ("rejected", "other", " ", "few words"),
        ("returned", "", "", "what should be changed"),
        ("perhaps", "", "", "accept the contribution"),
        ("rejected", "copied", "x" * 1001, "shorten"),
    ):
        with pytest.raises(InputError, match=problem):
            decide(review, verdict, reason=reason, words=words)
    decide(review, "rejected", reason="copied", words="From a song.")
    decide(review, "rejected", reason="copied")
    with pytest.raises(InputError, match="already"):
        decide(review, "accepted")
    line = AuditLine.objects.get(what="rejected a contribution")
    assert line.actor == dora.user and "copied" in line.detail


def test_what_was_sent_back_is_changed_and_reviewed_again(builder: CampaignBuilder, dora: Membership) -> None:
    review = reserve(builder.campaign, dora)
    decide(review, "returned", words="Please answer the question.")
    row, writer = review.contribution, review.contribution.membership
    row.refresh_from_db()
    assert row.standing == "returned"
    for text, problem in (("  ", "empty"), (row.response, "still the same"), ("x" * 4001, "shorten")):
        with pytest.raises(InputError, match=problem):
            change(row, writer, text)
    changed = change(row, writer, "My day was long, and it ended with soup.")
    assert changed.standing == "waiting" and changed.response.endswith("soup.")
    with pytest.raises(InputError, match="not waiting for a change"):
        change(row, writer, "Once more.")
    accepted = {row.pk for row in accept_all(builder, dora)}
    assert row.pk in accepted


def test_a_verdict_on_a_text_that_was_changed_meanwhile_is_refused(alice: User, bob: User) -> None:
    from tests.web.reviews.conftest import reviewer

    builder = CampaignBuilder.start(
        owner=alice, people=[bob], reviews={"required": True, "per_contribution": 2}
    )
    builder.open().contribute()
    dora, emil = (reviewer(builder, name, f"{name}-x-1") for name in ("dora", "emil"))
    first, second = reserve(builder.campaign, dora), reserve(builder.campaign, emil)
    assert first.contribution_id == second.contribution_id
    row = decide(first, "returned", words="Please answer the question.")
    change(row, row.membership, "My day was long, and it ended with soup.")
    with pytest.raises(InputError, match="changed after it was shown"):
        decide(second, "rejected", reason="copied")
    row.refresh_from_db()
    assert row.standing == "waiting"
    assert not AuditLine.objects.filter(what="rejected a contribution").exists()
    accept_all(builder, dora)
    assert row.pk in {other.pk for other in accept_all(builder, emil)}  # the new text comes up again


def test_a_change_after_the_text_was_taken_back_is_refused(
    builder: CampaignBuilder, dora: Membership
) -> None:
    row = decide(reserve(builder.campaign, dora), "returned", words="Please answer the question.")
    writer = row.membership
    Contribution.objects.filter(pk=row.pk).delete()
    with pytest.raises(InputError, match="not waiting for a change"):
        change(row, writer, "My day was long, and it ended with soup.")


def test_a_change_that_makes_a_round_full_wakes_the_worker(alice: User, bob: User) -> None:
    builder = CampaignBuilder.start(owner=alice, people=[bob], rounds={"close": "size", "size": 6})
    builder.open().contribute()
    owner = Membership.objects.get(campaign=builder.campaign, user=alice)
    row = decide(reserve(builder.campaign, owner), "returned", words="Please answer the question.")
    Step.objects.update(run_after=9e12)
    change(row, row.membership, "My day was long, and it ended with soup.")
    assert Step.objects.get().run_after < 9e12


def test_closed_rounds_are_not_reviewed(builder: CampaignBuilder, dora: Membership, emil: Membership) -> None:
    accept_all(builder, dora)
    builder.close()
    row = Contribution.objects.filter(round_number=1).first()
    late = Review.objects.create(
        campaign=builder.campaign, contribution=row, membership=emil, slot=1, lease_until=timezone.now()
    )
    with pytest.raises(InputError, match="has closed with this contribution"):
        decide(late, "rejected", reason="copied")
    with pytest.raises(NotNow, match="Nothing waits"):
        reserve(builder.campaign, emil)


def test_enough_acceptances_wake_the_worker(alice: User, bob: User) -> None:
    builder = CampaignBuilder.start(
        owner=alice, people=[bob], rounds={"close": "size", "size": 4}, reviews={"required": True}
    )
    builder.open().contribute()
    owner = Membership.objects.get(campaign=builder.campaign, user=alice)
    Step.objects.update(run_after=9e12)
    for _ in range(3):
        decide(reserve(builder.campaign, owner), "accepted")
    assert Step.objects.get().run_after == 9e12
    decide(reserve(builder.campaign, owner), "accepted")
    assert Step.objects.get().run_after < 9e12
