"""What every contributor is due: each round's budget, shared by estimated Shapley values.

The estimates of all rounds are made anew from all evidence at each settlement, so a contributor's total may
rise or fall until it is paid; `settlement` says what is paid when.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.accounting.crowd import Crowd

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Worth:
    """What the p players of one round's game are worth, in units of utility.

    Args:
        values: float64[p]; Shapley values, of either sign.
        errors: float64[p]; their standard errors.
    """

    values: Floats
    errors: Floats


class Appraisal(Protocol):
    """Everything that the evidence says about the crowd, ready to be asked round by round."""

    @property
    def clusters(self) -> Integers:
        """int64[N]: for each contributor the first one of its cluster; each cluster is one player."""
        ...

    @property
    def suspects(self) -> Integers:
        """int64[N]: the same, joining also those who may still turn out to be one."""
        ...

    @property
    def unknown(self) -> Floats:
        """float64[N]: share of a contributor's effect that the evidence leaves open, from 0 (known) to 1."""
        ...

    @property
    def unseen(self) -> Floats:
        """float64[N]: the part of `unknown` that is due to who was never seen apart, not to noise."""
        ...

    def worths(self, round_index: int, players: Integers, clusters: Integers) -> tuple[Worth, ...]:
        """Of the game of round `round_index`, played by those of `clusters` whose numbers are `players`.

        More than one: the round's budget is split equally between as many games.
        """
        ...


@dataclass(frozen=True, slots=True)
class Due:
    """What is due for the covered rounds, in points, not rounded.

    Args:
        points: float64[N], never negative, with sum budget x covered rounds.
        estimates: float64[N]; the same, but negative where all work lowered the utility.
        errors: float64[N]; standard errors of `estimates`.
        unknown, unseen: float64[N]; as in `Appraisal`.
    """

    points: Floats
    estimates: Floats
    errors: Floats
    unknown: Floats
    unseen: Floats

    def of_owners(self, owner: Integers) -> Due:
        """What is due to owners 0, 1, ..., each of some of the players; the least known one says how known it is.

        Args:
            owner: int64[N]; everybody's owner.
        """
        unknown, unseen = (np.zeros(owner.max(initial=-1) + 1) for _ in range(2))
        np.maximum.at(unknown, owner, self.unknown)
        np.maximum.at(unseen, owner, self.unseen)
        return Due(
            points=np.bincount(owner, weights=self.points).astype(np.float64),
            estimates=np.bincount(owner, weights=self.estimates).astype(np.float64),
            errors=np.sqrt(np.bincount(owner, weights=self.errors**2)),
            unknown=unknown,
            unseen=unseen,
        )


def amounts_due(
    crowd: Crowd, appraisal: Appraisal, clusters: Integers, *, covered_rounds: int, budget_per_round: int
) -> Due:
    """Share the budget of each covered round among its own members, by their Shapley values clipped at 0.

    A cluster is one player, and its points go to the member that joined the campaign first: what is like
    earlier work adds nothing to it. Members who joined in the same round share equally. A round in which
    nobody is worth anything is shared equally.

    Args:
        crowd: Who took part when.
        appraisal: What they are worth.
        clusters: int64[N]; who is one player, `appraisal.clusters` or `appraisal.suspects`.
        covered_rounds: Rounds to share.
        budget_per_round: Points of each.

    Returns:
        What is due to each contributor of `crowd`.
    """
    points, estimates, errors = (np.zeros(len(crowd)) for _ in range(3))
    joined = crowd.joined
    for index in range(covered_rounds):
        members = np.flatnonzero(crowd.present[index])
        players, player_of = np.unique(clusters[members], return_inverse=True)
        parts = _parts_of_members(player_of, joined[members])
        worths = appraisal.worths(index, players, clusters)
        for worth in worths:
            budget = budget_per_round / len(worths)
            for total, share in zip((points, estimates, errors), _shares(worth), strict=True):
                total[members] += budget * share[player_of] * parts
    shown = np.where(points > 0, points, estimates)
    return Due(
        points=points, estimates=shown, errors=errors, unknown=appraisal.unknown, unseen=appraisal.unseen
    )


def _parts_of_members(player_of: Integers, joined: Integers) -> Floats:
    """float64[p]: each member's part of its cluster's points; only those that joined first have one."""
    first = np.full(player_of.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, player_of, joined)
    is_first = joined == first[player_of]
    return np.asarray(is_first / np.bincount(player_of, weights=is_first)[player_of])


def _shares(worth: Worth) -> tuple[Floats, Floats, Floats]:
    """Clipped shares (sum 1), unclipped shares and their standard errors, each float64[p]."""
    positive = np.maximum(worth.values, 0.0)
    total = positive.sum()
    if total <= 0:
        equal = np.full(len(positive), 1 / len(positive))
        return equal, equal, np.ones(len(positive))
    return positive / total, worth.values / total, worth.errors / total
