"""What a weighting is: how much each contributor counts in the training of a group."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crowdsft.core.errors import InputError

Floats = NDArray[np.float64]


class Weighting(Protocol):
    """How much each contributor counts in training, from what earlier rounds have shown.

    Laws, for every entry of `WEIGHTINGS`:
        - weights are finite, not negative, and average 1 in each run;
        - equal points and equal merit give equal weights; more of both never gives less weight;
        - before the first round (equal points, no merit) all weights are 1.

    Weights are separate from points: a contributor can count little in training and still own points.
    """

    def weights(self, points: Floats, merit: Floats) -> Floats:
        """float64[R, n], mean 1 in each run.

        Args:
            points: float64[R, n], not negative; what each contributor has earned so far.
            merit: float64[R, n]; sums over rounds of the contributor's estimated effect on a group, as
                `Merit` adds them up.

        Raises:
            InputError: when the shapes differ, or points are negative or not finite.
        """
        ...


def checked_pair(points: ArrayLike, merit: ArrayLike) -> tuple[Floats, Floats]:
    """Both as float64[R, n].

    Raises:
        InputError: see `Weighting.weights`.
    """
    earned = np.asarray(points, dtype=np.float64)
    shown = np.asarray(merit, dtype=np.float64)
    if earned.ndim != 2 or earned.shape != shown.shape:
        raise InputError(
            f"points have shape {earned.shape} and merit {shown.shape}; both must be (runs, contributors)."
        )
    if not (np.isfinite(earned).all() and np.isfinite(shown).all()) or earned.min(initial=0.0) < 0:
        raise InputError(
            "points must be finite and not negative, and merit finite; check the ledger and values."
        )
    return earned, shown


def effective_number(weights: Floats) -> Floats:
    """float64[...]: (sum w)^2 / sum w^2 over the last axis: n when all are equal, 1 when one has all."""
    number: Floats = weights.sum(axis=-1) ** 2 / (weights**2).sum(axis=-1)
    return number


def within_groups(weights: Floats, assigned: NDArray[np.int64], groups: int) -> Floats:
    """float64[R, G, n]: each member's weight in its own group (0 outside); every row sums to 1.

    Members of a group whose weights are all 0 count equally.

    Args:
        weights: float64[R, n], not negative.
        assigned: int64[R, n]; group of each contributor.
        groups: G.

    Raises:
        InputError: when a group is empty.
    """
    member = assigned[:, None, :] == np.arange(groups)[None, :, None]
    rows: Floats = member * weights[:, None, :]
    total = rows.sum(axis=2, keepdims=True)
    if total.min() > 0:
        rows /= total
        return rows
    if not member.any(axis=2).all():
        run, group = np.argwhere(~member.any(axis=2))[0]
        raise InputError(
            f"group {group + 1} of {groups} is empty in run {run + 1}, so it cannot train a candidate. "
            "Use fewer groups, or a grouping that deals evenly."
        )
    rows = np.where(total > 0, rows, member)
    rows /= rows.sum(axis=2, keepdims=True)
    return rows
