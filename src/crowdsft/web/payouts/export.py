"""A payout as a file: CSV for whoever pays, JSON for programs. Lines are streamed, however many there are."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from crowdsft.core.payout import amount_text
from crowdsft.dataset.formats import harmless
from crowdsft.web.payouts.models import Payout, PayoutLine

COLUMNS = ("contributor", "pseudonym", "points", "share", "owed_before", "amount", "owed_after", "currency", "state",
           "reference")  # fmt: skip


def records(payout: Payout) -> Iterator[dict[str, Any]]:
    """One record a line, in the order of the page; amounts as texts, so that no reader rounds them."""
    names = dict(payout.campaign.memberships.values_list("contributor", "pseudonym"))
    for line in payout.lines.all().iterator(chunk_size=2000):
        yield record(payout, line, names.get(line.contributor, ""))


def record(payout: Payout, line: PayoutLine, pseudonym: str) -> dict[str, Any]:
    """A line as plain values."""
    return {
        "contributor": line.contributor,
        "pseudonym": pseudonym,
        "points": line.points,
        "share": amount_text(line.share, payout.places),
        "owed_before": amount_text(line.owed_before, payout.places),
        "amount": amount_text(line.amount, payout.places),
        "owed_after": amount_text(line.owed_after, payout.places),
        "currency": payout.currency,
        "state": line.state,
        "reference": line.reference,
    }


def as_csv(payout: Payout) -> Iterator[str]:
    """Comma-separated with a header. An apostrophe precedes what a spreadsheet would run as a formula."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for one in records(payout):
        writer.writerow({name: harmless(value) for name, value in one.items()})
        if text.tell() > 50_000:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def as_json(payout: Payout) -> Iterator[str]:
    """One object: what was fixed, and its lines."""
    head = json.dumps(about(payout), ensure_ascii=False)
    yield head[:-1] + ', "lines": ['
    for number, one in enumerate(records(payout)):
        yield (",\n" if number else "\n") + json.dumps(one, ensure_ascii=False)
    yield "\n]}\n"


def about(payout: Payout) -> dict[str, Any]:
    """What was fixed, without its lines."""
    return {
        "campaign": payout.campaign.slug,
        "number": payout.number,
        "budget": amount_text(payout.budget, payout.places),
        "minimum": amount_text(payout.minimum, payout.places),
        "currency": payout.currency,
        "places": payout.places,
        "first_round": payout.first_round,
        "last_round": payout.last_round,
        "ledger_entries": payout.head_position,
        "ledger_head": payout.head_hash,
        "digest": payout.digest,
        "fixed": payout.fixed.isoformat(),
        "voided": payout.voided.isoformat() if payout.voided else None,
    }
