from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.errors import LedgerError
from crowdsft.core.events import PointsAwarded
from crowdsft.core.ledger import LedgerEntry, LedgerHead, chain
from crowdsft.core.ledger_check import Tally, check_on, compare, paid_by_round
from crowdsft.core.rewards.base import Award


def ledger_of(rounds: list[list[int]], closing: int = 0) -> tuple[list[LedgerEntry], CampaignState]:
    """The entries of rounds that paid so much to a, b, c, and the state that belongs to them."""
    entries: list[LedgerEntry] = []
    head, played = LedgerHead(), []
    for number, amounts in enumerate(rounds, start=1):
        awards = list(zip("abcdefgh", amounts, strict=False))
        made, head = chain(
            head, awards, campaign="joy", round_number=number, reason=f"award of round {number}"
        )
        entries += made
        paid = PointsAwarded(number, tuple(Award(name, points) for name, points in awards), 0, 0, number)
        played.append(RoundState(number, None, (), points=paid))
    last = () if not closing else (Award("a", closing),)
    made, head = chain(
        head, [("a", closing)], campaign="joy", round_number=len(rounds), reason="closing award"
    )
    state = CampaignState(rounds=tuple(played), ledger_head=head, closing_awards=last)
    return [*entries, *made], state


@given(
    rounds=st.lists(st.lists(st.integers(0, 500), max_size=6), min_size=1, max_size=5),
    closing=st.integers(0, 50),
    size=st.integers(1, 7),
)
def test_checked_in_portions_it_is_as_checked_at_once(
    rounds: list[list[int]], closing: int, size: int
) -> None:
    entries, state = ledger_of(rounds, closing)
    tally = Tally()
    for start in range(0, len(entries), size):
        tally = check_on(tally, entries[start : start + size])
    assert tally == check_on(Tally(), entries)
    assert tally.total == sum(map(sum, rounds)) + closing
    compare(tally, state)


def test_what_is_paid_at_the_very_end_counts_for_the_last_round() -> None:
    _, state = ledger_of([[10, 5], [0, 0], [7, 1]], closing=4)
    assert paid_by_round(state) == {1: 15, 3: 12}


def test_a_changed_entry_is_named() -> None:
    entries, _ = ledger_of([[10, 5], [3, 4]])
    with pytest.raises(LedgerError, match="entry at position 2 does not match its hash"):
        check_on(Tally(), [*entries[:2], replace(entries[2], amount=999), entries[3]])
    with pytest.raises(LedgerError, match="at position 2 where 1 is due"):
        check_on(check_on(Tally(), entries[:1]), entries[2:])


def test_a_ledger_that_chains_but_is_not_the_journals_is_found() -> None:
    entries, state = ledger_of([[10, 5], [3, 4]])
    with pytest.raises(LedgerError, match="has 3 entries, but by the journal 4 are due"):
        compare(check_on(Tally(), entries[:3]), state)
    forged, _ = ledger_of([[10, 5], [3, 40]])
    with pytest.raises(LedgerError, match=r"round 2 add up to 43 points, but the round paid 7\."):
        compare(check_on(Tally(), forged), state)
    swapped, _ = ledger_of([[5, 10], [3, 4]])
    with pytest.raises(LedgerError, match="are not what the journal says"):
        compare(check_on(Tally(), swapped), state)
