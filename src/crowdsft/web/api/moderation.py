"""Reports and moderation: written by those concerned, decided by reviewers, with reasons."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from crowdsft.core.errors import InputError
from crowdsft.web.api.access import (
    answers,
    contributing,
    find_campaign,
    find_membership,
    may_review,
    require_organiser,
    reviewing,
    signed_in,
    there,
)
from crowdsft.web.api.errors import NotFoundError
from crowdsft.web.api.limits import WORK
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.reviews import moderation, reports
from crowdsft.web.reviews.models import Checkup, Moderation, Report
from crowdsft.web.reviews.reasons import MOST_CHARACTERS
from crowdsft.web.votes.models import Vote

router = Router(tags=["reviews"])
MOST_SHOWN = 500


class NewReport(Schema):
    """A text that you were shown: of your `task`, of your `vote`, or, for reviewers, a `contribution`.

    `part`: prompt or response of a task; prompt, left or right of a vote. `reason`: hurtful, personal, illegal,
    broken, or other with words.
    """

    task: int | None = None
    vote: int | None = None
    contribution: uuid.UUID | None = None
    part: Literal["text", "prompt", "response", "left", "right"] = "text"
    reason: str = Field(max_length=30)
    words: str = Field(default="", max_length=MOST_CHARACTERS)


class ReportOut(Schema):
    """A report; who wrote it is not told. `state`: open or settled."""

    id: int
    contribution: str | None
    part: str
    text: str
    reason: str
    words: str
    state: str
    created: datetime
    outcome: str


class Written(Schema):
    """The number of what was written down."""

    id: int


class Outcome(Schema):
    """What was done, or why nothing has to be done."""

    outcome: str = Field(max_length=MOST_CHARACTERS)


class NewExclusion(Schema):
    """A contribution to leave out of the round to come; reasons as for rejections."""

    contribution: uuid.UUID
    reason: str = Field(max_length=30)
    words: str = Field(default="", max_length=MOST_CHARACTERS)


class NewPause(Schema):
    """Whose tasks to pause: a `member`, or the writer of a `contribution`. `days` of None: until it is lifted.

    `reason`: repeated_rejections, spam, hurtful, shared_account, or other with words.
    """

    member: int | None = None
    contribution: uuid.UUID | None = None
    reason: str = Field(max_length=30)
    words: str = Field(default="", max_length=MOST_CHARACTERS)
    days: int | None = None


class ModerationOut(Schema):
    """A decision; `kind`: exclusion or pause. It holds while `lifted` is None and `until` has not passed."""

    id: int
    kind: str
    member: int
    contribution: str | None
    reason: str
    words: str
    created: datetime
    until: datetime | None
    lifted: datetime | None
    lifted_why: str


class Lifting(Schema):
    """Why a decision does not hold any more."""

    why: str = Field(default="", max_length=MOST_CHARACTERS)


class FlagsOut(Schema):
    """What was noticed in a contribution: the words that led to it, by kind. Hints, never verdicts."""

    contribution: str
    round: int | None
    flags: dict[str, list[str]]


# Reports


@router.post(
    "/campaigns/{slug}/reports",
    throttle=[WORK],
    response=answers(Written, 401, 403, 404, 422, 429, status=201),
)
def write_report(request: HttpRequest, slug: str, body: NewReport) -> Status[Written]:
    """Report a text that you were shown. Reviewers look at it."""
    campaign = find_campaign(slug)
    member = find_membership(campaign, contributing(request))
    said = {"reason": body.reason, "words": body.words}
    if body.task is not None:
        task = Task.objects.select_related("campaign", "membership").filter(pk=body.task, membership=member)
        written = reports.report_task(there(task.first(), "task of yours"), body.part, **said)
    elif body.vote is not None:
        vote = Vote.objects.select_related("campaign", "membership").filter(pk=body.vote, membership=member)
        written = reports.report_vote(there(vote.first(), "pair of yours"), body.part, **said)
    elif body.contribution is not None:
        row = _contribution(campaign, body.contribution)
        if not reports.may_report(row, member):
            raise NotFoundError("You were not shown such a contribution.")
        written = reports.report_contribution(row, member, **said)
    else:
        raise InputError("Please say what you report: a task, a vote, or a contribution.")
    return Status(201, Written(id=written.pk))


@router.get("/campaigns/{slug}/reports", response=answers(list[ReportOut], 401, 403, 404))
def list_reports(request: HttpRequest, slug: str) -> list[ReportOut]:
    """The campaign's reports, open ones first, at most 500 (reviewers)."""
    campaign, _ = reviewing(request, slug, to_read=True)
    rows = (
        Report.objects.filter(campaign=campaign).select_related("contribution").order_by("state", "-created")
    )
    return [_report(row) for row in rows[:MOST_SHOWN]]


@router.post("/campaigns/{slug}/reports/{int:report_id}", response=answers(ReportOut, 401, 403, 404, 422))
def settle_report(request: HttpRequest, slug: str, report_id: int, body: Outcome) -> ReportOut:
    """Settle a report with what was done (reviewers)."""
    campaign, member = reviewing(request, slug)
    row = there(Report.objects.filter(campaign=campaign, pk=report_id).first(), "report in this campaign")
    reports.settle(row, member, body.outcome)
    row.refresh_from_db()
    return _report(row)


# Moderation


@router.post("/campaigns/{slug}/exclusions", response=answers(ModerationOut, 401, 403, 404, 422, status=201))
def exclude(request: HttpRequest, slug: str, body: NewExclusion) -> Status[ModerationOut]:
    """Leave a contribution out of the round to come (reviewers)."""
    campaign, member = reviewing(request, slug)
    row = _contribution(campaign, body.contribution)
    return Status(201, _moderation(moderation.exclude(row, member, reason=body.reason, words=body.words)))


@router.post("/campaigns/{slug}/pauses", response=answers(ModerationOut, 401, 403, 404, 422, status=201))
def pause_member(request: HttpRequest, slug: str, body: NewPause) -> Status[ModerationOut]:
    """Give somebody no tasks and votes for a while (reviewers)."""
    campaign, member = reviewing(request, slug)
    if body.contribution is not None:
        whom = _contribution(campaign, body.contribution).membership
    else:
        rows = Membership.objects.select_related("campaign").filter(campaign=campaign, pk=body.member or 0)
        whom = there(rows.first(), "member of this campaign")
    decided = moderation.pause(whom, member, reason=body.reason, words=body.words, days=body.days)
    return Status(201, _moderation(decided))


@router.get("/campaigns/{slug}/moderations", response=answers(list[ModerationOut], 401, 403, 404))
def moderations(request: HttpRequest, slug: str) -> list[ModerationOut]:
    """Exclusions and pauses, newest first, at most 500: all of them for reviewers, your own for others."""
    campaign = find_campaign(slug)
    member = find_membership(campaign, signed_in(request))
    rows = Moderation.objects.filter(campaign=campaign)
    return [
        _moderation(row)
        for row in (rows if may_review(member) else rows.filter(membership=member))[:MOST_SHOWN]
    ]


@router.post(
    "/campaigns/{slug}/moderations/{int:moderation_id}/lift",
    response=answers(None, 401, 403, 404, 422, status=204),
)
def lift(request: HttpRequest, slug: str, moderation_id: int, body: Lifting) -> Status[None]:
    """End a pause, or let an excluded contribution in again (reviewers)."""
    campaign, member = reviewing(request, slug)
    rows = Moderation.objects.filter(campaign=campaign, pk=moderation_id)
    moderation.lift(there(rows.first(), "decision in this campaign"), member, body.why)
    return Status(204, None)


@router.get("/campaigns/{slug}/flags", response=answers(list[FlagsOut], 401, 403, 404))
def flags(request: HttpRequest, slug: str) -> list[FlagsOut]:
    """Contributions in which personal data or rude words were noticed, oldest first (organisers)."""
    user, campaign = signed_in(request), find_campaign(slug)
    require_organiser(campaign, user)
    rows = Checkup.objects.filter(contribution__campaign=campaign).exclude(flags={})
    rows = rows.select_related("contribution").order_by("contribution__created", "pk")
    return [
        FlagsOut(contribution=str(row.contribution_id), round=row.contribution.round_number, flags=row.flags)
        for row in rows
    ]


def _contribution(campaign: Campaign, number: uuid.UUID) -> Contribution:
    rows = Contribution.objects.select_related("campaign", "membership__campaign")
    found: Contribution = there(
        rows.filter(campaign=campaign, pk=number).first(), "contribution in this campaign"
    )
    return found


def _report(row: Report) -> ReportOut:
    return ReportOut(
        id=row.pk,
        contribution=str(row.contribution.pk) if row.contribution else None,
        part=row.part,
        text=row.contribution.response if row.contribution else row.text,
        reason=row.reason,
        words=row.words,
        state=row.state,
        created=row.created,
        outcome=row.outcome,
    )


def _moderation(row: Moderation) -> ModerationOut:
    return ModerationOut(
        id=row.pk,
        kind=row.kind,
        member=row.membership_id,
        contribution=str(row.contribution_id) if row.contribution_id else None,
        reason=row.reason,
        words=row.words,
        created=row.created,
        until=row.until,
        lifted=row.lifted,
        lifted_why=row.lifted_why,
    )
