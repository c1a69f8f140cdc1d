"""What voters preferred, as a table: how often a candidate would be chosen against the base."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.utils.translation import gettext as _

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.events import VotedStrength
from crowdsft.web.pages.measure import group_letter


@dataclass(frozen=True, slots=True)
class VotedRow:
    """One candidate. `share` and `interval` are shares of votes against the base."""

    name: str
    share: str
    interval: str
    comparisons: int
    won: bool


@dataclass(frozen=True, slots=True)
class Voted:
    """The newest vote that was counted."""

    round_number: int
    voters: int
    rows: tuple[VotedRow, ...]


def voted_rows(state: CampaignState) -> Voted | None:
    """The newest counted vote, the preferred candidate first; None where nobody has voted yet."""
    counted = [current for current in state.rounds if current.votes is not None and current.votes.voters]
    if not counted:
        return None
    current = counted[-1]
    assert current.votes is not None
    rows = [row for row in current.votes.strengths if row.group is not None]
    rows.sort(key=lambda row: -row.gain)
    return Voted(current.number, current.votes.voters, tuple(_row(row, current) for row in rows))


def _row(row: VotedStrength, current: RoundState) -> VotedRow:
    assert row.group is not None
    return VotedRow(
        name=_("Group {letter}").format(letter=group_letter(row.group)),
        share=_share(row.gain),
        interval=_("{low} to {high}").format(low=_share(row.low), high=_share(row.high)),
        comparisons=row.comparisons,
        won=row.group == current.winner,
    )


def _share(gain: float) -> str:
    """Log odds as a share in per cent."""
    return f"{round(100 / (1 + math.exp(-max(-30.0, min(30.0, gain)))))}\N{NO-BREAK SPACE}%"
