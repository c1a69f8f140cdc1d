from __future__ import annotations

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.events import WinnerSelected
from crowdsft.core.given_up import given_up_rounds


def played(number: int, *, starts_from: int | None = None, winner: int | None = 0) -> RoundState:
    selected = WinnerSelected(number, winner, "winner" if winner is not None else "base_kept", ())
    return RoundState(
        number, None, (), selected=selected, finished=True, starts_from=starts_from, model_after=()
    )


def given_up(*rounds: RoundState, starts_from: int | None = None) -> set[int]:
    return set(given_up_rounds(CampaignState(rounds=rounds, starts_from=starts_from)))


def test_without_a_rollback_every_round_counts() -> None:
    assert given_up() == set()
    assert given_up(played(1), played(2), played(3)) == set()


def test_a_rollback_gives_up_the_rounds_after_it_at_once_and_later() -> None:
    assert given_up(played(1), played(2), played(3), starts_from=1) == {2, 3}
    assert given_up(played(1), played(2), starts_from=0) == {1, 2}
    assert given_up(played(1), played(2), played(3), played(4, starts_from=1)) == {2, 3}
    opened = RoundState(4, None, (), starts_from=1)
    assert given_up(played(1), played(2), played(3), opened) == {2, 3}


def test_a_round_that_kept_the_base_has_nothing_to_give_up() -> None:
    assert given_up(played(1), played(2, winner=None), played(3), starts_from=1) == {3}


def test_going_back_to_what_was_given_up_takes_it_up_again() -> None:
    rounds = (played(1), played(2), played(3, starts_from=1))
    assert given_up(*rounds, starts_from=2) == {3}
