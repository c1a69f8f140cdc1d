"""The work loop: get a task on lease, prepare the next one, keep a draft, hand in or skip.

One transaction each. A person's own requests (two tabs, a request sent twice) take turns on the row of the
membership; different people wait for each other only where they want the same seat at the same item.

A round closes with the list that its RoundClosed event names. What is accepted while the worker writes that
event waits for the next round, and counts among the contributor's tasks of that round.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crowdsft.core.errors import InputError
from crowdsft.core.settings import CampaignSettings
from crowdsft.rounds.artifacts import Artifacts
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.contributions.making import make_task, material_of
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.contributions.places import keep_seat
from crowdsft.web.journal_django import campaign_state, contribution_digest, takable, wake
from crowdsft.web.prepared import Prepared
from crowdsft.web.task_types import TASK_TYPES
from crowdsft.web.task_types.base import Outcome
from crowdsft.web.task_types.texts import clean_text, storable
from crowdsft.web.webhooks.outbox import tell

KEPT_CHARACTERS = 200_000

_CAMPAIGN_NOW = Prepared(lambda campaign: Campaign.objects.filter(pk=campaign).defer("plan"))
_OWN_TURN = Prepared(
    lambda member: Membership.objects.select_for_update(no_key=True).filter(pk=member).only("pk")
)
_TASK_IN_STATE = Prepared(lambda member, state: Task.objects.filter(membership=member, state=state))
_LOCKED_TASK = Prepared(lambda number: Task.objects.select_for_update(no_key=True).filter(pk=number))
_ON_TIME = Prepared(
    lambda member, round_number: Task.objects.filter(
        membership=member, round_number=round_number, state=Task.DONE
    ).only("pk")
)
_LATE = Prepared(
    lambda member, round_number: Contribution.objects.filter(
        Q(round_number=None) | Q(round_number=round_number),
        membership=member,
        task__round_number__lt=round_number,
    ).only("pk")
)
_SAME_TEXT = Prepared(lambda member, digest: Contribution.objects.filter(membership=member, digest=digest))


class NotNow(InputError):  # noqa: N818  (a state, not a fault)
    """There is nothing to do at the moment; the message says why and what comes next."""


# Getting a task


def current_task(campaign: Campaign, membership: Membership, artifacts: Artifacts) -> Task:
    """The contributor's open task, its lease renewed, or the prepared one, or a new one.

    Raises:
        NotNow: when no round is open, the contributor has done all of this round's tasks, or all is judged.
    """
    _look_again(campaign)
    if campaign.is_supplied or not campaign.is_collecting or campaign.life != Campaign.OPEN:
        raise NotNow(_why_closed(campaign))
    check_not_paused(membership)
    state, number = campaign_state(campaign), campaign.round_number
    membership.campaign = campaign
    with transaction.atomic():
        _take_turns(membership)
        task = _still_open(membership, state.plan, number, Task.OPEN)
        if task is not None:
            return task
        done = tasks_done(membership, number)
        prepared = _still_open(membership, state.plan, number, Task.NEXT)
        if done >= state.plan.tasks.per_contributor:
            problem = _all_done(state.plan)
        elif prepared is not None:
            Task.objects.filter(pk=prepared.pk).update(state=Task.OPEN)
            prepared.state = Task.OPEN
            return prepared
        else:
            made = make_task(membership, state, artifacts)
            if made is not None:
                return made
            problem = _all_judged()
    raise NotNow(problem)


def next_task(campaign: Campaign, membership: Membership, artifacts: Artifacts) -> Task:
    """The task after the open one, prepared so that it can be shown without waiting. One at most is prepared.

    Raises:
        NotNow: when no task is open, or none comes after it.
    """
    _look_again(campaign)
    check_not_paused(membership)
    state, number = campaign_state(campaign), campaign.round_number
    membership.campaign = campaign
    with transaction.atomic():
        _take_turns(membership)
        is_at_work = Task.objects.filter(membership=membership, state=Task.OPEN, round_number=number).exists()
        if not is_at_work or not campaign.is_collecting or campaign.life != Campaign.OPEN:
            raise NotNow(_("There is no open task that another one could follow."))
        if tasks_done(membership, number) + 1 >= state.plan.tasks.per_contributor:
            raise NotNow(_("The open task is the last one of this round."))
        prepared = _still_open(membership, state.plan, number, Task.NEXT)
        task = prepared or make_task(membership, state, artifacts, is_next=True)
    if task is None:
        raise NotNow(_all_judged())
    return task


def _still_open(
    membership: Membership, settings: CampaignSettings, round_number: int, task_state: str
) -> Task | None:
    """The contributor's task in this state, its lease renewed; one that cannot be done any more is put aside."""
    task = _TASK_IN_STATE.first(membership.pk, task_state)
    if task is None:
        return None
    task.campaign, task.membership = membership.campaign, membership
    if task.round_number == round_number and keep_seat(task, overlap=settings.tasks.overlap):
        task.lease_until = _lease(settings)
        task.save(update_fields=["lease_until", "changed"])
        return task
    Task.objects.filter(pk=task.pk).update(state=Task.EXPIRED, seat=None)
    return None


def check_not_paused(membership: Membership) -> None:
    """Raises: NotNow, with the reason, for somebody whose tasks are paused."""
    if words := _pause_words(membership):
        raise NotNow(words)


def _pause_words(membership: Membership) -> str:
    """What somebody reads whose tasks are paused; empty for everybody else."""
    from crowdsft.web.reviews.moderation import pause_of, pause_words  # which build on this module

    found = pause_of(membership)
    return pause_words(found) if found is not None else ""


def tasks_done(membership: Membership, round_number: int) -> int:
    """How many tasks the contributor has handed in for the round.

    An answer to a task of an earlier round that came too late for that round's list counts here.
    """
    return _ON_TIME.count(membership.pk, round_number) + _LATE.count(membership.pk, round_number)


def waiting_contributions(campaign: Campaign) -> int:
    """How many contributions the open round has."""
    return Contribution.objects.filter(takable(campaign)).count()


def _take_turns(membership: Membership) -> None:
    """Wait for this person's other requests; inside a transaction. (SQLite has one writer at a time anyway.)"""
    if _OWN_TURN.first(membership.pk) is None:
        raise Membership.DoesNotExist("The membership was deleted meanwhile.")


def _look_again(campaign: Campaign) -> None:
    """Bring up to date what may have happened to the campaign since it was read."""
    now = _as_it_is_now(campaign)
    campaign.life, campaign.finished = now.life, now.finished
    campaign.is_supplied, campaign.is_collecting = now.is_supplied, now.is_collecting
    campaign.round_number, campaign.consent = now.round_number, now.consent


def _as_it_is_now(campaign: Campaign) -> Campaign:
    found = _CAMPAIGN_NOW.first(campaign.pk)
    if found is None:
        raise Campaign.DoesNotExist("The campaign was deleted meanwhile.")
    return found


def _lease(settings: CampaignSettings) -> datetime:
    return timezone.now() + timedelta(minutes=settings.tasks.lease_minutes)


def _why_closed(campaign: Campaign) -> str:
    if campaign.life == Campaign.CANCELLED:
        return _("This campaign was cancelled. Thank you; what was paid stays yours.")
    if campaign.finished is not None:
        return _("This campaign is finished. Thank you; its results stay here.")
    if campaign.is_supplied:
        return _("This campaign takes all of its contributions from a file. Look for another one to work on.")
    if campaign.life == Campaign.PAUSED:
        return _("This campaign is paused. What you have written is kept; tasks go on when it does.")
    if campaign.round_number == 0:
        return _("The first round is being prepared. It opens in a moment.")
    return _("Round %(round)s is closed and the models are training. The next round opens soon.") % {
        "round": campaign.round_number
    }


def _all_done(settings: CampaignSettings) -> str:
    return _(
        "You have done all %(tasks)s tasks of this round. Thank you; there is more when the next round opens."
    ) % {"tasks": settings.tasks.per_contributor}


def _all_judged() -> str:
    return _(
        "Everything that there is to judge in this round is judged by enough people. "
        "Thank you; there is more when the next round opens."
    )


# Working on it


def save_draft(task: Task, answer: str) -> None:
    """Keep what has been typed or chosen, and the lease. Text for a task that is no longer open is kept as well.

    Raises:
        InputError: when the text is longer than the campaign allows; it is kept all the same, up to
            `KEPT_CHARACTERS`.
    """
    settings = campaign_state(task.campaign).plan
    kept = _keep(task, answer, settings)
    if len(answer) > settings.tasks.max_characters:
        raise InputError(_too_long(answer, settings, is_kept=kept))


def skip(task: Task, reason: str) -> None:
    """Put the task aside; what was typed stays with it, its seat is free."""
    Task.objects.filter(pk=task.pk, state=Task.OPEN).update(
        state=Task.SKIPPED, seat=None, skip_reason=storable(reason)[:200], changed=timezone.now()
    )


def hand_in(task: Task, answer: str) -> Contribution | None:
    """Accept an answer and close the task.

    Handing in the same answer to the same task twice gives the same contribution (a button tapped twice, a
    request sent again after the network was lost).

    Args:
        answer: As `TaskType.write` makes it; for tasks in which people write, their text.

    Returns:
        The contribution; None where the answer is noted but nothing to train on: a rating of 1, a text that is the
        contributor's contribution already, or a question whose answer was known.

    Raises:
        InputError: when the answer is none, too long, the model's own, or the contributor has said the same before,
            and when the task is no longer open. The answer stays in the task's draft.
    """
    settings = campaign_state(task.campaign).plan
    task_type, material = TASK_TYPES.make(task.kind), material_of(task)
    problem = task_type.problem(material, answer)
    if (
        problem is None
        and not task_type.is_judgement
        and len(clean_text(answer)) > settings.tasks.max_characters
    ):
        problem = _too_long(clean_text(answer), settings, is_kept=len(answer) <= KEPT_CHARACTERS)
    outcome = None if problem else task_type.outcome(material, answer)
    paused, contribution = _pause_words(task.membership), None
    with transaction.atomic():
        _take_turns(task.membership)
        now = _LOCKED_TASK.first(task.pk)
        if now is None:
            raise Task.DoesNotExist("The task was deleted meanwhile.")
        task.state, task.seat = now.state, now.seat
        if outcome is not None:
            digest = contribution_digest(task.prompt, outcome.response, outcome.weight)
            earlier = _SAME_TEXT.first(task.membership.pk, digest)
            if earlier is not None and earlier.task_id == task.pk:
                return earlier
            if now.state == Task.DONE and outcome.verdict is not None and outcome.verdict == now.verdict:
                return Contribution.objects.filter(task=now).first()
            if earlier is not None and not task_type.is_judgement:
                problem = _(
                    "You have handed in this very text before. Please write something new, or skip the task."
                )
            problem = problem or paused or _too_late(task, settings)
            if problem is None:
                _close(task, answer, outcome)
                if earlier is None and outcome.weight > 0 and task.expected is None:
                    contribution = _accept(task, outcome, digest)
    if problem is not None:
        if clean_text(answer):
            _keep(task, answer, settings)
        raise InputError(problem)
    if settings.rounds.close == "size" and waiting_contributions(task.campaign) >= settings.round_size:
        wake(task.campaign)
    return contribution


def _too_late(task: Task, settings: CampaignSettings) -> str | None:
    """Why an answer comes too late, and what to do about it. Gives the task a seat that it has lost, if it can."""
    if task.state == Task.DONE:
        return _(
            "You have handed in another answer to this task already. Your text is kept under My contributions; "
            "please take the next task."
        )
    if task.state == Task.SKIPPED:
        return _(
            "You have skipped this task. Your text is kept under My contributions; please take the next task."
        )
    now = _as_it_is_now(task.campaign).round_number
    if task.state == Task.EXPIRED and task.item and now == task.round_number:
        return _its_place_is_taken()
    if task.state == Task.EXPIRED:
        return _(
            "Round %(round)s closed before your text came in. "
            "Your text is kept as the task's draft, for the next round."
        ) % {"round": task.round_number}
    if tasks_done(task.membership, now) >= settings.tasks.per_contributor:
        return _(
            "You have done all %(tasks)s tasks of this round. Thank you; there is more when the next round opens. "
            "Your text is kept as the task's draft."
        ) % {"tasks": settings.tasks.per_contributor}
    if not keep_seat(task, overlap=settings.tasks.overlap):
        return _its_place_is_taken()
    return None


def _its_place_is_taken() -> str:
    return _(
        "The time for this task ran out, and enough others have answered it meanwhile. What you chose is kept with the "
        "task; please take the next one."
    )


def _close(task: Task, answer: str, outcome: Outcome) -> None:
    """Mark the task as done, with what was answered where it judges something."""
    changes: dict[str, object] = {"state": Task.DONE, "changed": timezone.now()}
    if outcome.verdict is not None:
        changes |= {"verdict": outcome.verdict, "draft": storable(answer)}
    Task.objects.filter(pk=task.pk).update(**changes)


def _accept(task: Task, outcome: Outcome, digest: str) -> Contribution:
    contribution = Contribution.objects.create(
        campaign=task.campaign,
        membership=task.membership,
        task=task,
        kind=task.kind,
        prompt=task.prompt,
        response=outcome.response,
        model_response=outcome.model_response,
        digest=digest,
        weight=outcome.weight,
    )
    told = {
        "contribution": str(contribution.pk),
        "contributor": task.membership.contributor,
        "round": task.round_number,
        "kind": task.kind,
    }
    tell(task.campaign, "contribution.created", told)
    return contribution


def _keep(task: Task, answer: str, settings: CampaignSettings) -> bool:
    """Put the answer into the task's draft, and renew what the contributor holds. Returns whether there was room.

    The draft of a judgement that is done stays what was handed in.
    """
    if len(answer) > KEPT_CHARACTERS:
        return False
    lease, now = _lease(settings), timezone.now()
    kept = Task.objects.filter(pk=task.pk).exclude(state=Task.DONE, verdict__isnull=False)
    kept.update(draft=storable(answer), lease_until=lease, changed=now)
    Task.objects.filter(membership=task.membership, state=Task.NEXT).update(lease_until=lease)
    return True


def _too_long(text: str, settings: CampaignSettings, *, is_kept: bool) -> str:
    numbers = {"found": len(text), "most": settings.tasks.max_characters}
    if is_kept:
        return (
            _(
                "The text has %(found)s characters; at most %(most)s are allowed here. Please shorten it. Nothing was "
                "lost: it is kept as a draft."
            )
            % numbers
        )
    return (
        _(
            "The text has %(found)s characters; at most %(most)s are allowed here. That is too much to keep even as a "
            "draft. Please shorten it before you close this page."
        )
        % numbers
    )
