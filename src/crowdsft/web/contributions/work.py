"""The work loop: get a task on lease, keep a draft, hand in or skip.

One transaction each, and no queue is searched inside a request: which task comes next follows from the
campaign's seed, the contributor and the count of the contributor's tasks. A person's own requests (two tabs, a
request sent twice) take turns on the row of the membership; different people never wait for each other.

A round closes with the list that its RoundClosed event names. What is accepted while the worker writes that
event waits for the next round, and counts among the contributor's tasks of that round.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from crowdsft.core.campaign import CampaignState
from crowdsft.core.errors import InputError
from crowdsft.core.seeds import derive_seed
from crowdsft.core.settings import CampaignSettings
from crowdsft.rounds.artifacts import Artifacts
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.journal_django import campaign_state, contribution_digest, takable, wake
from crowdsft.web.webhooks.outbox import tell

KEPT_CHARACTERS = 200_000
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class NotNow(InputError):  # noqa: N818  (a state, not a fault)
    """There is nothing to do at the moment; the message says why and what comes next."""


# Getting a task


def current_task(campaign: Campaign, membership: Membership, artifacts: Artifacts) -> Task:
    """The contributor's open task, its lease renewed, or a new one.

    Raises:
        NotNow: when no round is open or the contributor has done all of this round's tasks.
    """
    campaign.refresh_from_db()
    if campaign.is_supplied or not campaign.is_collecting or campaign.life != Campaign.OPEN:
        raise NotNow(_why_closed(campaign))
    check_not_paused(membership)
    state, number = campaign_state(campaign), campaign.round_number
    with transaction.atomic():
        _take_turns(membership)
        task = Task.objects.filter(membership=membership, state=Task.OPEN).first()
        if task is not None and task.round_number == number:
            task.lease_until = _lease(state.plan)
            task.save(update_fields=["lease_until", "changed"])
            return task
        if tasks_done(membership, number) >= state.plan.tasks.per_contributor:
            raise NotNow(_all_done(state.plan))
        if task is not None:
            Task.objects.filter(pk=task.pk).update(state=Task.EXPIRED)
        return _new_task(campaign, membership, state, artifacts)


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
    on_time = Task.objects.filter(membership=membership, round_number=round_number, state=Task.DONE)
    late = Contribution.objects.filter(
        Q(round_number=None) | Q(round_number=round_number),
        membership=membership,
        task__round_number__lt=round_number,
    )
    return on_time.count() + late.count()


def waiting_contributions(campaign: Campaign) -> int:
    """How many contributions the open round has."""
    return Contribution.objects.filter(takable(campaign)).count()


def _take_turns(membership: Membership) -> None:
    """Wait for this person's other requests; inside a transaction. (SQLite has one writer at a time anyway.)"""
    Membership.objects.select_for_update(no_key=True).get(pk=membership.pk)


def _lease(settings: CampaignSettings) -> datetime:
    return timezone.now() + timedelta(minutes=settings.tasks.lease_minutes)


def _why_closed(campaign: Campaign) -> str:
    if campaign.life == Campaign.CANCELLED:
        return "This campaign was cancelled. Thank you; what was paid stays yours."
    if campaign.finished is not None:
        return "This campaign is finished. Thank you; its results stay here."
    if campaign.is_supplied:
        return "This campaign takes all of its contributions from a file. Look for another one to work on."
    if campaign.life == Campaign.PAUSED:
        return "This campaign is paused. What you have written is kept; tasks go on when it does."
    if campaign.round_number == 0:
        return "The first round is being prepared. It opens in a moment."
    return f"Round {campaign.round_number} is closed and the models are training. The next round opens soon."


def _all_done(settings: CampaignSettings) -> str:
    return (
        f"You have done all {settings.tasks.per_contributor} tasks of this round. "
        "Thank you; there is more when the next round opens."
    )


def _new_task(campaign: Campaign, membership: Membership, state: CampaignState, artifacts: Artifacts) -> Task:
    settings, round_number = state.plan, campaign.round_number
    number = Task.objects.filter(membership=membership, round_number=round_number).count()
    seed = derive_seed(settings.campaign.seed, round_number, membership.contributor, number, "task")
    kind = settings.tasks.kinds[(number + seed) % len(settings.tasks.kinds)]
    prompt, model_response = settings.prompts.texts[seed % len(settings.prompts.texts)], ""
    if kind == "correct_response":
        prompt, model_response = _draft_to_correct(state.rounds[round_number - 1].drafts, artifacts, seed)
    return Task.objects.create(
        campaign=campaign,
        membership=membership,
        round_number=round_number,
        number=number,
        kind=kind,
        prompt=prompt,
        model_response=model_response,
        draft=model_response,
        lease_until=_lease(settings),
    )


def _draft_to_correct(drafts: str | None, artifacts: Artifacts, seed: int) -> tuple[str, str]:
    assert drafts is not None
    rows = artifacts.rows(drafts)
    row = rows[(seed // 7) % len(rows)]
    return str(row["prompt"]), str(row["response"])


# Working on it


def save_draft(task: Task, text: str) -> None:
    """Keep what has been typed, and the lease. Text for a task that is no longer open is kept as well.

    Raises:
        InputError: when the text is longer than the campaign allows; it is kept all the same, up to
            `KEPT_CHARACTERS`.
    """
    settings = campaign_state(task.campaign).plan
    kept = _keep(task, text, settings)
    if len(text) > settings.tasks.max_characters:
        raise InputError(_too_long(text, settings, is_kept=kept))


def skip(task: Task, reason: str) -> None:
    """Put the task aside; what was typed stays with it."""
    Task.objects.filter(pk=task.pk, state=Task.OPEN).update(
        state=Task.SKIPPED, skip_reason=storable(reason)[:200], changed=timezone.now()
    )


def hand_in(task: Task, text: str) -> Contribution:
    """Accept `text` as a contribution and close the task.

    Handing in twice what is the same task's same text gives the same contribution (a button tapped twice, a
    request sent again after the network was lost).

    Raises:
        InputError: when the text is empty, too long, the model's own, or the contributor has said the same
            before, and when the task is no longer open. The text stays in the task's draft.
    """
    settings = campaign_state(task.campaign).plan
    response = clean_text(text)
    paused = _pause_words(task.membership)
    digest = contribution_digest(task.prompt, response)
    contribution = None
    with transaction.atomic():
        _take_turns(task.membership)
        task.state = Task.objects.select_for_update(no_key=True).get(pk=task.pk).state
        earlier = Contribution.objects.filter(membership=task.membership, digest=digest).first()
        if earlier is not None and earlier.task_id == task.pk:
            return earlier
        problem = paused or _problem(task, response, settings, is_repeated=earlier is not None)
        if problem is None:
            contribution = _accept(task, response, digest)
    if contribution is None:
        if response:
            _keep(task, text, settings)
        raise InputError(problem)
    if settings.rounds.close == "size" and waiting_contributions(task.campaign) >= settings.round_size:
        wake(task.campaign)
    return contribution


def _problem(task: Task, response: str, settings: CampaignSettings, *, is_repeated: bool) -> str | None:
    """Why `response` cannot be accepted for `task`, and what to do about it."""
    if not has_words(response):
        return "The response is empty. Please write something, or skip the task."
    if len(response) > settings.tasks.max_characters:
        return _too_long(response, settings, is_kept=len(response) <= KEPT_CHARACTERS)
    if is_repeated:
        return "You have handed in this very text before. Please write something new, or skip the task."
    if task.kind == "correct_response" and response == clean_text(task.model_response):
        return "This is still the model's own answer. Please change what should be better, or skip the task."
    kept = "Your text is kept as the task's draft"
    if task.state == Task.DONE:
        return f"You have handed in another answer to this task already. {kept}; please take the next task."
    if task.state == Task.SKIPPED:
        return f"You have skipped this task. {kept}; please take the next task."
    if task.state == Task.EXPIRED:
        return f"Round {task.round_number} closed before your text came in. {kept}, for the next round."
    now = Campaign.objects.values_list("round_number", flat=True).get(pk=task.campaign.pk)
    if tasks_done(task.membership, now) >= settings.tasks.per_contributor:
        return f"{_all_done(settings)} {kept}."
    return None


def _accept(task: Task, response: str, digest: str) -> Contribution:
    Task.objects.filter(pk=task.pk).update(state=Task.DONE, changed=timezone.now())
    contribution = Contribution.objects.create(
        campaign=task.campaign,
        membership=task.membership,
        task=task,
        kind=task.kind,
        prompt=task.prompt,
        response=response,
        model_response=task.model_response,
        digest=digest,
    )
    told = {
        "contribution": str(contribution.pk),
        "contributor": task.membership.contributor,
        "round": task.round_number,
        "kind": task.kind,
    }
    tell(task.campaign, "contribution.created", told)
    return contribution


def _keep(task: Task, text: str, settings: CampaignSettings) -> bool:
    """Put `text` into the task's draft. Returns whether there was room for it."""
    if len(text) > KEPT_CHARACTERS:
        return False
    Task.objects.filter(pk=task.pk).update(
        draft=storable(text), lease_until=_lease(settings), changed=timezone.now()
    )
    return True


# Texts


def clean_text(text: str) -> str:
    """Storable, NFC-normalised, without blanks around it, with Unix line ends."""
    return unicodedata.normalize("NFC", storable(text)).replace("\r\n", "\n").strip()


def storable(text: str) -> str:
    """Without what no database keeps: NUL characters and halves of surrogate pairs."""
    return UNSTORABLE.sub("", text)


def has_words(text: str) -> bool:
    """Whether there is anything to see: more than blanks, control and zero-width characters."""
    return any(unicodedata.category(character)[0] not in "CZ" for character in text)


def _too_long(text: str, settings: CampaignSettings, *, is_kept: bool) -> str:
    found = f"The text has {len(text)} characters; at most {settings.tasks.max_characters} are allowed here."
    if is_kept:
        return f"{found} Please shorten it. Nothing was lost: it is kept as a draft."
    return f"{found} That is too much to keep even as a draft. Please shorten it before you close this page."
