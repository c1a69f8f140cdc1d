"""Appeals: written by those concerned, answered by somebody else than who decided, with reasons."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from crowdsft.web.api.access import (
    answers,
    contributing,
    find_campaign,
    find_membership,
    may_review,
    reviewing,
    signed_in,
    there,
)
from crowdsft.web.api.limits import WORK
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.reviews import appeals as appealing
from crowdsft.web.reviews import moderation
from crowdsft.web.reviews.models import Appeal
from crowdsft.web.reviews.trail import about, outcome, trail

router = Router(tags=["reviews"])
MOST_SHOWN = 500


class NewAppeal(Schema):
    """Against the decision on a `contribution`, the award of a round (`award`), or else the pause of your tasks."""

    contribution: uuid.UUID | None = None
    award: int | None = None
    words: str = Field(max_length=appealing.MOST_CHARACTERS)


class TrailEntry(Schema):
    """One thing that happened."""

    when: datetime | None
    who: str
    what: str
    words: str


class AppealOut(Schema):
    """An appeal with its trail, which both sides see. `state`: open, answered or withdrawn."""

    id: int
    about: str
    state: str
    granted: bool | None
    same_person: bool
    outcome: str
    trail: list[TrailEntry]


class Answer(Schema):
    """Whether the appeal is granted, and your reasons."""

    grant: bool
    words: str = Field(max_length=appealing.MOST_CHARACTERS)


@router.post(
    "/campaigns/{slug}/appeals",
    throttle=[WORK],
    response=answers(AppealOut, 401, 403, 404, 422, 429, status=201),
)
def write_appeal(request: HttpRequest, slug: str, body: NewAppeal) -> Status[AppealOut]:
    """Appeal against a rejection or exclusion, an award, or the pause of your tasks."""
    campaign = find_campaign(slug)
    member = find_membership(campaign, contributing(request))
    if body.contribution is not None:
        rows = Contribution.objects.filter(membership=member, pk=body.contribution)
        written = appealing.appeal_rejection(there(rows.first(), "contribution of yours"), member, body.words)
    elif body.award is not None:
        written = appealing.appeal_award(member, body.award, body.words)
    else:
        found = there(moderation.pause_of(member), "pause of your tasks")
        written = appealing.appeal_pause(found, member, body.words)
    return Status(201, _appeal(written, member))


@router.get("/campaigns/{slug}/appeals", response=answers(list[AppealOut], 401, 403, 404))
def list_appeals(request: HttpRequest, slug: str) -> list[AppealOut]:
    """Appeals, newest first, at most 500: all of them for reviewers, your own for others."""
    campaign = find_campaign(slug)
    member = find_membership(campaign, signed_in(request))
    rows = Appeal.objects.filter(campaign=campaign).order_by("-pk")
    mine = rows if may_review(member) else rows.filter(membership=member)
    return [_appeal(row, member) for row in mine[:MOST_SHOWN]]


@router.post(
    "/campaigns/{slug}/appeals/{int:appeal_id}/answer", response=answers(AppealOut, 401, 403, 404, 422)
)
def answer_appeal(request: HttpRequest, slug: str, appeal_id: int, body: Answer) -> AppealOut:
    """Grant or decline an appeal; not one against your own decision, where others could answer (reviewers)."""
    campaign, member = reviewing(request, slug)
    row = there(Appeal.objects.filter(campaign=campaign, pk=appeal_id).first(), "appeal in this campaign")
    appealing.answer(row, member, grant=body.grant, words=body.words)
    return _appeal(row, member)


@router.post(
    "/campaigns/{slug}/appeals/{int:appeal_id}/withdraw",
    response=answers(None, 401, 403, 404, 422, status=204),
)
def withdraw_appeal(request: HttpRequest, slug: str, appeal_id: int) -> Status[None]:
    """Take your own appeal back while it is open."""
    campaign = find_campaign(slug)
    member = find_membership(campaign, contributing(request))
    rows = Appeal.objects.filter(membership=member, pk=appeal_id)
    appealing.withdraw(there(rows.first(), "appeal of yours"), member)
    return Status(204, None)


def _appeal(row: Appeal, reader: Membership) -> AppealOut:
    return AppealOut(
        id=row.pk,
        about=about(row),
        state=row.state,
        granted=row.granted,
        same_person=row.is_same_person,
        outcome=outcome(row),
        trail=[
            TrailEntry(when=entry.when, who=entry.who, what=entry.what, words=entry.words)
            for entry in trail(row, reader)
        ],
    )
