"""Votes as an event, and what they decide about the winner."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from crowdsft.core.events import VotedStrength, VotesCounted
from crowdsft.core.selection import Selection
from crowdsft.core.settings import CampaignSettings
from crowdsft.core.votes import Ballot, strengths


def counted_votes(
    round_number: int, ballots: Sequence[Ballot], *, groups: int, settings: CampaignSettings
) -> VotesCounted:
    """How strong voters found the base and each candidate.

    Args:
        groups: Number of candidates.
        settings: Give the confidence of intervals and when two candidates count as tied.
    """
    found = strengths(ballots, models=groups + 1)
    errors, intervals = found.errors(), found.intervals(settings.evaluation.confidence)
    best = 1 + int(np.argmax(found.gains[1:]))
    allowed = settings.evaluation.tie_standard_errors
    ties = tuple(
        model - 1
        for model in range(1, groups + 1)
        if found.gains[best] - found.gains[model] <= allowed * found.difference_error(best, model)
    )
    return VotesCounted(
        round_number=round_number,
        voters=len({ballot.voter for ballot in ballots}),
        strengths=tuple(
            VotedStrength(
                group=None if model == 0 else model - 1,
                gain=float(found.gains[model]),
                error=float(errors[model]),
                low=float(intervals[model, 0]),
                high=float(intervals[model, 1]),
                wins=float(found.wins[model]),
                comparisons=int(found.comparisons[model]),
            )
            for model in range(groups + 1)
        ),
        ties=ties,
    )


def select_by_votes(
    votes: VotesCounted,
    *,
    utilities: Sequence[float],
    improvement_standard_errors: float,
    harmful: Collection[int] = (),
) -> Selection:
    """The candidate that voters prefer to the base beyond noise, and to the others.

    Args:
        votes: What was counted.
        utilities: Mean utility of each candidate; decides among those that no vote tells apart.
        improvement_standard_errors: How many standard errors a candidate must be above the base.
        harmful: Candidates that a guard does not let win.
    """
    gains = {row.group: row for row in votes.strengths if row.group is not None}
    better = [
        group
        for group, row in gains.items()
        if row.gain > 0 and row.gain > improvement_standard_errors * row.error
    ]
    barred = tuple(group for group in better if group in harmful)
    better = [group for group in better if group not in barred]
    if not better:
        return Selection(None, "guarded" if barred else "no_improvement", (), barred)
    tied = tuple(group for group in better if group in votes.ties)
    if len(tied) <= 1:
        winner = tied[0] if tied else max(better, key=lambda group: gains[group].gain)
        return Selection(winner, "improved", (winner,), barred)
    return Selection(max(tied, key=lambda group: utilities[group]), "tie_broken", tied, barred)


def break_tie(selection: Selection, votes: VotesCounted) -> Selection:
    """Where candidates were within noise of each other, the one that voters preferred."""
    if len(selection.contenders) < 2:
        return selection
    gains = {row.group: row.gain for row in votes.strengths}
    winner = max(selection.contenders, key=lambda group: gains[group])
    return Selection(winner, selection.outcome, selection.contenders, selection.barred)
