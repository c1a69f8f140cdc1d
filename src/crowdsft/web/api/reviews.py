"""Reviews: get a contribution to look at, decide it; and one's own contributions with what became of them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from crowdsft.web.accounts.models import User
from crowdsft.web.api.access import (
    answers,
    contributing,
    find_campaign,
    find_membership,
    organising,
    require_reviewer,
    signed_in,
)
from crowdsft.web.api.errors import NotFoundError
from crowdsft.web.api.limits import WORK
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.contributions.work import KEPT_CHARACTERS
from crowdsft.web.reviews.models import Review
from crowdsft.web.reviews.own_work import OwnWork, own_work
from crowdsft.web.reviews.queue import release, reserve
from crowdsft.web.reviews.reasons import MOST_CHARACTERS
from crowdsft.web.reviews.reviewing import change, decide
from crowdsft.web.reviews.signals import signals_of

router = Router(tags=["reviews"])
MOST_SHOWN = 500


class NearOut(Schema):
    """Somebody else's text that is nearly the same; `likeness` in per cent of all shingles."""

    response: str
    likeness: int
    earlier: bool


class SignalsOut(Schema):
    """What was noticed, for reviewers only: hints that decide nothing.

    `checked` is false until a worker has looked for flags and near texts. `flags` holds the words found, by kind:
    personal, rude. `seconds` lie between the task's start and its end; `fast`: hardly anybody types that quickly.
    `rejected` of the writer's `reviewed` other contributions were rejected.
    """

    checked: bool
    flags: dict[str, list[str]]
    near: list[NearOut]
    seconds: int | None
    fast: bool
    reports: int
    rejected: int
    reviewed: int


class ReviewOut(Schema):
    """A contribution, reserved for you until `lease_until`. Who wrote it is not told."""

    id: int
    campaign: str
    contribution: str
    kind: str
    prompt: str
    model_response: str
    response: str
    lease_until: datetime
    signals: SignalsOut


class Verdict(Schema):
    """`reason`, for a rejection: off_topic, against_guidelines, low_effort, copied, personal, hurtful, other.

    `words` are needed with other, and where it is returned for a change. Skipped ones come back last.
    """

    verdict: Literal["accepted", "rejected", "returned", "skipped"]
    reason: str = Field(default="", max_length=30)
    words: str = Field(default="", max_length=MOST_CHARACTERS)


class OwnContribution(Schema):
    """A contribution of yours; `standing`: waiting, accepted, rejected, returned or excluded.

    `round` is the closed round that took it. `reason` says why it was rejected, excluded or returned; `appeal` is
    the number of your appeal.
    """

    id: str
    kind: str
    prompt: str
    response: str
    created: datetime
    round: int | None
    standing: str
    reason: str
    appeal: int | None
    may_appeal: bool
    may_change: bool


class Changed(Schema):
    """The new text of a contribution that was returned."""

    text: str = Field(max_length=KEPT_CHARACTERS)


@router.post(
    "/campaigns/{slug}/review", throttle=[WORK], response=answers(ReviewOut, 401, 403, 404, 409, 429)
)
def get_review(request: HttpRequest, slug: str) -> ReviewOut:
    """The contribution that is reserved for you, or the next one. 409 while there is none (reviewers)."""
    user, campaign = organising(request), find_campaign(slug)
    require_reviewer(campaign, user)
    return _out(reserve(campaign, find_membership(campaign, user)))


@router.post(
    "/reviews/{int:review_id}", throttle=[WORK], response=answers(None, 401, 403, 404, 422, 429, status=204)
)
def decide_review(request: HttpRequest, review_id: int, body: Verdict) -> Status[None]:
    """Decide on a contribution that is reserved for you. Sending the same again is safe (reviewers)."""
    user = organising(request)
    rows = Review.objects.select_related("campaign", "contribution__campaign", "membership__user")
    review = rows.filter(pk=review_id, membership__user=user).first()
    if review is None:
        raise NotFoundError(
            "There is no such review of yours. POST /api/campaigns/SLUG/review gives you one."
        )
    require_reviewer(review.campaign, user)
    if body.verdict == Review.SKIPPED:
        release(review)
    else:
        decide(review, body.verdict, reason=body.reason, words=body.words)
    return Status(204, None)


@router.get("/campaigns/{slug}/contributions/mine", response=answers(list[OwnContribution], 401, 403, 404))
def my_contributions(request: HttpRequest, slug: str) -> list[OwnContribution]:
    """What you handed in and what became of it, newest first, at most 500."""
    member = _member(signed_in(request), slug)
    rows = Contribution.objects.filter(membership=member).exclude(response="").order_by("-created", "pk")
    return [_own(work) for work in own_work(member, rows[:MOST_SHOWN])]


@router.put(
    "/contributions/{uuid:contribution_id}",
    throttle=[WORK],
    response=answers(OwnContribution, 401, 403, 404, 422, 429),
)
def change_contribution(request: HttpRequest, contribution_id: uuid.UUID, body: Changed) -> OwnContribution:
    """Put a new text in the place of one of yours that was returned; it is reviewed anew."""
    rows = Contribution.objects.select_related("campaign", "membership")
    row = rows.filter(pk=contribution_id, membership__user=contributing(request)).first()
    if row is None:
        raise NotFoundError("There is no such contribution of yours.")
    change(row, row.membership, body.text)
    return _own(own_work(row.membership, Contribution.objects.filter(pk=row.pk))[0])


def _member(user: User, slug: str) -> Membership:
    return find_membership(find_campaign(slug), user)


def _out(review: Review) -> ReviewOut:
    row, found = review.contribution, signals_of(review.contribution)
    return ReviewOut(
        id=review.pk,
        campaign=review.campaign.slug,
        contribution=str(row.pk),
        kind=row.kind,
        prompt=row.prompt,
        model_response=row.model_response,
        response=row.response,
        lease_until=review.lease_until,
        signals=SignalsOut(
            checked=found.is_checked,
            flags=found.flags,
            near=[NearOut(response=o.response, likeness=o.percent, earlier=o.is_earlier) for o in found.near],
            seconds=found.seconds,
            fast=found.is_fast,
            reports=len(found.reports),
            rejected=found.rejected,
            reviewed=found.reviewed,
        ),
    )


def _own(work: OwnWork) -> OwnContribution:
    row = work.row
    return OwnContribution(
        id=str(row.pk),
        kind=row.kind,
        prompt=row.prompt,
        response=row.response,
        created=row.created,
        round=row.round_number,
        standing=row.standing,
        reason=work.reason,
        appeal=work.appeal.pk if work.appeal else None,
        may_appeal=work.may_appeal,
        may_change=work.may_change,
    )
