"""Tasks: get one, keep a draft, hand in, skip."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.conf import settings as django_settings
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from crowdsft.rounds.artifacts import artifacts_in
from crowdsft.web.accounts.models import User
from crowdsft.web.api.access import (
    answers,
    contributing,
    find_campaign,
    find_membership,
    require_contributor,
    require_may_work,
    signed_in,
)
from crowdsft.web.api.errors import NotFoundError
from crowdsft.web.api.limits import WORK
from crowdsft.web.contributions import kept, work
from crowdsft.web.contributions.models import Task
from crowdsft.web.contributions.repeating import nearly_said
from crowdsft.web.prepared import Prepared
from crowdsft.web.task_types import TASK_TYPES
from crowdsft.web.task_types.base import Fields

router = Router(tags=["work"])

_OWN_TASK = Prepared(
    lambda number, user: (
        Task.objects.select_related("campaign", "membership")
        .defer("campaign__plan")
        .filter(pk=number, membership__user=user)
    )
)


class TaskOut(Schema):
    """What to do. `model_response` is the text to correct or to rate, `options` are the two to choose from.

    `draft` is what has been typed so far, or the chosen `{"choice": ..., "reasons": [...], "note": ...}` as text.
    `state`: open, next (prepared, see `task/ahead`), done, skipped or expired (its round closed, or its place went to
    somebody else, before anything was handed in).
    """

    id: int
    campaign: str
    round: int
    number: int
    kind: str
    state: str
    prompt: str
    model_response: str
    options: list[str]
    draft: str
    lease_until: datetime


class AnswerIn(Schema):
    """A draft or a response: `text` where one writes or corrects, `choice` where one chooses or rates.

    `choice` is "left" or "right", or "1" to "5"; `reasons` are names such as "wrong_tone", `note` is a sentence. Both
    are optional.
    """

    text: str = Field(default="", max_length=work.KEPT_CHARACTERS)
    choice: str = Field(default="", max_length=20)
    reasons: list[Annotated[str, Field(max_length=40)]] = Field(default=[], max_length=20)
    note: str = Field(default="", max_length=500)

    @property
    def fields(self) -> Fields:
        """As a form would send it."""
        return {
            "response": [self.text],
            "choice": [self.choice],
            "reasons": self.reasons,
            "note": [self.note],
        }


class Reason(Schema):
    """Why a task is skipped."""

    reason: str = Field(default="", max_length=200)


class Accepted(Schema):
    """An answer was accepted. `round` is the round of its task.

    `id` is the contribution's; null where there is nothing to train on: the lowest rating, a text that is your
    contribution already, or a question to which the answer was known. `repeats` is the id of an earlier contribution of
    yours that says nearly the same.
    """

    id: str | None
    round: int
    repeats: str | None


@router.post("/campaigns/{slug}/task", throttle=[WORK], response=answers(TaskOut, 401, 403, 404, 409, 429))
def get_task(request: HttpRequest, slug: str) -> TaskOut:
    """Your open task, or a new one. 409 while there is nothing to do."""
    campaign = find_campaign(slug)
    membership = require_contributor(campaign, contributing(request))
    return _out(work.current_task(campaign, membership, artifacts_in(django_settings.DATA)))


@router.post(
    "/campaigns/{slug}/task/ahead", throttle=[WORK], response=answers(TaskOut, 401, 403, 404, 409, 429)
)
def get_task_ahead(request: HttpRequest, slug: str) -> TaskOut:
    """The task after your open one, to have it at hand. 409 while there is none."""
    campaign = find_campaign(slug)
    membership = require_contributor(campaign, contributing(request))
    return _out(work.next_task(campaign, membership, artifacts_in(django_settings.DATA)))


@router.get("/campaigns/{slug}/texts/kept", response=answers(list[TaskOut], 401, 403, 404))
def kept_texts(request: HttpRequest, slug: str) -> list[TaskOut]:
    """Closed tasks whose draft is a text of yours that was not handed in, newest first, at most 50."""
    member = find_membership(find_campaign(slug), signed_in(request))
    return [_out(task) for task in kept.kept_texts(member)]


@router.get("/tasks/{int:task_id}", response=answers(TaskOut, 401, 404))
def look_at_task(request: HttpRequest, task_id: int) -> TaskOut:
    """A task of yours as it is now, with its draft, also after its round has closed."""
    return _out(_task_of(signed_in(request), task_id))


@router.put(
    "/tasks/{int:task_id}/draft",
    throttle=[WORK],
    response=answers(None, 401, 403, 404, 422, 429, status=204),
)
def keep_draft(request: HttpRequest, task_id: int, body: AnswerIn) -> Status[None]:
    """Keep what has been typed or chosen so far; renews the lease."""
    task = _mine(request, task_id)
    work.save_draft(task, TASK_TYPES.make(task.kind).write(body.fields))
    return Status(204, None)


@router.post(
    "/tasks/{int:task_id}/response",
    throttle=[WORK],
    response=answers(Accepted, 401, 403, 404, 422, 429, status=201),
)
def hand_in(request: HttpRequest, task_id: int, body: AnswerIn) -> Status[Accepted]:
    """Hand in the answer. Sending the same again is safe: it gives the same contribution."""
    task = _mine(request, task_id)
    require_may_work(task.membership)
    answer = TASK_TYPES.make(task.kind).write(body.fields)
    contribution, repeats = work.hand_in(task, answer), nearly_said(task, answer)
    return Status(
        201,
        Accepted(
            id=str(contribution.pk) if contribution else None,
            round=task.round_number,
            repeats=str(repeats.pk) if repeats else None,
        ),
    )


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
    task = _OWN_TASK.first(task_id, user.pk)
    if task is None:
        raise NotFoundError("There is no such task of yours. POST /api/campaigns/SLUG/task gives you one.")
    task.membership.campaign = task.campaign
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
        options=task.options,
        draft=task.draft,
        lease_until=task.lease_until,
    )
