"""One's own contributions as their writer sees them: where each stands, why, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.reviews.models import Appeal, Moderation, Review
from crowdsft.web.reviews.moderation import in_force
from crowdsft.web.reviews.reasons import EXCLUSION, REJECTION, explained, meaning

AGAINST = (Contribution.REJECTED, Contribution.EXCLUDED)


@dataclass(frozen=True, slots=True)
class OwnWork:
    """One contribution.

    Args:
        reason: Why it was rejected, excluded or sent back; empty otherwise.
        appeal: The newest appeal that was not withdrawn.
        may_appeal: Whether there is a decision to appeal against, and no appeal yet.
        may_change: Whether it was sent back.
    """

    row: Contribution
    reason: str
    appeal: Appeal | None
    may_appeal: bool
    may_change: bool


def own_work(member: Membership, rows: QuerySet[Contribution]) -> list[OwnWork]:
    """Those of `rows`, which are the member's own, in their order."""
    return [_one(row) for row in rows]


def needs_attention(member: Membership) -> int:
    """How many contributions that wait for a round were sent back or decided against, and not appealed yet."""
    rows = Contribution.objects.filter(membership=member, round_number=None)
    returned = rows.filter(standing=Contribution.RETURNED).count()
    return returned + sum(1 for row in rows.filter(standing__in=AGAINST) if _one(row).may_appeal)


def _one(row: Contribution) -> OwnWork:
    reason, appeal = "", None
    if row.standing == Contribution.EXCLUDED:
        decided = in_force(Moderation.objects.filter(contribution=row)).first()
        if decided is not None:
            reason = explained(meaning(EXCLUSION, decided.reason), decided.words)
            appeal = decided.appeals.exclude(state=Appeal.WITHDRAWN).first()
    elif row.standing in (Contribution.REJECTED, Contribution.RETURNED):
        review = Review.objects.filter(contribution=row, undone=None, verdict=row.standing).first()
        if review is not None:
            reason = explained(meaning(REJECTION, review.reason), review.words)
            appeal = review.appeals.exclude(state=Appeal.WITHDRAWN).first()
    if appeal is None:
        granted = Appeal.objects.filter(review__contribution=row) | Appeal.objects.filter(
            moderation__contribution=row
        )
        appeal_shown = granted.exclude(state=Appeal.WITHDRAWN).last()
    else:
        appeal_shown = appeal
    return OwnWork(
        row=row,
        reason=reason,
        appeal=appeal_shown,
        may_appeal=row.standing in AGAINST and appeal is None,
        may_change=row.standing == Contribution.RETURNED and row.round_number is None,
    )
