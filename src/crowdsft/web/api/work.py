"""Tasks: get one, keep a draft, hand in, skip."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings as django_settings
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from crowdsft.rounds.artifacts import Artifacts
from crowdsft.web.api.access import NotFoundError, find_campaign, require_contributor, signed_in
from crowdsft.web.contributions import work
from crowdsft.web.contributions.models import Task

router = Router(tags=["work"])


class TaskOut(Schema):
    """What to do. `model_response` is the text to correct; `draft` is what has been typed so far."""

    id: int
    campaign: str
    round: int
    number: int
    kind: str
    prompt: str
    model_response: str
    draft: str
    lease_until: datetime


class Text(Schema):
    """A draft or a response."""

    text: str = Field(max_length=200_000)


class Reason(Schema):
    """Why a task is skipped."""

    reason: str = Field(default="", max_length=200)


class Accepted(Schema):
    """A contribution was accepted."""

    id: str
    round: int


@router.post("/campaigns/{slug}/task", response=TaskOut)
def get_task(request: HttpRequest, slug: str) -> TaskOut:
    """Your open task, or a new one. 409 while there is nothing to do."""
    campaign = find_campaign(slug)
    membership = require_contributor(campaign, signed_in(request))
    return _out(work.current_task(campaign, membership, Artifacts(django_settings.DATA / "artifacts")))


@router.put("/tasks/{task_id}/draft", response={204: None})
def keep_draft(request: HttpRequest, task_id: int, body: Text) -> tuple[int, None]:
    """Keep what has been typed so far; renews the lease."""
    work.save_draft(_mine(request, task_id), body.text)
    return 204, None


@router.post("/tasks/{task_id}/response", response={201: Accepted})
def hand_in(request: HttpRequest, task_id: int, body: Text) -> tuple[int, Accepted]:
    """Hand in the response."""
    task = _mine(request, task_id)
    contribution = work.hand_in(task, body.text)
    return 201, Accepted(id=str(contribution.pk), round=task.round_number)


@router.post("/tasks/{task_id}/skip", response={204: None})
def skip(request: HttpRequest, task_id: int, body: Reason) -> tuple[int, None]:
    """Skip the task."""
    work.skip(_mine(request, task_id), body.reason)
    return 204, None


def _mine(request: HttpRequest, task_id: int) -> Task:
    task = (
        Task.objects.select_related("campaign", "membership")
        .filter(pk=task_id, membership__user=signed_in(request))
        .first()
    )
    if task is None:
        raise NotFoundError("There is no such task of yours.")
    return task


def _out(task: Task) -> TaskOut:
    return TaskOut(
        id=task.pk,
        campaign=task.campaign.slug,
        round=task.round_number,
        number=task.number,
        kind=task.kind,
        prompt=task.prompt,
        model_response=task.model_response,
        draft=task.draft,
        lease_until=task.lease_until,
    )
