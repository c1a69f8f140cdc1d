"""Reading a ledger that may be long: a portion at a time, and as JSON lines.

Each portion is a query of its own that starts where the last one ended, so that the memory needed does not grow
with the ledger, and a download may go on in another thread. Entries are only ever added: what is read is whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from crowdsft.core.ledger import LedgerEntry
from crowdsft.web.campaigns.models import Campaign, LedgerRow

PORTION = 2_000
COLUMNS = ("position", "round_number", "contributor", "amount", "reason", "previous", "hash")


def entries_from(campaign: Campaign, first: int, *, limit: int = PORTION) -> list[LedgerEntry]:
    """At most `limit` entries from position `first` on, in order."""
    rows = LedgerRow.objects.filter(campaign=campaign, position__gte=first).order_by("position")
    return [
        LedgerEntry(position, campaign.slug, number, contributor, amount, reason, previous, digest)
        for position, number, contributor, amount, reason, previous, digest in rows.values_list(*COLUMNS)[
            :limit
        ]
    ]


def portions(campaign: Campaign, first: int = 0, *, limit: int | None = None) -> Iterator[list[LedgerEntry]]:
    """The entries from position `first` on, at most `limit` of them, in portions."""
    left = limit
    while left is None or left > 0:
        size = PORTION if left is None else min(PORTION, left)
        found = entries_from(campaign, first, limit=size)
        if found:
            yield found
        if len(found) < size:
            return
        first = found[-1].position + 1
        left = None if left is None else left - size


def record(entry: LedgerEntry) -> dict[str, Any]:
    """An entry as the API and the file say it."""
    return {
        "position": entry.position,
        "campaign": entry.campaign,
        "round": entry.round_number,
        "contributor": entry.contributor,
        "amount": entry.amount,
        "reason": entry.reason,
        "previous": entry.previous,
        "hash": entry.hash,
    }


def as_lines(campaign: Campaign) -> Iterator[str]:
    """The whole ledger as JSON lines, oldest entry first."""
    for found in portions(campaign):
        yield "".join(f"{json.dumps(record(entry), ensure_ascii=False)}\n" for entry in found)


def as_array(campaign: Campaign, first: int, limit: int | None) -> Iterator[str]:
    """Entries as one JSON array."""
    yield "["
    before = ""
    for found in portions(campaign, first, limit=limit):
        yield before + ",\n".join(json.dumps(record(entry), ensure_ascii=False) for entry in found)
        before = ",\n"
    yield "]\n"
