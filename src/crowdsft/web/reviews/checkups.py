"""What a worker does for reviewers while no step is due: look for flags, and for nearly the same texts of others."""

from __future__ import annotations

import logging
import time

from django.db import IntegrityError, transaction

from crowdsft.core.near_texts import NEAR, is_near_draft, resemblance, shingles, sketch
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.journal_django import plan_of
from crowdsft.web.reviews.flags import flags_of
from crowdsft.web.reviews.models import Checkup, NearText, TextHash

logger = logging.getLogger(__name__)

BATCH = 20
SECONDS_BETWEEN_LOOKS = 2.0
MOST_COMPARED = 200  # texts that share a hash; more would share a common phrase only

_looked = 0.0


def check_next() -> bool:
    """Look at a few contributions that nobody has looked at. Returns whether there were any."""
    global _looked
    if time.monotonic() - _looked < SECONDS_BETWEEN_LOOKS:
        return False
    rows = Contribution.objects.filter(
        checkup=None, campaign__is_supplied=False, campaign__life__in=(Campaign.OPEN, Campaign.PAUSED)
    ).exclude(response="")
    some = list(rows.select_related("campaign").order_by("created")[:BATCH])
    if not some:
        _looked = time.monotonic()
    for row in some:
        check(row)
    return bool(some)


def check(row: Contribution) -> None:
    """Write down what is noticed about `row`; nothing when its text was changed or taken back meanwhile."""
    settings = plan_of(row.campaign).reviews
    try:
        flags = flags_of(row.response, settings)
    except Exception:  # another's code on anybody's text: one that it chokes on must not be tried for ever
        logger.exception("flags of contribution %s", row.pk)
        flags = {}
    own = shingles(row.response)
    hashes = [] if is_near_draft(own, row.model_response) else sketch(own)
    near = _near(row, own, hashes)
    try:
        with transaction.atomic():
            known = Contribution.objects.select_for_update(no_key=True).filter(pk=row.pk).first()
            if known is None or known.response != row.response:
                return
            Checkup.objects.create(contribution=known, flags=flags)
            TextHash.objects.bulk_create(
                TextHash(campaign=row.campaign, contribution=known, value=value) for value in hashes
            )
            NearText.objects.bulk_create(near, ignore_conflicts=True)
    except IntegrityError:  # another worker was first, or a text that it was compared with has gone
        return


def _near(row: Contribution, own: frozenset[str], hashes: list[int]) -> list[NearText]:
    """Pairs with other people's texts, the earlier one first."""
    sharing = TextHash.objects.filter(campaign=row.campaign, value__in=hashes)
    sharing = sharing.exclude(contribution__membership=row.membership)
    numbers = list(sharing.values_list("contribution", flat=True).distinct()[:MOST_COMPARED])
    pairs = []
    for other in Contribution.objects.filter(pk__in=numbers).exclude(response=""):
        likeness = resemblance(own, shingles(other.response))
        if likeness >= NEAR:
            first, second = (other, row) if other.created <= row.created else (row, other)
            pairs.append(NearText(first=first, second=second, likeness=likeness))
    return pairs
