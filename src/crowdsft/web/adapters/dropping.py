"""Dropping losing candidates of campaigns that keep winners only; done by workers when no step is due.

An adapter is set aside first, where nobody finds it. Then, and not before, everybody is asked whether it is needed: the
journals of all campaigns, steps under way that may just have made it, questions that wait in the playground. Who needs
it gets it back; what nobody needs is written down as dropped and removed. Whoever trains the same adapter meanwhile
writes it anew. A worker may be killed anywhere: what is aside is looked at first, next time.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from django.db.models import Max

from crowdsft.core.errors import InputError
from crowdsft.core.shelf import shelf_of
from crowdsft.rounds.artifacts import Artifacts
from crowdsft.rounds.checkpoints import checkpoint
from crowdsft.web.adapters.models import DroppedAdapter
from crowdsft.web.campaigns.models import Campaign, JournalEvent, Step
from crowdsft.web.journal_django import campaign_state
from crowdsft.web.playground.choices import find_choice
from crowdsft.web.playground.models import Exchange

logger = logging.getLogger(__name__)
ENDS = ("RoundFinished", "CampaignFinished", "CampaignCancelled")
MAKING = ("keep_contributions", "train", "merge")
"""Steps that write adapters before the journal names them."""


@dataclass(slots=True)
class Dropping:
    """One worker's chore: looks when a round has finished since it looked last, and at its start.

    Args:
        artifacts: Where adapters are.
    """

    artifacts: Artifacts
    _seen: int = field(default=-1, init=False)

    def drop_next(self) -> bool:
        """Look once where there is news. Returns whether anything was dropped."""
        newest = JournalEvent.objects.filter(kind__in=ENDS).aggregate(newest=Max("pk"))["newest"] or 0
        if newest == self._seen:
            return False
        dropped, is_done = drop_spare(self.artifacts)
        if is_done:
            self._seen = newest
        return dropped > 0


def drop_spare(artifacts: Artifacts) -> tuple[int, bool]:
    """Drop what nobody needs. Returns how many adapters, and whether that was all that is spare by now."""
    needed = _needed()
    spare = _spare() - needed
    aside = artifacts.adapters_aside()
    for digest in aside & needed:
        artifacts.put_back(digest)
    for digest in needed & set(DroppedAdapter.objects.values_list("digest", flat=True)):
        DroppedAdapter.objects.filter(digest=digest).delete()  # trained again
    if not spare and not aside:
        return 0, True
    found = (artifacts.adapters_here() & spare) | (aside - needed)
    if found and _is_making():
        return 0, False
    dropped = 0
    for digest in sorted(found):
        artifacts.set_aside(digest)
        checkpoint("drop", "aside", dropped)
        if _is_making() or digest in _needed():
            artifacts.put_back(digest)
            return dropped, False
        row, _is_new = DroppedAdapter.objects.get_or_create(digest=digest, defaults={"size": 0})
        checkpoint("drop", "written", dropped)
        size = artifacts.drop_aside(digest)
        DroppedAdapter.objects.filter(pk=row.pk, size=0).update(size=size)
        dropped += 1
    if dropped:
        logger.info("dropped the weights of %d candidates that lost", dropped)
    return dropped, True


def _is_making() -> bool:
    """Whether a step is under way, or was left by a killed worker, that may have written an adapter."""
    return Step.objects.filter(name__in=MAKING).exclude(worker="").exists()


def _needed() -> frozenset[str]:
    """What any campaign needs by its journal, and what questions in the playground wait for."""
    needed: set[str] = set()
    for campaign in Campaign.objects.exclude(life=Campaign.DRAFT):
        needed |= shelf_of(campaign_state(campaign)).needed
    waiting = Exchange.objects.filter(state__in=(Exchange.WAITING, Exchange.WORKING)).select_related(
        "campaign"
    )
    for exchange in waiting:
        for key in (exchange.left, exchange.right):
            try:
                needed |= set(find_choice(campaign_state(exchange.campaign), key).adapters)
            except InputError:
                continue  # it is gone already; the answer will say so
    return frozenset(needed)


def _spare() -> frozenset[str]:
    spare: set[str] = set()
    for campaign in Campaign.objects.exclude(life=Campaign.DRAFT):
        spare |= shelf_of(campaign_state(campaign)).spare
    return frozenset(spare)
