"""A game, and a method that finds the values of its players."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from crowdsft.core.valuation.samples import Coalitions, Floats, Plan, Samples


class Game(Protocol):
    """A set function over n players.

    Laws: a coalition always has the same value, whatever else is in the batch; values are finite.
    """

    @property
    def n(self) -> int:
        """Number of players."""

    def __call__(self, coalitions: Coalitions, /) -> Floats:
        """Values float64[m] of coalitions bool[m, n]; row k holds True for the members of coalition k."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Values of n players and how sure they are.

    Args:
        values: float64[n].
        errors: float64[n]; standard errors, 0 where a value is exact.
        degrees: Degrees of freedom of the errors; infinity when they are known well.
    """

    values: Floats
    errors: Floats
    degrees: float = float("inf")


class Method(Protocol):
    """Chooses coalitions to evaluate, and turns evaluated ones into values.

    Laws, checked for every method in the table:
    - `plan` asks for at most the given number of evaluations, and for nothing when nothing is left to learn.
    - `estimate` is a function of the samples: the same samples give the same values and errors.
    - When `efficient`, the values sum to v(all) - v(nobody) within 1e-9.
    - Two valuations of one game merge into one with all of their samples.
    """

    efficient: ClassVar[bool]

    def plan(self, samples: Samples, evaluations: int, rng: np.random.Generator) -> Plan:
        """At most `evaluations` coalitions to evaluate next, given what has been seen."""

    def estimate(self, samples: Samples) -> Estimate:
        """Values and standard errors from everything that has been seen."""
