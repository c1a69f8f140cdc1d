"""Shapley values by Gaussian process regression over games."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.valuation.base import Estimate
from crowdsft.core.valuation.designs import (
    enumerated,
    joined_plans,
    one_walk,
    pair_sizes,
    random_of_sizes,
    require,
    row_sizes,
    with_complements,
)
from crowdsft.core.valuation.distinct import Distinct
from crowdsft.core.valuation.game_prior import parts_of_a_game, parts_of_differences
from crowdsft.core.valuation.gaussian_process import Posterior, fit_shares, posterior
from crowdsft.core.valuation.left_out import LeftOut, row_weights
from crowdsft.core.valuation.permutation import first_rows, has_singles
from crowdsft.core.valuation.samples import Floats, Plan, Samples


@dataclass(frozen=True, slots=True)
class GaussianProcess:
    """Posterior mean of the Shapley values under a prior over games whose parts the samples weigh.

    The game is taken to be a sum of effects of players, pairs and triples, each changing smoothly with
    the size of the coalition, and of noise; see `game_prior`. The samples say how large each part is,
    and the posterior of the Shapley values follows in closed form. Two fits are made: one to the values
    (at most `most_rows`), one to the differences between coalitions and their complements, in which
    everything even cancels; they are mixed by precision, and their disagreement is part of the variance.
    Variances are widened when
    coalitions that were left out are predicted worse than the fit expects, and `distrust` times for the
    fit to values, which leans more on the prior's idea of how effects fade with the size.

    Args:
        rows_to_fit: How many rows judge how large the parts are.
        most_rows: Largest number of distinct coalitions for the fit to values.
        most_pairs: Largest number of pairs for one fit to differences; more are fitted in lots.
        most_left_out: Largest number of rows or pairs for which left-out predictions are made.
        distrust: Factor on the variances of the fit to values. Tuned: without it its intervals covered
            70 to 95 % of games that fade in ways the prior does not know.
    """

    rows_to_fit: int = 250
    most_rows: int = 2000
    most_pairs: int = 3000
    most_left_out: int = 2000
    distrust: float = 2.0
    name: ClassVar[str] = "gaussian_process"
    efficient: ClassVar[bool] = True

    def plan(self, samples: Samples, evaluations: int, rng: np.random.Generator) -> Plan:
        """Ends, singles when they fit, then pairs; without room for n pairs a walk and single coalitions.

        Raises:
            InputError: A first budget below 2.
        """
        n = samples.n
        if not len(samples):
            require(evaluations, 2, method="gaussian_process", why="nobody and everybody")
        first = first_rows(samples, evaluations, room_for=n)
        left = evaluations - len(first)
        known = has_singles(samples) or len(first) > 2
        if not known and samples.evaluations + evaluations < 2 * n + 8:
            # One order of the players first: neighbours in it differ by one player and share their noise.
            order = one_walk(n, rng) if not len(samples) and left >= n - 1 else np.zeros((0, n), dtype=bool)
            single = random_of_sizes(n, row_sizes(n, left - len(order), rng=rng), rng)
            drawn = np.concatenate([order, single])
            return joined_plans(enumerated(first), Plan(drawn, np.arange(len(drawn), dtype=np.int64)))
        sizes = pair_sizes(n, left // 2, smallest=2 if known else 1, rng=rng)
        return joined_plans(enumerated(first), with_complements(random_of_sizes(n, sizes, rng)))

    def estimate(self, samples: Samples) -> Estimate:
        """Posterior means and standard deviations."""
        nobody, everybody = samples.ends()
        n, total = samples.n, everybody - nobody
        seen = Distinct.of(samples)
        if not len(seen):
            return Estimate(np.full(n, total / n), np.full(n, 0.0 if n == 1 else np.inf))
        linear = seen.exactly_linear(total)
        if linear is not None:
            return Estimate(linear, np.zeros(n))
        fits, checked = [], 2 * len(seen.pairs) > n
        if len(seen) <= self.most_rows or not checked:
            fits.append(self._fit_values(seen))
        if checked:
            fits.append(self._fit_differences(seen))
        both = _mixed(fits)
        # Without pairs nothing checks the fit to values, and it has been seen to promise too much.
        kept = 1.0 if checked else both.kept()
        return Estimate(total / n + kept * both.values, np.sqrt(both.variance))

    def _fit_values(self, seen: Distinct) -> _Fit:
        observed, parts = seen.first(self.most_rows).observed(), parts_of_a_game(seen.n)
        offset = float(observed.values.mean())
        some = seen.first(self.most_rows).some_blocks(self.rows_to_fit)
        shares = fit_shares(parts, observed.rows(some), offset=offset)
        judged = len(observed) <= self.most_left_out
        found = posterior(parts, shares, observed, offset=offset, differences=False, want_inverse=judged)
        left_out = _left_out_values(seen.first(self.most_rows), found) if judged else None
        return _Fit.of(found, left_out, distrust=self.distrust)

    def _fit_differences(self, seen: Distinct) -> _Fit:
        """One fit, or the mean of fits to lots of equal size, all of which have the enumerated pairs."""
        exact = seen.exact[seen.pairs[:, 0]]
        drawn = np.flatnonzero(~exact)
        lots = np.array_split(drawn, max(1, -(-len(seen.pairs) // self.most_pairs)))
        fits = [self._fit_lot(seen, np.sort(np.concatenate([np.flatnonzero(exact), lot]))) for lot in lots]
        values = np.mean([fit.values for fit in fits], axis=0)
        variance, claimed = (
            np.mean([getattr(fit, name) for fit in fits], axis=0) / len(fits)
            for name in ("variance", "claimed")
        )
        return _Fit(values, variance, claimed)

    def _fit_lot(self, seen: Distinct, lot: NDArray[np.int64]) -> _Fit:
        observed, parts = seen.differences(lot), parts_of_differences(seen.n)
        # A fixed generator: which rows judge is no matter of the caller's chance, so that estimates repeat.
        some = np.sort(np.random.default_rng(0).permutation(len(observed))[: self.rows_to_fit])
        shares = fit_shares(parts, observed.rows(some), offset=0.0)
        judged = len(observed) <= self.most_left_out
        found = posterior(parts, shares, observed, offset=0.0, differences=True, want_inverse=judged)
        return _Fit.of(found, _left_out_differences(seen, lot, found) if judged else None)


@dataclass(frozen=True, slots=True)
class _Fit:
    """Values less their mean, their variances after widening, and before; each float64[n]."""

    values: Floats
    variance: Floats
    claimed: Floats

    @classmethod
    def of(cls, found: Posterior, left_out: LeftOut | None, *, distrust: float = 1.0) -> _Fit:
        variance = distrust * found.variance
        if left_out is not None and len(left_out.effects) > 1:
            wider = max(left_out.widening(), left_out.excess() / max(float(variance.mean()), 1e-300))
            variance = variance * wider
        return cls(found.values, variance, found.variance)

    def kept(self) -> float:
        """What is kept of the values when their error is larger than the fit claimed.

        The posterior has shrunk them for the error that it knows of; for the rest they are shrunk as
        any estimate of spread q and error variance r is, by q / (q + r).
        """
        spread = float((self.values**2).mean())
        unknown = max(0.0, float((self.variance - self.claimed).mean()))
        return spread / (spread + unknown) if spread > 0 else 1.0


def _mixed(fits: list[_Fit]) -> _Fit:
    """The fits by precision; the variance of the mixture, in which disagreement counts."""
    precision = np.array([1 / max(float(fit.variance.mean()), 1e-300) for fit in fits])
    weights = precision / precision.sum()
    values = np.asarray(sum(weight * fit.values for weight, fit in zip(weights, fits, strict=True)))
    variance, claimed = np.zeros_like(values), np.zeros_like(values)
    for weight, fit in zip(weights, fits, strict=True):
        variance += weight * (fit.variance + ((fit.values - values) ** 2).mean())
        claimed += weight * fit.claimed
    return _Fit(values, variance, claimed)


def _left_out_values(seen: Distinct, found: Posterior) -> LeftOut:
    """Each drawn coalition predicted without itself and its complement."""
    inverse, weights = found.inverse, found.weights
    assert inverse is not None
    weight = np.zeros(len(seen))
    drawn = ~seen.exact
    if drawn.any():
        weight[drawn] = row_weights(seen.sizes[drawn], seen.known, seen.n)
    alone = drawn.copy()
    alone[seen.pairs.ravel()] = False
    a, b = seen.pairs[drawn[seen.pairs[:, 0]]].T
    one = np.flatnonzero(alone)
    variance = 1 / inverse[one, one]
    effects, expected = [weight[one] * weights[one] * variance], [weight[one] ** 2 * variance]
    # The inverse of each pair's 2x2 block of the inverse is the covariance of its two left-out residuals.
    blocks = inverse[np.stack([a, b], axis=1)[:, :, None], np.stack([a, b], axis=1)[:, None, :]]
    covariance = np.linalg.inv(blocks)
    signed = np.stack([weight[a], -weight[b]], axis=1)
    pulls = np.stack([weights[a], weights[b]], axis=1)
    effects.append(np.einsum("ki,kij,kj->k", signed, covariance, pulls))
    expected.append(np.einsum("ki,kij,kj->k", signed, covariance, signed))
    return LeftOut(
        seen.centred()[np.concatenate([one, a])], np.concatenate(effects), np.concatenate(expected)
    )


def _left_out_differences(seen: Distinct, lot: NDArray[np.int64], found: Posterior) -> LeftOut:
    """Each drawn pair's difference predicted without the pair."""
    assert found.inverse is not None
    drawn = np.flatnonzero(~seen.exact[seen.pairs[lot, 0]])
    rows, complements = seen.pairs[lot[drawn]].T
    both = np.concatenate([rows, complements])
    weight = row_weights(seen.sizes[both], seen.known, seen.n)[: len(rows)] if len(rows) else np.zeros(0)
    variance = 1 / np.diag(found.inverse)[drawn]
    return LeftOut(seen.centred()[rows], weight * found.weights[drawn] * variance, weight**2 * variance)
