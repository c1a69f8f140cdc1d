"""The split that will tell the contributors' effects apart best, given what is known already."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import InputError
from crowdsft.core.grouping.dealing import Floats, Indices, checked_points, cut, shuffled_order
from crowdsft.core.grouping.design import Design, blank_design

SUBSET = 40  # contributors among whom all swaps are compared at once; larger ones gain 2 % and cost threefold
SMALL_CROWD = 64  # the fewer contributors, the more random starts (64 / n): swaps of few get stuck more often
SMALLEST_GAIN = 1e-9


@dataclass(frozen=True, slots=True)
class BalancedDesign:
    """Maximises the information of the next round: log det(s^2 I + X P X'), by the best swaps.

    X are the next round's group rows (equal weights less the mean of all groups), P is the covariance of
    the contributors' effects after earlier rounds and s^2 the noise of a group's value. Where P is large,
    little is known, so contributors whose effects were always seen together are now seen apart. The search
    starts from a random split and swaps the two contributors of different groups whose swap helps most,
    until none helps; a small crowd's search is started several times. Above `SUBSET` contributors, swaps
    are compared inside random subsets, one after the other, until each contributor has had a turn.

    With no history all balanced splits are equally good, and this is the random split.

    Args:
        most_swaps: At most this many swaps in a subset of contributors.

    Source: not in the paper. D-optimal design by exchange (Fedorov 1972); the swap's change of the
    determinant is the matrix determinant lemma for a change of rank two.
    """

    most_swaps: int = 64

    def __post_init__(self) -> None:
        if self.most_swaps < 1:
            raise InputError(f"most_swaps is {self.most_swaps}; it must be at least 1.")

    def assign(
        self,
        points: Floats,
        *,
        groups: int,
        round_number: int,
        rounds: int,
        rng: np.random.Generator,
        history: Design | None = None,
    ) -> Indices:
        """See `Grouping.assign`."""
        points = checked_points(points, groups=groups, round_number=round_number, rounds=rounds)
        design = blank_design(*points.shape) if history is None else history
        if design.explained.shape[::2] != points.shape:
            raise InputError(
                f"the history is of {design.explained.shape[::2]} (runs, contributors), the points are of "
                f"{points.shape}. Build the history for the contributors of this round."
            )
        assigned = cut(shuffled_order(points.shape, rng), groups)
        if groups == 1 or design.explained.shape[1] == 0:
            return assigned
        assigned, best = self._improved(assigned, groups, design, rng)
        for _ in range(SMALL_CROWD // points.shape[1] - 1):
            start = cut(shuffled_order(points.shape, rng), groups)
            other, information = self._improved(start, groups, design, rng)
            is_better = information > best
            assigned[is_better], best[is_better] = other[is_better], information[is_better]
        return assigned

    def _improved(
        self, assigned: Indices, groups: int, design: Design, rng: np.random.Generator
    ) -> tuple[Indices, Floats]:
        """`assigned` after the swaps that help, and the information float64[R] that it brings."""
        for columns in _subsets(assigned.shape, rng):
            search = _Search.begin(design, assigned, groups, columns)
            search.swap_best(self.most_swaps)
            np.put_along_axis(assigned, columns, search.member_of, axis=1)
        return assigned, search.information()


def _subsets(shape: tuple[int, ...], rng: np.random.Generator) -> list[Indices]:
    """Disjoint random subsets of the contributors, int64[R, m] each; one subset of all when they are few."""
    order = shuffled_order(shape, rng)
    count = -(-shape[1] // SUBSET)
    return [np.asarray(part) for part in np.array_split(order, count, axis=1)]


@dataclass(slots=True)
class _Search:
    """Swaps among some contributors (m columns) of each run; everything below is kept up to date.

    Args:
        covariance: float64[R, m, m]; P among the columns.
        member_of: int64[R, m]; their groups.
        sizes: float64[G]; contributors per group, the same in each run.
        reach: float64[R, G, m]; V = W P, W the equal weights of all contributors in their groups.
        between: float64[R, G, G]; W P W'.
        noise: float64[R, 1, 1]; s^2.
    """

    covariance: Floats
    member_of: Indices
    sizes: Floats
    reach: Floats
    between: Floats
    noise: Floats

    @classmethod
    def begin(cls, design: Design, assigned: Indices, groups: int, columns: Indices) -> _Search:
        sizes = np.bincount(assigned[0], minlength=groups).astype(np.float64)
        weights = (assigned[:, None, :] == np.arange(groups)[:, None]) / sizes[:, None]
        known = weights @ np.swapaxes(design.explained, 1, 2)
        reach = weights - known @ design.explained
        return cls(
            covariance=design.covariance(columns),
            member_of=np.take_along_axis(assigned, columns, axis=1),
            sizes=sizes,
            reach=np.take_along_axis(reach, columns[:, None, :], axis=2),
            between=reach @ np.swapaxes(weights, 1, 2),
            noise=np.full((len(assigned), 1, 1), design.noise**2 * np.mean(1 / sizes)),
        )

    def swap_best(self, most_swaps: int) -> None:
        """Swap the best pair of each run until no swap helps in any run."""
        runs, columns = np.arange(len(self.member_of)), self.member_of.shape[1]
        for _ in range(most_swaps):
            ratios = self.ratios().reshape(len(runs), -1)
            best = np.argmax(ratios, axis=1)
            helps = ratios[runs, best] > 1 + SMALLEST_GAIN
            if not helps.any():
                return
            self._swap(runs[helps], *np.divmod(best[helps], columns))

    def information(self) -> Floats:
        """float64[R]: log det(s^2 I + X P X')."""
        return np.asarray(np.linalg.slogdet(self._outcome_covariance()).logabsdet)

    def _outcome_covariance(self) -> Floats:
        """float64[R, G, G]: how the groups' values less their mean are expected to vary."""
        centre = np.eye(len(self.sizes)) - 1 / len(self.sizes)
        covariance: Floats = self.noise * np.eye(len(self.sizes)) + centre @ self.between @ centre
        return covariance

    def ratios(self) -> Floats:
        """float64[R, m, m]: det after swapping i and j, over det before; 0 within a group.

        With c the change of the groups' weights per unit of e_j - e_i, and a = V (e_j - e_i):
        ratio = (1 + c'Ta)^2 + c'Tc ((e_j - e_i)'P(e_j - e_i) - a'Ta), T the inverse, centred over groups.
        """
        groups = len(self.sizes)
        centre = np.eye(groups) - 1 / groups
        inverse = centre @ np.linalg.inv(self._outcome_covariance()) @ centre
        scaled = inverse / self.sizes[:, None] / self.sizes
        diagonal = np.diagonal(scaled, axis1=1, axis2=2)
        change = diagonal[:, :, None] + diagonal[:, None, :] - 2 * scaled
        runs = np.arange(len(self.member_of))[:, None, None]
        first, second = self.member_of[:, :, None], self.member_of[:, None, :]
        own = np.take_along_axis((inverse @ self.reach) / self.sizes[:, None], first, axis=1)
        own_diagonal = np.diagonal(own, axis1=1, axis2=2)
        slope = own + np.swapaxes(own, 1, 2) - own_diagonal[:, :, None] - own_diagonal[:, None, :]
        unknown = self.covariance - np.swapaxes(self.reach, 1, 2) @ inverse @ self.reach
        unknown_diagonal = np.diagonal(unknown, axis1=1, axis2=2)
        curve = unknown_diagonal[:, :, None] + unknown_diagonal[:, None, :] - 2 * unknown
        ratio: Floats = (1 + slope) ** 2 + change[runs, first, second] * curve
        return np.where(first == second, 0.0, ratio)

    def _swap(self, runs: Indices, first: NDArray[np.int64], second: NDArray[np.int64]) -> None:
        """Swap columns `first` and `second` in `runs` and update V and W P W'."""
        g, h = self.member_of[runs, first], self.member_of[runs, second]
        change = np.zeros((len(runs), len(self.sizes)))
        rows = np.arange(len(runs))
        change[rows, g] = 1 / self.sizes[g]
        change[rows, h] = -1 / self.sizes[h]
        a = self.reach[runs, :, second] - self.reach[runs, :, first]
        difference = self.covariance[runs, second] - self.covariance[runs, first]
        q = difference[rows, second] - difference[rows, first]
        outer = change[:, :, None] * a[:, None, :]
        self.between[runs] += (
            outer + np.swapaxes(outer, 1, 2) + q[:, None, None] * (change[:, :, None] * change[:, None, :])
        )
        self.reach[runs] += change[:, :, None] * difference[:, None, :]
        self.member_of[runs, first], self.member_of[runs, second] = h, g
