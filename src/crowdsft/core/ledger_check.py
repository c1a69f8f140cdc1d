"""Checking a ledger a portion at a time: its chain, and that it holds what the rounds paid, no more and no less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crowdsft.core.campaign import CampaignState
from crowdsft.core.errors import LedgerError
from crowdsft.core.ledger import LedgerEntry, LedgerHead, verify
from crowdsft.core.sentences import sentence


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a ledger was checked, and what its entries add up to for each round.

    Law: a ledger checked in portions has the tally of the same ledger checked at once.
    """

    head: LedgerHead = field(default_factory=LedgerHead)
    by_round: Mapping[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Points in all entries so far."""
        return sum(self.by_round.values())


def check_on(tally: Tally, entries: Sequence[LedgerEntry]) -> Tally:
    """Check the next entries of a ledger.

    Raises:
        LedgerError: naming the first entry that does not fit, and how.
    """
    head = verify(entries, tally.head)
    sums = Counter(dict(tally.by_round))
    for entry in entries:
        sums[entry.round_number] += entry.amount
    return Tally(head, dict(sums))


def paid_by_round(state: CampaignState) -> dict[int, int]:
    """Points that each round paid, as the journal says; what is paid at the very end counts for the last round."""
    paid = {
        current.number: sum(award.points for award in current.points.awards)
        for current in state.rounds
        if current.points is not None
    }
    closing = sum(award.points for award in state.closing_awards or ())
    if closing:
        paid[len(state.rounds)] = paid.get(len(state.rounds), 0) + closing
    return {number: points for number, points in paid.items() if points}


def compare(tally: Tally, state: CampaignState) -> None:
    """Check that a whole ledger is the one that the journal says.

    Raises:
        LedgerError: naming what differs.
    """
    due = state.ledger_head.position
    if tally.head.position != due:
        raise LedgerError(
            sentence(
                "The ledger has {found} entries, but by the journal {due} are due: some were removed or added at its "
                "end. Restore the ledger from a backup or the journal.",
                found=tally.head.position,
                due=due,
            )
        )
    paid, found = paid_by_round(state), {number: sums for number, sums in tally.by_round.items() if sums}
    for number in sorted(paid.keys() | found.keys()):
        if paid.get(number, 0) != found.get(number, 0):
            raise LedgerError(
                sentence(
                    "The ledger's entries for round {number} add up to {found} points, but the round paid {paid}. "
                    "Restore the ledger from a backup or the journal.",
                    number=number,
                    found=found.get(number, 0),
                    paid=paid.get(number, 0),
                )
            )
    if tally.head != state.ledger_head:
        raise LedgerError(
            sentence(
                "The ledger's entries chain, but are not what the journal says. Restore one from a backup."
            )
        )
