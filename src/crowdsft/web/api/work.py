"""Tasks: get one, keep a draft, hand in, skip."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings as django_settings
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from crowdsft.rounds.artifacts import artifacts_in
from crowdsft.web.accounts.models import User
from crowdsft.web.api.access import answers, contributing, find_campaign, require_contributor, signed_in
from crowdsft.web.api.errors import NotFoundError
from crowdsft.web.api.limits import WORK
from crowdsft.web.contributions import work
from crowdsft.web.contributions.models import Task

router = Router(tags=["work"])


class TaskOut(Schema):
    """What to do. `model_response` is the text to correct; `draft` is what has been typed so far.

    `state`: open, done, skipped or expired (its round closed before anything was handed in).
    """

    id: int
    campaign: str
    round: int
    number: int
    kind: str
    state: str
    prompt: str
    model_response: str
    draft: str
    lease_until: datetime


class Text(Schema):
    """A draft or a response."""

    text: str = Field(max_length=work.KEPT_CHARACTERS)


class Reason(Schema):
    """Why a task is skipped."""

    reason: str = Field(default="", max_length=200)


class Accepted(Schema):
    """A contribution was accepted. `round` is the round of its task."""

    id: str
    round: int


@router.post("/campaigns/{slug}/task", throttle=[WORK], response=answers(TaskOut, 401, 403, 404, 409, 429))
def get_task(request: HttpRequest, slug: str) -> TaskOut:
    """Your open task, or a new one. 409 while there is nothing to do."""
    campaign = find_campaign(slug)
    membership = require_contributor(campaign, contributing(request))
    return _out(work.current_task(campaign, membership, artifacts_in(django_settings.DATA)))


@router.get("/tasks/{int:task_id}", response=answers(TaskOut, 401, 404))
def look_at_task(request: HttpRequest, task_id: int) -> TaskOut:
    """A task of yours as it is now, with its draft, also after its round has closed."""
    return _out(_task_of(signed_in(request), task_id))


@router.put(
    "/tasks/{int:task_id}/draft",
    throttle=[WORK],
    response=answers(None, 401, 403, 404, 422, 429, status=204),
)
def keep_draft(request: HttpRequest, task_id: int, body: Text) -> Status[None]:
    """Keep what has been typed so far; renews the lease."""
    work.save_draft(_mine(request, task_id), body.text)
    return Status(204, None)


@router.post(
    "/tasks/{int:task_id}/response",
    throttle=[WORK],
    response=answers(Accepted, 401, 403, 404, 422, 429, status=201),
)
def hand_in(request: HttpRequest, task_id: int, body: Text) -> Status[Accepted]:
    """Hand in the response. Sending the same again is safe: it gives the same contribution."""
    task = _mine(request, task_id)
    require_contributor(task.campaign, contributing(request))
    contribution = work.hand_in(task, body.text)
    return Status(201, Accepted(id=str(contribution.pk), round=task.round_number))


@router.post(
    "/tasks/{int:task_id}/skip",
    throttle=[WORK],
    response=answers(None, 401, 403, 404, 422, 429, status=204),
)
def skip(request: HttpRequest, task_id: int, body: Reason) -> Status[None]:
    """Skip the task."""
    work.skip(_mine(request, task_id), body.reason)
    return Status(204, None)


def _mine(request: HttpRequest, task_id: int) -> Task:
    return _task_of(contributing(request), task_id)


def _task_of(user: User, task_id: int) -> Task:
    task = (
        Task.objects.select_related("campaign", "membership")
        .filter(pk=task_id, membership__user=user)
        .first()
    )
    if task is None:
        raise NotFoundError("There is no such task of yours. POST /api/campaigns/SLUG/task gives you one.")
    return task


def _out(task: Task) -> TaskOut:
    return TaskOut(
        id=task.pk,
        campaign=task.campaign.slug,
        round=task.round_number,
        number=task.number,
        kind=task.kind,
        state=task.state,
        prompt=task.prompt,
        model_response=task.model_response,
        draft=task.draft,
        lease_until=task.lease_until,
    )
