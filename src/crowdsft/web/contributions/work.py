"""The work loop: get a task on lease, keep a draft, hand in or skip.

One transaction each, and no queue is searched inside a request: which task comes next follows from the
campaign's seed, the contributor and the count of the contributor's tasks.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from crowdsft.core.errors import InputError
from crowdsft.core.seeds import derive_seed
from crowdsft.core.settings import CampaignSettings
from crowdsft.rounds.artifacts import Artifacts
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.journal_django import campaign_state, contribution_digest, wake


class NotNow(InputError):  # noqa: N818  (a state, not a fault)
    """There is nothing to do at the moment; the message says why and what comes next."""


def current_task(campaign: Campaign, membership: Membership, artifacts: Artifacts) -> Task:
    """The contributor's open task, its lease renewed, or a new one.

    Raises:
        NotNow: when no round is open or the contributor has done all of this round's tasks.
    """
    campaign.refresh_from_db()
    if not campaign.is_collecting:
        raise NotNow(_why_closed(campaign))
    settings = campaign.settings
    lease = timezone.now() + timedelta(minutes=settings.tasks.lease_minutes)
    task = Task.objects.filter(membership=membership, state=Task.OPEN).first()
    if task is not None and task.round_number == campaign.round_number:
        task.lease_until = lease
        task.save(update_fields=["lease_until", "changed"])
        return task
    if tasks_done(membership, campaign.round_number) >= settings.tasks.per_contributor:
        raise NotNow(
            f"You have done all {settings.tasks.per_contributor} tasks of this round. "
            "Thank you; there is more when the next round opens."
        )
    try:
        with transaction.atomic():
            if task is not None:
                Task.objects.filter(pk=task.pk, state=Task.OPEN).update(state=Task.EXPIRED)
            return _new_task(campaign, membership, settings, artifacts, lease)
    except IntegrityError:  # the same person in a second tab was faster: both work on the same task
        return Task.objects.get(membership=membership, state=Task.OPEN)


def tasks_done(membership: Membership, round_number: int) -> int:
    """How many tasks of the round the contributor has handed in."""
    return Task.objects.filter(membership=membership, round_number=round_number, state=Task.DONE).count()


def _why_closed(campaign: Campaign) -> str:
    if campaign.finished is not None:
        return "This campaign is finished. Thank you; its results stay here."
    if campaign.round_number == 0:
        return "The first round is being prepared. It opens in a moment."
    return f"Round {campaign.round_number} is closed and the models are training. The next round opens soon."


def _new_task(
    campaign: Campaign,
    membership: Membership,
    settings: CampaignSettings,
    artifacts: Artifacts,
    lease: datetime,
) -> Task:
    number = Task.objects.filter(membership=membership, round_number=campaign.round_number).count()
    seed = derive_seed(settings.campaign.seed, campaign.round_number, membership.contributor, number, "task")
    kind = settings.tasks.kinds[(number + seed) % len(settings.tasks.kinds)]
    prompt, model_response = settings.prompts.texts[seed % len(settings.prompts.texts)], ""
    if kind == "correct_response":
        prompt, model_response = _draft_to_correct(campaign, artifacts, seed)
    return Task.objects.create(
        campaign=campaign,
        membership=membership,
        round_number=campaign.round_number,
        number=number,
        kind=kind,
        prompt=prompt,
        model_response=model_response,
        draft=model_response,
        lease_until=lease,
    )


def _draft_to_correct(campaign: Campaign, artifacts: Artifacts, seed: int) -> tuple[str, str]:
    drafts = campaign_state(campaign).current.drafts
    assert drafts is not None
    rows = artifacts.rows(drafts)
    row = rows[(seed // 7) % len(rows)]
    return str(row["prompt"]), str(row["response"])


def save_draft(task: Task, text: str) -> None:
    """Keep what has been typed, and the lease. Text for a task that is no longer open is kept as well."""
    settings = task.campaign.settings
    if len(text) > settings.tasks.max_characters:
        raise InputError(_too_long(text, settings))
    lease = timezone.now() + timedelta(minutes=settings.tasks.lease_minutes)
    Task.objects.filter(pk=task.pk).update(draft=text, lease_until=lease, changed=timezone.now())


def hand_in(task: Task, text: str) -> Contribution:
    """Accept `text` as a contribution and close the task.

    Handing in twice what is the same task's same text gives the same contribution (a button tapped twice, a
    request sent again after the network was lost).

    Raises:
        InputError: when the text is empty, too long, or the contributor has said the same before; the text
            stays in the draft.
    """
    response = clean_text(text)
    settings = task.campaign.settings
    if not response:
        raise InputError("The response is empty. Please write something, or skip the task.")
    if len(response) > settings.tasks.max_characters:
        raise InputError(_too_long(response, settings))
    digest = contribution_digest(task.prompt, response)
    earlier = Contribution.objects.filter(membership=task.membership, digest=digest).first()
    if earlier is not None and earlier.task_id == task.pk:
        return earlier
    Task.objects.filter(pk=task.pk, state=Task.OPEN).update(draft=text)
    if earlier is not None:
        raise InputError(
            "You have handed in this very text before. Please write something new, or skip the task."
        )
    if task.kind == "correct_response" and response == clean_text(task.model_response):
        raise InputError(
            "This is still the model's own answer. Please change what should be better, or skip the task."
        )
    with transaction.atomic():
        if not Task.objects.filter(pk=task.pk, state=Task.OPEN).update(
            state=Task.DONE, changed=timezone.now()
        ):
            raise InputError(
                "This task is no longer open: its round has closed or it was handed in already. "
                "Your text is kept as a draft."
            )
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
    _close_when_full(task.campaign, settings)
    return contribution


def skip(task: Task, reason: str) -> None:
    """Put the task aside; what was typed stays with it."""
    Task.objects.filter(pk=task.pk, state=Task.OPEN).update(
        state=Task.SKIPPED, skip_reason=reason[:200], changed=timezone.now()
    )


def clean_text(text: str) -> str:
    """NFC-normalised, without blanks around it, with Unix line ends."""
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()


def waiting_contributions(campaign: Campaign) -> int:
    """How many contributions the open round has."""
    return Contribution.objects.filter(campaign=campaign, round_number=None).count()


def _close_when_full(campaign: Campaign, settings: CampaignSettings) -> None:
    if settings.rounds.close == "size" and waiting_contributions(campaign) >= settings.round_size:
        wake(campaign)


def _too_long(text: str, settings: CampaignSettings) -> str:
    return (
        f"The text has {len(text)} characters; at most {settings.tasks.max_characters} are allowed here. "
        "Please shorten it. Nothing was lost."
    )
