"""Who is asked about which item: each item has so many seats, and the database has each seat once.

Nothing is counted and then written. A task is inserted with its seat; when somebody else has the seat by then, the
unique key refuses the row and another seat is tried. So no item is ever judged by more people than the campaign wants,
on SQLite and on PostgreSQL, however many ask at the same moment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils import timezone

from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.task_types import TASK_TYPES
from crowdsft.web.task_types.base import Material

WINDOW = 12
"""So many unfinished items are handed out at a time: few enough that items get finished, enough that people who ask at
the same moment rarely want the same seat."""


def take_seat(
    task: Task,
    offers: Sequence[Material],
    *,
    overlap: int,
    avoid: Collection[tuple[str, str]],
    rng: np.random.Generator,
) -> Material | None:
    """Save `task` with a seat at one of `offers`, the first ones first. Inside a transaction.

    Args:
        task: Not saved yet, and with everything that does not depend on the item.
        offers: In the order in which they should be finished.
        overlap: Seats at each item.
        avoid: Prompts with texts that this contributor should not be asked about.
        rng: Spreads people who ask at the same moment.

    Returns:
        What the task is about, or None when there is nothing for this contributor.
    """
    give_up_lapsed(task.campaign)
    asked = set(
        Task.objects.filter(membership=task.membership).exclude(item="").values_list("item", flat=True)
    )
    mine = [
        offer
        for offer in offers
        if offer.item not in asked and not any((offer.prompt, text) in avoid for text in _texts(offer))
    ]
    full = _full(task, overlap)
    left = [offer for offer in mine if offer.item not in full]
    while window := left[:WINDOW]:
        for place in rng.permutation(len(window)):
            offer = window[int(place)]
            if _seated(task, offer, overlap, rng):
                return offer
        left = left[WINDOW:]  # others were faster, or an earlier round asked about the same texts
    return None


def follow_standing(row: Contribution, *, overlap: int) -> None:
    """Free the place of a judgement that does not count any more; give one to a judgement that counts again.

    Where somebody else has the place by then, a judgement that was let in again counts without. Inside a transaction.
    """
    if row.task_id is None or row.round_number is not None:
        return
    task = Task.objects.get(pk=row.task_id)
    if not task.item:
        return
    if row.standing in (Contribution.REJECTED, Contribution.EXCLUDED):
        Task.objects.filter(pk=task.pk).update(seat=None)
    else:
        keep_seat(task, overlap=overlap)


def keep_seat(task: Task, *, overlap: int) -> bool:
    """Whether the task has its seat, or another one at its item now that its own was taken. Inside a transaction."""
    if not task.item or task.expected is not None or task.seat is not None:
        return True
    return any(_updated(task, seat) for seat in _free(task, task.item, overlap))


def give_up_lapsed(campaign: Campaign) -> None:
    """Take the seats from tasks whose leases have run out; the tasks and their drafts stay. Inside a transaction."""
    lapsed = Task.objects.filter(
        campaign=campaign, seat__isnull=False, state__in=Task.UNFINISHED, lease_until__lt=timezone.now()
    )
    rows = list(lapsed.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True))
    if rows:
        lapsed.filter(pk__in=rows).update(seat=None)


def _texts(offer: Material) -> tuple[str, ...]:
    return (*offer.options, offer.model_response) if offer.model_response else offer.options


def _full(task: Task, overlap: int) -> set[str]:
    """Items of this round that have no seat left."""
    taken = Task.objects.filter(
        campaign=task.campaign, round_number=task.round_number, seat__isnull=False, kind=task.kind
    )
    counts = taken.values("item").annotate(seats=Count("pk"))
    return set(counts.filter(seats__gte=overlap).values_list("item", flat=True))


def _free(task: Task, item: str, overlap: int) -> Iterator[int]:
    taken = set(
        Task.objects.filter(campaign=task.campaign, item=item, seat__isnull=False).values_list(
            "seat", flat=True
        )
    )
    return (seat for seat in range(overlap) if seat not in taken)


def fill(task: Task, material: Material) -> None:
    """Write what a task is about into its row, and what its answer is at first."""
    task.prompt, task.model_response = material.prompt, material.model_response
    task.options, task.item = list(material.options), material.item
    task.draft = TASK_TYPES.make(task.kind).first_draft(material)


def _seated(task: Task, offer: Material, overlap: int, rng: np.random.Generator) -> bool:
    fill(task, offer)
    for seat in rng.permutation(list(_free(task, offer.item, overlap))):
        task.seat = int(seat)
        try:
            with transaction.atomic():
                task.save(force_insert=True)
            return True
        except IntegrityError:
            task.pk = None  # somebody was faster
    return False


def _updated(task: Task, seat: int) -> bool:
    try:
        with transaction.atomic():
            Task.objects.filter(pk=task.pk).update(seat=seat)
    except IntegrityError:
        return False
    task.seat = seat
    return True
