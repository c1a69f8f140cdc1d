from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.errors import LedgerError
from crowdsft.core.ledger import GENESIS, LedgerEntry, LedgerHead, balances, chain, verify

AWARDS = st.lists(st.tuples(st.sampled_from(["ada", "bo", "cy"]), st.integers(-5, 1_000)), max_size=12)


def build(rounds: list[list[tuple[str, int]]]) -> list[LedgerEntry]:
    entries: list[LedgerEntry] = []
    head = LedgerHead()
    for number, awards in enumerate(rounds, start=1):
        more, head = chain(head, awards, campaign="test", round_number=number, reason="award")
        entries.extend(more)
    return entries


@given(st.lists(AWARDS, max_size=4))
def test_a_chain_verifies_and_adds_up(rounds: list[list[tuple[str, int]]]) -> None:
    entries = build(rounds)
    head = verify(entries)
    assert head.position == len(entries)
    assert sum(balances(entries).values()) == sum(amount for awards in rounds for _, amount in awards)


@given(st.lists(AWARDS, min_size=1, max_size=3), st.data())
def test_any_change_is_found(rounds: list[list[tuple[str, int]]], data: st.DataObject) -> None:
    entries = build([[("ada", 7)], *rounds])
    index = data.draw(st.integers(0, len(entries) - 1))
    changes = [
        {"amount": entries[index].amount + 1},
        {"contributor": "eve"},
        {"reason": "gift"},
        {"round_number": 99},
    ]
    forged = [*entries]
    forged[index] = replace(entries[index], **data.draw(st.sampled_from(changes)))
    with pytest.raises(LedgerError, match=f"position {index}"):
        verify(forged)


def test_removed_and_swapped_entries_are_found() -> None:
    entries = build([[("ada", 1), ("bo", 2), ("cy", 3)]])
    with pytest.raises(LedgerError):
        verify(entries[1:])
    with pytest.raises(LedgerError):
        verify([entries[1], entries[0], entries[2]])


def test_zeros_make_no_entry_and_the_first_entry_builds_on_genesis() -> None:
    entries = build([[("ada", 0), ("bo", 5)]])
    assert [(entry.contributor, entry.previous) for entry in entries] == [("bo", GENESIS)]


def test_equal_awards_give_equal_hashes() -> None:
    assert build([[("ada", 3)]]) == build([[("ada", 3)]])
