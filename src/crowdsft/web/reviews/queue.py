"""The review queue: which contribution comes next, reserved for one reviewer at a time.

Each contribution has as many places as the campaign asks for reviews. A place is taken under the lock of the
contribution's row, and the database's unique key refuses a second taker; nobody is ever given their own work.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from crowdsft.core.settings import CampaignSettings
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.contributions.work import NotNow
from crowdsft.web.journal_django import plan_of
from crowdsft.web.reviews.models import Checkup, Report, Review

TRIES = 20


def to_review(campaign: Campaign, reviewer: Membership) -> int:
    """How many contributions the reviewer could look at, those that others have reserved included."""
    return _undecided(campaign, reviewer, Q(reviews__undone=None) & ~Q(reviews__verdict="")).count()


def reserve(campaign: Campaign, reviewer: Membership) -> Review:
    """The reviewer's reservation, its lease renewed, or a new one on the next contribution.

    Contributions that were reported come first, then those with flags, then the oldest.

    Raises:
        NotNow: when there is nothing to review.
    """
    plan = plan_of(campaign)
    held = Review.objects.filter(membership=reviewer, campaign=campaign, verdict="", undone=None)
    for review in held.select_related("contribution"):
        if renewed := _renewed(review, plan):
            return renewed
    now = timezone.now()
    taken = Q(reviews__undone=None) & (~Q(reviews__verdict="") | Q(reviews__lease_until__gt=now))
    mine = Review.objects.filter(contribution=OuterRef("pk"), membership=reviewer)
    rows = _undecided(campaign, reviewer, taken).annotate(
        is_skipped=Exists(mine.filter(verdict=Review.SKIPPED)),
        is_reported=Exists(Report.objects.filter(contribution=OuterRef("pk"), state=Report.OPEN)),
        is_flagged=Exists(Checkup.objects.filter(contribution=OuterRef("pk")).exclude(flags={})),
    )
    in_order = rows.order_by("is_skipped", "-is_reported", "-is_flagged", "created", "pk")
    for number in in_order.values_list("pk", flat=True)[:TRIES]:
        taken_now = _taken(number, reviewer, plan)
        if taken_now is not None:
            return taken_now
    raise NotNow(_("Nothing waits for a review right now. New contributions come in while a round is open."))


def release(review: Review) -> None:
    """Put a reserved contribution aside: others may take it, and this reviewer gets it last."""
    Review.objects.filter(pk=review.pk, verdict="", undone=None).update(
        verdict=Review.SKIPPED, undone=timezone.now()
    )


def verdicts_of(contribution: Contribution) -> list[str]:
    """What reviewers decided about the contribution, as far as it holds."""
    rows = Review.objects.filter(contribution=contribution, undone=None).exclude(verdict="")
    return list(rows.values_list("verdict", flat=True))


def free_slot(contribution: Contribution) -> int:
    """The lowest place that nobody holds; under the lock of the contribution's row."""
    held = set(Review.objects.filter(contribution=contribution, undone=None).values_list("slot", flat=True))
    return next(number for number in range(len(held) + 1) if number not in held)


def _undecided(campaign: Campaign, reviewer: Membership, taken: Q) -> QuerySet[Contribution]:
    """What others handed in that has a free place, and on which the reviewer has not decided."""
    plan = plan_of(campaign)
    own = Review.objects.filter(contribution=OuterRef("pk"), membership=reviewer)
    decided = own.filter(Q(undone=None, verdict__gt="") | Q(verdict=Review.REJECTED))
    rows = Contribution.objects.filter(campaign=campaign, round_number=None, standing=Contribution.WAITING)
    return (
        rows.exclude(membership=reviewer)
        .exclude(Exists(decided))
        .annotate(taken=Count("reviews", filter=taken))
        .filter(taken__lt=plan.reviews.per_contribution)
    )


def _renewed(review: Review, plan: CampaignSettings) -> Review | None:
    """The reservation with a new lease; None, and gone, where the contribution needs it no more."""
    row = review.contribution
    if row.round_number is not None or row.standing != Contribution.WAITING:
        Review.objects.filter(pk=review.pk, verdict="").delete()
        return None
    until = _lease(plan)
    if not Review.objects.filter(pk=review.pk, verdict="", undone=None).update(lease_until=until):
        return None
    review.lease_until = until
    return review


def _taken(number: uuid.UUID, reviewer: Membership, plan: CampaignSettings) -> Review | None:
    """A place at the contribution, if one is still free."""
    with transaction.atomic():
        row = Contribution.objects.select_for_update(no_key=True).filter(pk=number).first()
        if row is None or row.round_number is not None or row.standing != Contribution.WAITING:
            return None
        places = Review.objects.filter(contribution=row, undone=None)
        places.filter(verdict="", lease_until__lte=timezone.now()).delete()
        if places.count() >= plan.reviews.per_contribution or places.filter(membership=reviewer).exists():
            return None
        return Review.objects.create(
            campaign_id=row.campaign_id,
            contribution=row,
            membership=reviewer,
            slot=free_slot(row),
            lease_until=_lease(plan),
        )


def _lease(plan: CampaignSettings) -> datetime:
    return timezone.now() + timedelta(minutes=plan.reviews.lease_minutes)
