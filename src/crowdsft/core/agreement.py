"""How well a campaign's points agree with Shapley values, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.seeds import derive_rng

Floats = NDArray[np.float64]

FEWEST = 3  # contributors; two have a rank correlation of 1 or -1 whatever they did
DRAWS = 400
INTERVAL_STANDARD_ERRORS = 1.96


@dataclass(frozen=True, slots=True)
class Agreement:
    """Points beside Shapley values, in points.

    Args:
        contributors: N names.
        points: int64[N]; paid so far.
        worth, low, high: float64[N]; Shapley values by the candidates' embeddings, with 95 % intervals.
        correlation: Spearman's, of points with values (negative ones count as 0, since points are never
            negative); None where either side is the same for everybody, or there are fewer than three.
        correlation_interval: What values drawn from their intervals give, 95 % of the time.
        told_apart: Whether the rounds so far can tell everybody apart: as many comparisons as contributors less one.
        rounds: Rounds that the points and values are for.
        rounds_needed: Rounds after which that can be so at the earliest.
    """

    contributors: tuple[str, ...]
    points: NDArray[np.int64]
    worth: Floats
    low: Floats
    high: Floats
    correlation: float | None
    correlation_interval: tuple[float, float] | None
    told_apart: bool
    rounds: int
    rounds_needed: int


def agreement(state: CampaignState) -> Agreement | None:
    """Of the newest round that brought Shapley values; None before."""
    paid = [current for current in state.rounds if current.points and current.points.appraised]
    if not paid:
        return None
    last = paid[-1]
    assert last.points is not None
    rows = last.points.appraised
    worth, low, high = (
        np.array(column) for column in zip(*((r.worth, r.low, r.high) for r in rows), strict=True)
    )
    points = np.array([state.balances.get(row.contributor, 0) for row in rows], dtype=np.int64)
    correlation = rank_correlation(points, np.maximum(worth, 0.0)) if len(rows) >= FEWEST else None
    needed = _rounds_needed(state.rounds, last, len(rows))
    return Agreement(
        contributors=tuple(row.contributor for row in rows),
        points=points,
        worth=worth,
        low=low,
        high=high,
        correlation=correlation,
        correlation_interval=None if correlation is None else _interval(points, worth, high - low),
        told_apart=needed <= last.number,
        rounds=last.points.covered_rounds,
        rounds_needed=needed,
    )


def rank_correlation(first: NDArray[np.generic], second: NDArray[np.generic]) -> float | None:
    """Spearman's correlation of two arrays of length N; equal values share a rank. None where one is constant."""
    a, b = (ranks - ranks.mean() for ranks in (_ranks(first), _ranks(second)))
    length = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / length if length > 0 else None


def _ranks(values: NDArray[np.generic]) -> Floats:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[place], dtype=np.float64)


def _interval(points: NDArray[np.int64], worth: Floats, width: Floats) -> tuple[float, float]:
    """What the correlation may be when each value is anywhere in its interval. Draws are always the same."""
    rng = derive_rng("agreement of points with values", len(points))
    errors = width / (2 * INTERVAL_STANDARD_ERRORS)
    drawn = np.maximum(worth + errors * rng.standard_normal((DRAWS, len(worth))), 0.0)
    found = [value for row in drawn if (value := rank_correlation(points, row)) is not None]
    low, high = np.quantile(found or [0.0], [0.025, 0.975])
    return float(low), float(high)


def _rounds_needed(rounds: tuple[RoundState, ...], last: RoundState, contributors: int) -> int:
    """The first round with as many differences between groups as it takes; beyond the last one as it went on."""
    seen = 0
    for current in rounds[: last.number]:
        seen += len(current.groups) - 1
        if seen >= contributors - 1:
            return current.number
    missing = contributors - 1 - seen
    return last.number + -(-missing // max(1, len(last.groups) - 1))
