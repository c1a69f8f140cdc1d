"""From ballots to an event, and from the event to a winner."""

from __future__ import annotations

import pytest

from crowdsft.core.selection import Selection
from crowdsft.core.settings import parse_settings
from crowdsft.core.votes import Ballot
from crowdsft.rounds.votes import break_tie, counted_votes, select_by_votes

SETTINGS = parse_settings(
    {"campaign": {"name": "T"}, "target": {"emotion": "joy"}, "votes": {"minutes": 1, "role": "decide"}}
)


def ballots(first: int, second: int, *, won: int, lost: int) -> list[Ballot]:
    """`won` voters prefer the first model, `lost` the second."""
    return [Ballot(f"v{number}", first, second, 1 if number < won else -1) for number in range(won + lost)]


def counted(*parts: list[Ballot]):  # type: ignore[no-untyped-def]
    return counted_votes(3, [ballot for part in parts for ballot in part], groups=3, settings=SETTINGS)


CLEAR = counted(
    ballots(1, 0, won=38, lost=2), ballots(2, 0, won=20, lost=20), ballots(3, 0, won=4, lost=36),
    ballots(1, 2, won=30, lost=10),
)  # fmt: skip
CLOSE = counted(ballots(1, 0, won=36, lost=4), ballots(2, 0, won=35, lost=5), ballots(3, 0, won=4, lost=36))


def test_the_event_counts_people_and_comparisons() -> None:
    assert (CLEAR.round_number, CLEAR.voters) == (3, 40)
    base, first, *_ = CLEAR.strengths
    assert base.group is None and base.gain == base.error == 0 and base.comparisons == 120
    assert first.group == 0 and first.comparisons == 80 and first.wins == 68
    assert first.low < first.gain < first.high and CLEAR.ties == (0,)


def test_the_preferred_candidate_wins() -> None:
    chosen = select_by_votes(CLEAR, utilities=[0, 9, 9], improvement_standard_errors=2.0)
    assert (chosen.winner, chosen.outcome) == (0, "improved")


def test_between_candidates_that_no_vote_tells_apart_the_utility_decides() -> None:
    assert CLOSE.ties == (0, 1)
    chosen = select_by_votes(CLOSE, utilities=[0.1, 0.2, 0.9], improvement_standard_errors=2.0)
    assert (chosen.winner, chosen.outcome, chosen.contenders) == (1, "tie_broken", (0, 1))


def test_without_votes_nobody_wins() -> None:
    chosen = select_by_votes(counted(), utilities=[1, 2, 3], improvement_standard_errors=2.0)
    assert (chosen.winner, chosen.outcome) == (None, "no_improvement")


def test_a_guard_keeps_the_preferred_one_from_winning() -> None:
    chosen = select_by_votes(CLEAR, utilities=[0, 0, 0], improvement_standard_errors=2.0, harmful=[0])
    assert (chosen.winner, chosen.outcome, chosen.barred) == (None, "guarded", (0,))


@pytest.mark.parametrize(("contenders", "winner"), [((1, 2), 1), ((0, 2), 0), ((2,), 2)])
def test_votes_break_ties_and_leave_clear_winners_alone(contenders: tuple[int, ...], winner: int) -> None:
    outcome = "tie_broken" if len(contenders) > 1 else "improved"
    chosen = break_tie(Selection(contenders[-1], outcome, contenders), CLEAR)
    assert (chosen.winner, chosen.contenders) == (winner, contenders)
