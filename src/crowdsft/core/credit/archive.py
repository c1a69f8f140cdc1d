"""All contributions of a campaign so far, as rows of arrays: what is known of each, and which are worth training on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.credit.comment_scores import Scoring
from crowdsft.core.credit.value_shares import LEAST, MOST, shares_from_values
from crowdsft.core.events import Gain

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

BY_VALUES = Scoring()
BY_EXAMPLES = Scoring(own=1.0, contributor=1.0)
UNKNOWN_SHARE = 0.5
"""The share of somebody about whom nothing is known and nobody can be compared with."""


@dataclass(frozen=True, slots=True)
class Archive:
    """The contributions of all closed rounds, m rows, oldest round first.

    Args:
        ids: Of the contributions.
        contributors: Whose each is: its author, where it repeats somebody else's.
        rounds: int64[m].
        gains: float64[m]; as measured last, NaN where never.
    """

    ids: tuple[str, ...]
    contributors: tuple[str, ...]
    rounds: Indices
    gains: Floats

    def only(self, ids: set[str]) -> Archive:
        """The rows with these identifiers."""
        rows = [row for row, name in enumerate(self.ids) if name in ids]
        return Archive(
            tuple(self.ids[row] for row in rows),
            tuple(self.contributors[row] for row in rows),
            self.rounds[rows],
            self.gains[rows],
        )


def archive_of(rounds: Sequence[RoundState], *, measured: Sequence[Gain] = ()) -> Archive:
    """The archive of a campaign's rounds.

    Args:
        rounds: Oldest first.
        measured: Gains that no event holds yet; later ones go before earlier ones.
    """
    refs = [(past.number, ref) for past in rounds for ref in past.contributions or ()]
    gains = {gain.id: gain.gain for past in rounds if past.kept is not None for gain in past.kept.gains}
    gains |= {gain.id: gain.gain for gain in measured}
    return Archive(
        tuple(ref.id for _, ref in refs),
        tuple(ref.author or ref.contributor for _, ref in refs),
        np.array([number for number, _ in refs], dtype=np.int64),
        np.array([gains.get(ref.id, np.nan) for _, ref in refs], dtype=np.float64),
    )


def shares_of(state: CampaignState) -> dict[str, float]:
    """What part of each contributor's work helps, from the rounds in which everybody trained alone.

    By the selection sample: the reported one steers nothing. Who was in no such round is taken for an average one.
    """
    found: dict[str, float] = {}
    for past in state.rounds:
        base = past.base_evaluation
        if not state.plan.is_alone(past.number) or base is None or len(past.evaluations) < len(past.groups):
            continue
        start = min(base.selection.mean_utility, -1e-9)
        values = [evaluation.selection.mean_utility for evaluation in past.evaluations]
        shares = shares_from_values(values, base=start, best=0.0)
        found |= {
            name: float(share) for group, share in zip(past.groups, shares, strict=True) for name in group
        }
    return found


def scores_of(archive: Archive, shares: Mapping[str, float], *, by_examples: bool) -> Floats:
    """float64[m]: higher is better.

    Args:
        shares: As `shares_of` finds them.
        by_examples: Whether one model, which learnt the expert examples, measured all gains; else each round's are
            compared with each other only.
    """
    names = sorted(set(archive.contributors))
    column = {name: index for index, name in enumerate(names)}
    average = float(np.mean(list(shares.values()))) if shares else UNKNOWN_SHARE
    known = np.array([shares.get(name, average) for name in names])
    return (BY_EXAMPLES if by_examples else BY_VALUES).scores(
        archive.gains,
        rounds=np.zeros(len(archive.ids), np.int64) if by_examples else archive.rounds,
        contributors=np.array([column[name] for name in archive.contributors], dtype=np.int64),
        shares=np.clip(known, LEAST, MOST),
    )


def kept_of(rounds: Sequence[RoundState], number: int, contributor: str) -> tuple[int, int] | None:
    """How many of the contributor's contributions up to round `number` were kept in it, and how many there were.

    None where the round was trained on all of its own contributions.
    """
    until = [past for past in rounds if past.number <= number]
    current = next((past for past in until if past.number == number), None)
    if current is None or current.kept is None:
        return None
    mine = {ref.id for past in until for ref in past.contributions or () if ref.contributor == contributor}
    return len(mine & set(current.kept.kept)), len(mine)
