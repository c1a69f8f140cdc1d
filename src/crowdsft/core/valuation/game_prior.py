"""A prior over games: which set functions are likely before any coalition has been evaluated.

A game of n players is the sum of independent parts, each a Gaussian process over coalitions. With
p = s/n the share of players in S, and the overlap of two coalitions beyond chance as a correlation,

    r(S, T) = (|S and T| - s t / n) / (n sqrt(p (1-p) p' (1-p'))),

a part of order k has covariance A(s, t) r^k: order 0 is a level that depends on the size only, order 1
gives each player an own effect, order 2 each pair, order 3 each triple, and the table A says how the
effects change with the size (an effect in an average fades as 1/s; near a quota it is there for some
sizes only). Further parts have no structure at all: noise of each coalition by itself, or shared with
(even) or opposed to (odd) its complement. How large each part is, the evaluated coalitions decide.

Shapley values are linear in the game, so their covariance with a value is known: for every part it is
c(t) (membership in T - t/n), with c computed from moments of the hypergeometric distribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Floats = NDArray[np.float64]

OWN, ODD, EVEN = "own", "odd", "even"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the prior.

    Args:
        kind: 0 to 3 for a power of the overlap; OWN, ODD or EVEN for noise.
        table: float64[n+1, n+1]; covariance by the two sizes.
        shapley: float64[n+1]; c(t), see above.
    """

    kind: int | str
    table: Floats
    shapley: Floats


@lru_cache(maxsize=8)
def parts_of_a_game(n: int) -> tuple[Part, ...]:
    """The parts from which a game of n >= 2 players is made up."""
    size = np.arange(n + 1.0)
    p = size / n
    inside, outside = np.maximum(size, 1), np.maximum(n - size, 1)
    in_share = _smooth(p, 0.3)
    in_log_size = _smooth(np.log(inside / outside), 1.5)
    one, half_only = np.ones(n + 1), (4 * p * (1 - p)) ** 4
    tables: list[tuple[int | str, Floats]] = [
        (0, _square(one)),
        (0, _square(p - 0.5)),
        (0, _square(1 / inside)),
        (0, _smooth(p, 0.25)),
        (0, _smooth(np.log(inside / outside), 1.0)),
        (0, np.eye(n + 1)),
    ]
    for order in (1, 2, 3):
        amplitude = np.sqrt(p * (1 - p)) ** order
        tables += [
            (order, _square(amplitude)),
            (order, _square(amplitude) * in_share),
            (order, _square(amplitude) * in_log_size),
            (order, _square(amplitude / inside)),
            (order, _square(amplitude / inside) * in_log_size),
        ]
        if order == 1:
            tables.append((order, _square(amplitude / inside**2)))
            tables.append((order, _square(amplitude / inside**2) * in_log_size))
            tables.append((order, _square(amplitude / outside)))
            tables.append((order, _square(amplitude) * _smooth(p, 0.1)))
            tables.append((order, _square(amplitude * half_only)))
        else:
            tables.append((order, _square(amplitude / inside**order)))
            tables.append((order, _square(amplitude / inside**order) * in_log_size))
    for kind in (ODD, EVEN):
        tables += [(kind, _square(one)), (kind, _square(1 / inside + 1 / outside))]
    tables += [(OWN, _square(1 / inside)), (OWN, _square(1 / outside)), (OWN, _square(1 / inside**2))]
    tables += [(OWN, _square(p * (1 - p))), (OWN, _square(half_only))]
    return tuple(Part(kind, table, _shapley_factor(n, kind, table)) for kind, table in tables)


@lru_cache(maxsize=8)
def parts_of_differences(n: int) -> tuple[Part, ...]:
    """The same prior for differences v(S) - v(all but S): even parts vanish, the others have a new table."""
    folded = []
    for part in parts_of_a_game(n):
        kind: int | str = OWN
        table = part.table + part.table[::-1, ::-1]
        if part.kind == EVEN:
            continue
        if part.kind == ODD:
            table = 2 * table
        elif isinstance(part.kind, int):
            kind = part.kind
            table = table - (-1) ** kind * (part.table[:, ::-1] + part.table[::-1, :])
        if np.abs(np.diag(table)).max() > 1e-12 * np.abs(part.table).max():
            folded.append(Part(kind, table, part.shapley + part.shapley[::-1]))
    return tuple(folded)


def _square(amplitude: Floats) -> Floats:
    return np.outer(amplitude, amplitude)


def _smooth(place: Floats, width: float) -> Floats:
    """Covariance of a smooth function of `place`."""
    return np.asarray(np.exp(-((place[:, None] - place[None, :]) ** 2) / (2 * width**2)))


def _shapley_factor(n: int, kind: int | str, table: Floats) -> Floats:
    """c(t) for t = 0 .. n: the values' covariance with v(T) is c(t) (membership - t/n)."""
    factor = np.zeros(n + 1)
    inner = np.arange(1, n)
    if isinstance(kind, int):
        if kind:
            p = inner / n
            scale = (n * np.sqrt(np.outer(p * (1 - p), p * (1 - p)))) ** kind
            factor[1:n] = (table[1:n, 1:n] / scale * _overlap_gain(n, kind)).sum(axis=0) / (n - inner)
    elif kind != EVEN:
        ways = np.exp(gammaln(n + 1) - gammaln(inner + 1) - gammaln(n - inner + 1))
        own = np.diag(table)[1:n] * n / (ways * inner * (n - inner))
        factor[1:n] = own * (2 if kind == ODD else 1)
    return factor


def _overlap_gain(n: int, power: int) -> Floats:
    """float64[n-1, n-1]; mean of (|S and T| - st/n)^power over S with i, less that over S without, i in T."""
    s, t = np.arange(1.0, n)[:, None], np.arange(1.0, n)[None, :]
    others, marked = n - 1, t - 1

    def moment(drawn: Floats, own: float) -> Floats:
        mean = drawn * marked / others + own - s * t / n
        variance = drawn * (marked / others) * (1 - marked / others) * (others - drawn) / max(others - 1, 1)
        third = variance * (others - 2 * marked) * (others - 2 * drawn) / (others * max(others - 2, 1))
        return (mean, variance + mean**2, third + 3 * variance * mean + mean**3)[power - 1]

    return moment(s - 1, 1.0) - moment(s, 0.0)
