"""The ledger of points: integers, append-only, each entry chained to the one before by its hash.

A hash covers the previous hash and everything that the entry says, and no clock, so that the same journal
gives the same ledger on every machine and anybody can check it with `verify`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crowdsft.core.errors import LedgerError
from crowdsft.core.sentences import sentence

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """Points that a contributor received, or a correction of earlier ones.

    Args:
        position: 0 for the campaign's first entry; no gaps.
        campaign: The campaign's identifier.
        round_number: The round at whose end the entry was made; the last round for closing awards.
        contributor: The contributor's random identifier, never a name.
        amount: Points; negative only in corrections.
        reason: Why, in a few words.
        previous: Hash of the entry before, `GENESIS` for the first.
        hash: `entry_hash` of all of the above.
    """

    position: int
    campaign: str
    round_number: int
    contributor: str
    amount: int
    reason: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """Where the chain stands: the next entry's position and the hash that it builds on."""

    position: int = 0
    hash: str = GENESIS


def entry_hash(
    previous: str,
    *,
    position: int,
    campaign: str,
    round_number: int,
    contributor: str,
    amount: int,
    reason: str,
) -> str:
    """SHA-256 of the canonical JSON of an entry and the hash before it."""
    body = [previous, position, campaign, round_number, contributor, amount, reason]
    return hashlib.sha256(json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def chain(
    head: LedgerHead, awards: Iterable[tuple[str, int]], *, campaign: str, round_number: int, reason: str
) -> tuple[tuple[LedgerEntry, ...], LedgerHead]:
    """Entries for `awards` (contributor, points) behind `head`, and the new head. Zeros make no entry."""
    entries = []
    position, previous = head.position, head.hash
    for contributor, amount in awards:
        if amount == 0:
            continue
        digest = entry_hash(
            previous,
            position=position,
            campaign=campaign,
            round_number=round_number,
            contributor=contributor,
            amount=amount,
            reason=reason,
        )
        entries.append(
            LedgerEntry(position, campaign, round_number, contributor, amount, reason, previous, digest)
        )
        position, previous = position + 1, digest
    return tuple(entries), LedgerHead(position, previous)


def verify(entries: Sequence[LedgerEntry], head: LedgerHead | None = None) -> LedgerHead:
    """Check that `entries` are an unbroken chain from `head` on (default: from the first entry on).

    Returns:
        The head behind the last entry.

    Raises:
        LedgerError: naming the first entry that does not fit, and how.
    """
    head = head or LedgerHead()
    for entry in entries:
        if entry.position != head.position:
            raise LedgerError(
                sentence(
                    "The ledger has an entry at position {found} where {due} is due: an entry was removed, "
                    "doubled or moved. Restore the ledger from a backup or the journal.",
                    found=entry.position,
                    due=head.position,
                )
            )
        expected = entry_hash(
            head.hash,
            position=entry.position,
            campaign=entry.campaign,
            round_number=entry.round_number,
            contributor=entry.contributor,
            amount=entry.amount,
            reason=entry.reason,
        )
        if entry.previous != head.hash or entry.hash != expected:
            raise LedgerError(
                sentence(
                    "The ledger entry at position {position} does not match its hash: it was changed after it "
                    "was written. Restore the ledger from a backup or the journal.",
                    position=entry.position,
                )
            )
        head = LedgerHead(entry.position + 1, entry.hash)
    return head


def balances(entries: Iterable[LedgerEntry]) -> dict[str, int]:
    """Points per contributor; computed, never stored."""
    totals: Counter[str] = Counter()
    for entry in entries:
        totals[entry.contributor] += entry.amount
    return dict(totals)
