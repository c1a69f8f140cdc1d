"""Which adapters are needed, round by round, on states made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.events import CandidateTrained, WinnerReviewed, WinnerSelected
from crowdsft.core.settings import parse_settings
from crowdsft.core.shelf import shelf_of


def played(number: int, *, winner: int | None, lineage: tuple[str, ...], finished: bool = True) -> RoundState:
    """A round with three candidates, "1-0", "1-1" and "1-2" in round 1."""
    names = [f"{number}-{group}" for group in range(3)]
    trained = [CandidateTrained(number, group, name, 1, 1.0, (1.0,), 1.0) for group, name in enumerate(names)]
    after = lineage if winner is None else (*lineage, names[winner])
    return RoundState(
        number, None, lineage,
        groups=(("a",), ("b",), ("c",)),
        candidates=tuple(trained),
        selected=WinnerSelected(number, winner, "improved", ()),
        finished=finished,
        model_after=after if finished else None,
    )  # fmt: skip


def state(*rounds: RoundState, lineage: tuple[str, ...], **sections: Any) -> CampaignState:
    values = {
        "campaign": {"name": "x"},
        "target": {"emotion": "joy"},
        "artifacts": {"keep": "winners"},
        **sections,
    }
    return CampaignState(settings=parse_settings(values), rounds=rounds, lineage=lineage)


def test_bases_and_winners_are_needed_and_who_lost_is_spare() -> None:
    found = shelf_of(
        state(
            played(1, winner=1, lineage=()), played(2, winner=None, lineage=("1-1",)), lineage=("1-1",),
        )
    )  # fmt: skip
    assert found.needed == {"1-1"}
    assert found.spare == {"1-0", "1-2", "2-0", "2-1", "2-2"}


def test_a_round_that_goes_on_needs_all_its_candidates() -> None:
    found = shelf_of(
        state(
            played(1, winner=1, lineage=()), played(2, winner=0, lineage=("1-1",), finished=False), lineage=("1-1",),
        )
    )  # fmt: skip
    assert found.needed == {"1-1", "2-0", "2-1", "2-2"}
    assert found.spare == {"1-0", "1-2"}


def test_a_winner_that_was_given_up_by_a_roll_back_can_be_returned_to() -> None:
    found = shelf_of(
        state(played(1, winner=1, lineage=()), played(2, winner=0, lineage=("1-1",)), lineage=())
    )
    assert {"1-1", "2-0"} <= found.needed


def test_a_winner_that_was_declined_has_lost() -> None:
    declined = replace(
        played(1, winner=1, lineage=()), review=WinnerReviewed(1, False, "rude"), model_after=()
    )
    assert "1-1" in shelf_of(state(declined, lineage=())).spare


def test_with_everything_kept_nothing_is_spare() -> None:
    found = shelf_of(state(played(1, winner=1, lineage=()), lineage=("1-1",), artifacts={}))
    assert found.needed == {"1-0", "1-1", "1-2"} and not found.spare


@pytest.mark.parametrize("is_over", [False, True])
def test_candidates_that_value_contributions_stay_until_the_next_round_has_finished(is_over: bool) -> None:
    values = {"training": {"keep": "values"}, "rounds": {"groups_of_one": "first"}}
    past = state(
        played(1, winner=1, lineage=()), played(2, winner=0, lineage=("1-1",)), lineage=("1-1", "2-0"), **values,
    )  # fmt: skip
    found = shelf_of(replace(past, is_cancelled=is_over))
    assert found.spare == {"1-0", "1-2"} | ({"2-1", "2-2"} if is_over else set())
