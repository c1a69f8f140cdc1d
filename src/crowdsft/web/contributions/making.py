"""Making a task: which kind comes next, about what, and now and then a question whose answer is known.

No queue is searched. What comes next follows from the campaign's seed, the contributor and the count of the
contributor's tasks; for judgements also from which items still have a seat.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from crowdsft.core.campaign import CampaignState
from crowdsft.core.seeds import derive_rng, derive_seed
from crowdsft.core.settings import CampaignSettings
from crowdsft.core.settings.tasks import JUDGEMENT_KINDS
from crowdsft.rounds.artifacts import Artifacts
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.contributions.places import fill, take_seat
from crowdsft.web.prepared import Prepared
from crowdsft.web.task_types import TASK_TYPES
from crowdsft.web.task_types.base import Draft, Material, Source

_TASKS_OF_ROUND = Prepared(
    lambda member, round_number: Task.objects.filter(membership=member, round_number=round_number).only("pk")
)


def make_task(
    membership: Membership, state: CampaignState, artifacts: Artifacts, *, is_next: bool = False
) -> Task | None:
    """A new task for the contributor, saved; None when everything to judge is judged. Inside a transaction."""
    settings, round_number = state.plan, membership.campaign.round_number
    number = _TASKS_OF_ROUND.count(membership.pk, round_number)
    seed = derive_seed(settings.campaign.seed, round_number, membership.contributor, number, "task")
    task = Task(
        campaign=membership.campaign,
        membership=membership,
        round_number=round_number,
        number=number,
        state=Task.NEXT if is_next else Task.OPEN,
        lease_until=timezone.now() + timedelta(minutes=settings.tasks.lease_minutes),
    )
    if number in gold_numbers(settings, round_number, membership.contributor):
        gold = _gold_question(task, settings, seed)
        if gold is not None:
            return gold
    kinds = settings.tasks.kinds
    first = (number + seed) % len(kinds)
    for kind in (*kinds[first:], *kinds[:first]):
        made = _of_kind(task, kind, state, artifacts, seed)
        if made is not None:
            return made
    return None


def gold_numbers(settings: CampaignSettings, round_number: int, contributor: str) -> frozenset[int]:
    """Which of a contributor's tasks in a round ask a question whose answer is known."""
    if not settings.gold_tasks:
        return frozenset()
    rng = derive_rng(settings.campaign.seed, round_number, contributor, "gold")
    drawn = rng.choice(settings.tasks.per_contributor, size=settings.gold_tasks, replace=False)
    return frozenset(int(number) for number in drawn)


def material_of(task: Task) -> Material:
    """What a task is about."""
    return Material(task.prompt, task.model_response, tuple(task.options), task.item)


def _of_kind(task: Task, kind: str, state: CampaignState, artifacts: Artifacts, seed: int) -> Task | None:
    task_type, settings = TASK_TYPES.make(kind), state.plan
    task.kind = kind
    drafts = _drafts(state.rounds[task.round_number - 1].drafts, artifacts) if task_type.needs_drafts else ()
    offers = task_type.offers(Source(settings.prompts.texts, drafts, seed))
    if not task_type.is_judgement:
        fill(task, offers[0])
        task.save(force_insert=True)
        return task
    order = derive_rng(settings.campaign.seed, task.round_number, kind, "order of items").permutation(
        len(offers)
    )
    offer = take_seat(
        task,
        [offers[place] for place in order],
        overlap=settings.tasks.overlap,
        avoid=set(_own_texts(task.membership)),
        rng=derive_rng(settings.campaign.seed, task.membership.contributor, task.number, "seat"),
    )
    return None if offer is None else task


def _gold_question(task: Task, settings: CampaignSettings, seed: int) -> Task | None:
    """One that the contributor has not been asked, chosen by the seed."""
    asked = set(
        Task.objects.filter(membership=task.membership).exclude(item="").values_list("item", flat=True)
    )
    left = [
        (kind, known)
        for kind in JUDGEMENT_KINDS
        for known in TASK_TYPES.make(kind).known(settings.gold, seed=seed)
        if known.material.item not in asked
    ]
    if not left:
        return None
    task.kind, known = left[(seed // 13) % len(left)]
    fill(task, known.material)
    task.expected = known.expected
    task.save(force_insert=True)
    return task


def _own_texts(membership: Membership) -> Iterator[tuple[str, str]]:
    """Prompts and texts that are the contributor's contributions already, or may become so by the open task."""
    judged = Contribution.objects.filter(membership=membership, kind__in=JUDGEMENT_KINDS)
    yield from judged.values_list("prompt", "model_response")
    unfinished = Task.objects.filter(membership=membership, state__in=Task.UNFINISHED)
    for task in unfinished:
        for text in (*task.options, task.model_response):
            yield task.prompt, text


def _drafts(digest: str | None, artifacts: Artifacts) -> tuple[Draft, ...]:
    assert digest is not None
    return tuple(Draft(str(row["prompt"]), str(row["response"])) for row in artifacts.rows(digest))
