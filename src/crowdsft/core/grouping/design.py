"""What finished rounds have shown about each contributor's effect, as a design for the next ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import InputError
from crowdsft.core.evidence import RoundRecord

Floats = NDArray[np.float64]

MOST_ROWS = 1_000  # group values remembered; older rounds are forgotten, which only claims less knowledge


@dataclass(frozen=True, slots=True)
class Design:
    """How well each contributor's effect is known: prior covariance I, less what rounds have explained.

    A round tells the differences between its groups' values, y = X b + noise, where row g of X is the
    group's weights less the mean of all groups' and b are the contributors' effects. The covariance of b
    after some rounds is P = I - B'B; we keep B, which has few rows when rounds are few, instead of P.

    Args:
        explained: float64[R, K, n]; B for each of R independent runs.
        noise: Standard deviation of a group's measured value, in units of the spread between groups of the
            same size.
    """

    explained: Floats
    noise: float = 0.5

    def covariance(self, columns: NDArray[np.int64] | None = None) -> Floats:
        """float64[R, m, m]: P, or the part of it that belongs to `columns` (int64[R, m])."""
        factor = self.explained
        if columns is not None:
            factor = np.take_along_axis(factor, columns[:, None, :], axis=2)
        covariance: Floats = np.eye(factor.shape[2]) - np.swapaxes(factor, 1, 2) @ factor
        return covariance

    def after(self, weights: Floats) -> Design:
        """The design after one more round whose groups weighted their members so (float64[R, G, n])."""
        return self.learn(weights)[0]

    def learn(self, weights: Floats) -> tuple[Design, Floats]:
        """The design after one more round, and how far each group's surprise moves each estimated effect.

        Args:
            weights: float64[R, G, n]; the groups' rows, 0 for contributors who did not take part.

        Returns:
            The new design and the gain float64[R, n, G]: effects b become b + gain (y - X b), which is their
            posterior mean (a Kalman filter's update).
        """
        rows = weights - weights.mean(axis=1, keepdims=True)
        unknown = rows - (rows @ np.swapaxes(self.explained, 1, 2)) @ self.explained
        variances = (self.noise**2 * spread_of_groups(weights))[:, None, None] * np.eye(weights.shape[1])
        root = np.linalg.cholesky(unknown @ np.swapaxes(rows, 1, 2) + variances)
        fresh = np.linalg.solve(root, unknown)
        gain = np.swapaxes(np.linalg.solve(np.swapaxes(root, 1, 2), fresh), 1, 2)
        return Design(_compressed(np.concatenate([self.explained, fresh], axis=1)), self.noise), gain


def spread_of_groups(weights: Floats) -> Floats:
    """float64[R]: the variance between the means of equally weighted random groups of this size, G / n.

    n counts who took part (any weight in float64[R, G, n]); effects of single contributors have variance 1.
    """
    part: Floats = weights.shape[1] / (weights > 0).any(axis=1).sum(axis=1)
    return part


def blank_design(runs: int, contributors: int, *, noise: float = 0.5) -> Design:
    """The design before the first round: nothing is explained."""
    if not noise > 0:
        raise InputError(f"noise is {noise}; a design needs a positive one, or one round would explain all.")
    return Design(np.zeros((runs, 0, contributors)), noise)


def design_from_records(
    records: Sequence[RoundRecord], contributors: Sequence[str], *, noise: float = 0.5
) -> Design:
    """What a campaign's finished rounds have shown about `contributors`: one run, columns in their order.

    Contributors of earlier rounds who are not among `contributors` count too: what is known about them
    helps to tell what the others did.
    """
    if len(set(contributors)) != len(contributors):
        raise InputError("a contributor stands in the list twice; name each contributor of the round once.")
    names = {name: column for column, name in enumerate(contributors)}
    kept = _latest(records)
    for record in kept:
        for name in record.contributors:
            names.setdefault(name, len(names))
    design = blank_design(1, len(names), noise=noise)
    for record in kept:
        weights = np.zeros((1, len(record.weights), len(names)))
        weights[0][:, [names[name] for name in record.contributors]] = record.weights
        design = design.after(weights)
    return Design(design.explained[:, :, : len(contributors)], noise)


def _latest(records: Sequence[RoundRecord]) -> Sequence[RoundRecord]:
    rows = np.cumsum([len(record.weights) for record in reversed(records)])
    return records[len(records) - int(np.searchsorted(rows, MOST_ROWS, side="right")) :]


def _compressed(factor: Floats) -> Floats:
    """The same B'B with n rows, once there are twice as many (those beyond n say nothing new)."""
    if factor.shape[1] <= 2 * factor.shape[2]:
        return factor
    return np.asarray(np.linalg.qr(factor, mode="r"))
