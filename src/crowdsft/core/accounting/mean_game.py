"""Shapley values of games in which a coalition is worth the utility of its members' mean.

Up to 12 players all coalitions are evaluated. For more, the expected marginal of each player to each
coalition size is averaged: sizes 0, 1, n-2 and n-1 are enumerated, the sizes between come from random
coalitions, many small and few large ones, each of which shows a marginal of every player (of joining or of
staying). Two control variates have expectations known in closed form: the step along the gradient at the
grand mean, and the change of the squared distance from it.

The result belongs to the vectors, not to the order in which they stand: players are sorted by their vectors
first, and equal vectors get equal values. The same vectors always meet the same coalitions, so estimates of
successive rounds do not jitter.

Source: Shapley values as in the paper's experiment 3, for any utility.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.seeds import derive_rng

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

ENUMERATE_UP_TO = 12
COALITIONS = 384  # random coalitions
SAMPLING_ERROR = 0.02  # of the values' spread; what `COALITIONS` come to at 100 players and an L1 distance
DIGITS = 9  # vectors that agree to so many digits, relative to the largest entry, are equal


@dataclass(frozen=True, slots=True)
class MeanGame:
    """v(S) = worth(mean of the vectors of S), v(nobody) = `nobody`.

    Args:
        vectors: float64[n, d], n > 0.
        worth: From float64[..., d] to float64[...].
        nobody: Value of the empty coalition.
        traits: float64[n, k]; what makes players equal, and orders them. Their vectors when None.
    """

    vectors: Floats
    worth: Callable[[Floats], Floats]
    nobody: float
    traits: Floats | None = None


def shapley_of_means(game: MeanGame, *, coalitions: int = COALITIONS) -> Floats:
    """float64[n]: Shapley values, in the unit of `worth`, with sum v(all) - v(nobody).

    Args:
        game: The game.
        coalitions: Effort above `ENUMERATE_UP_TO` players; each costs n evaluations of `worth`.
    """
    order, twins = canonical_order(game.vectors if game.traits is None else game.traits)
    vectors = game.vectors[order]
    values = np.empty(len(vectors))
    if len(vectors) <= ENUMERATE_UP_TO:
        values[order] = _enumerated(vectors, game)
    else:
        values[order] = _sampled(vectors, game, coalitions)
    total = float(game.worth(vectors.mean(axis=0)[None])[0]) - game.nobody
    values += (total - values.sum()) / len(values)
    return mean_of_equals(values, twins)


def mean_of_equals(values: Floats, classes: Integers) -> Floats:
    """float64[n]: every value replaced by the mean of its class, so that equals are treated equally."""
    means: Floats = np.bincount(classes, weights=values) / np.bincount(classes)
    return means[classes]


def canonical_order(traits: Floats) -> tuple[Integers, Integers]:
    """An order int64[n] that depends on the traits float64[n, k] only, and int64[n], each player's class of equals."""
    scale = np.abs(traits).max(initial=0.0) or 1.0
    rounded = np.round(traits / scale, DIGITS) + 0.0
    _, classes = np.unique(rounded, axis=0, return_inverse=True)
    classes = np.asarray(classes, dtype=np.int64).reshape(-1)
    return np.argsort(classes, kind="stable"), classes


@lru_cache(maxsize=ENUMERATE_UP_TO)
def _coalitions(n: int) -> tuple[Floats, Floats]:
    """Averaging weights float64[2^n, n] of every coalition, and the values' weights float64[2^n, n]."""
    member = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    size = member.sum(axis=1)
    factorial = np.cumprod(np.concatenate([[1.0], np.arange(1.0, n + 1)]))
    inside = factorial[np.maximum(size - 1, 0)] * factorial[n - size] / factorial[n]
    outside = factorial[size] * factorial[np.maximum(n - size - 1, 0)] / factorial[n]
    weights = np.where(member == 1, inside[:, None], -outside[:, None])
    return member / np.maximum(size, 1)[:, None], weights


def _enumerated(vectors: Floats, game: MeanGame) -> Floats:
    averaging, weights = _coalitions(len(vectors))
    worth = np.concatenate([[game.nobody], game.worth(averaging[1:] @ vectors)])
    return np.asarray(worth @ weights)


def _sampled(vectors: Floats, game: MeanGame, coalitions: int) -> Floats:
    n = len(vectors)
    marginals = np.zeros((n, n))  # [player, size before]
    _enumerate_ends(marginals, vectors, game)
    _sample_middle(marginals, vectors, game, coalitions)
    return np.asarray(marginals.mean(axis=1))


def _enumerate_ends(marginals: Floats, vectors: Floats, game: MeanGame) -> None:
    """Expected marginals to 0, 1, n-2 and n-1 others."""
    n, total = len(vectors), vectors.sum(axis=0)
    first, second = np.triu_indices(n, k=1)
    pair_sums = vectors[first] + vectors[second]
    alone, without = game.worth(vectors), game.worth((total - vectors) / (n - 1))
    pairs, without_pairs = game.worth(pair_sums / 2), game.worth((total - pair_sums) / (n - 2))
    marginals[:, 0] = alone - game.nobody
    marginals[:, 1] = (_per_player(pairs, first, second, n) - (alone.sum() - alone)) / (n - 1)
    marginals[:, n - 2] = ((without.sum() - without) - _per_player(without_pairs, first, second, n)) / (n - 1)
    marginals[:, n - 1] = game.worth(total[None] / n)[0] - without


def _per_player(pairs: Floats, first: Integers, second: Integers, n: int) -> Floats:
    return np.asarray(
        np.bincount(first, weights=pairs, minlength=n) + np.bincount(second, weights=pairs, minlength=n)
    )


def _sample_middle(marginals: Floats, vectors: Floats, game: MeanGame, coalitions: int) -> None:
    """Expected marginals to 2 .. n-3 others: fitted controls at their expectations, plus mean residuals."""
    n = len(vectors)
    centred = vectors - vectors.mean(axis=0)
    along = _directional(vectors, game)
    staying = _neighbours(2, centred, along, game, vectors.mean(axis=0), coalitions)
    for size in range(2, n - 2):
        joining, staying = (
            staying,
            _neighbours(size + 1, centred, along, game, vectors.mean(axis=0), coalitions),
        )
        outside, inside = ~joining.member, staying.member
        player = np.concatenate([np.nonzero(outside)[1], np.nonzero(inside)[1]])
        gain = np.concatenate([joining.gain[outside], staying.gain[inside]])
        rows = np.concatenate([joining.controls[outside], staying.controls[inside]])
        normal = rows.T @ rows
        fit = np.linalg.lstsq(normal, rows.T @ gain, rcond=1e-12)[0]
        residual = gain - rows @ fit
        count = np.maximum(np.bincount(player, minlength=n), 1)
        expected = np.stack(_expected_controls(centred, along, size), axis=1)
        marginals[:, size] = expected @ fit + np.bincount(player, weights=residual, minlength=n) / count


@dataclass(frozen=True, slots=True)
class _Neighbours:
    """Random coalitions of one size, and what every player adds to them by joining or staying.

    Args:
        member: bool[m, n].
        gain: float64[m, n]; marginals.
        controls: float64[m, n, 3]; 1, the step along the gradient, the change of the squared distance.
    """

    member: NDArray[np.bool_]
    gain: Floats
    controls: Floats


def _neighbours(
    size: int, centred: Floats, along: Floats, game: MeanGame, centre: Floats, coalitions: int
) -> _Neighbours:
    n = len(centred)
    member = _random_coalitions(n, size, coalitions)
    sign = np.where(member, -1.0, 1.0)
    other_size = size + sign
    means = member @ centred / size
    others = (size * means[:, None, :] + sign[:, :, None] * centred) / other_size[:, :, None]
    gain = sign * (game.worth(others + centre) - game.worth(means + centre)[:, None])
    own = (member @ along / size)[:, None]
    linear = sign * ((size * own + sign * along) / other_size - own)
    square = sign * (np.einsum("mnd,mnd->mn", others, others) - np.einsum("md,md->m", means, means)[:, None])
    return _Neighbours(member, gain, np.stack([np.ones_like(gain), linear, square], axis=2))


@lru_cache(maxsize=1024)
def _random_coalitions(n: int, size: int, coalitions: int) -> NDArray[np.bool_]:
    """bool[m, n]: m coalitions of `size` among n players, m in proportion to 1 / size."""
    harmonic = (1 / np.arange(2, n - 1)).sum()
    count = max(1, round(coalitions / size / harmonic))
    places = derive_rng("coalitions", n, size).random((count, n)).argsort(axis=1).argsort(axis=1)
    member: NDArray[np.bool_] = places < size
    return member


def _directional(vectors: Floats, game: MeanGame) -> Floats:
    """float64[n]: the change of worth from the grand mean towards each player, per unit of weight."""
    centre, share = vectors.mean(axis=0), 1e-4
    ahead, behind = centre + share * (vectors - centre), centre - share * (vectors - centre)
    slope = (game.worth(ahead) - game.worth(behind)) / (2 * share)
    return np.asarray(slope - slope.mean())


def _expected_controls(centred: Floats, along: Floats, size: int) -> tuple[Floats, Floats, Floats]:
    """Expectations of the constant and both controls when each player joins `size` random others."""
    others = len(centred) - 1
    squares = np.einsum("nd,nd->n", centred, centred)
    mean_square = squares / others**2  # of the others' mean, which is -own / others
    cross = -squares / others
    spread = (squares.sum() - squares) / others - mean_square
    before = mean_square + spread / size * (others - size) / (others - 1)
    change = 2 * (cross - before) / (size + 1) + (squares - 2 * cross + before) / (size + 1) ** 2
    return np.ones(len(centred)), (along + along / others) / (size + 1), change
