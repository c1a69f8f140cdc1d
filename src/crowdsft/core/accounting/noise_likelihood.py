"""How likely the values of groups are under linear effects, given how noisy a value is.

Outcomes y are normal with covariance variance (X X' + penalty), X as in `GroupHistory`, in the K - T directions in
which groups of one round differ. The variance is at its best for every penalty.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from crowdsft.core.accounting.spread import TRUSTED_AFTER

Floats = NDArray[np.float64]

PENALTIES = np.logspace(-9, 4, 53)  # tried first, in units of the usual eigenvalue of X'X
# The noise's share has a prior density of share^LIFT / (1 + share)^2. Without the first factor noise would vanish
# by chance where comparisons are fewer than contributors and fit everything (Chung et al., 2013).
LIFT = 0.5


@dataclass(frozen=True, slots=True)
class NoiseLikelihood:
    """Minus the log likelihood of the outcomes, as a function of the penalty.

    Args:
        power: float64[r]; eigenvalues of XX' above 0, or Gauss nodes in their place.
        along: float64[r]; squares of X'y along the eigenvectors.
        squares: y'y.
        log_growth: From a penalty to tr log(1 + XX' / penalty).
        comparisons: K - T, the number of independent outcomes.
        evidence: tr XX'.
        usual: A usual eigenvalue.
    """

    power: Floats
    along: Floats
    squares: float
    log_growth: Callable[[float], float]
    comparisons: int
    evidence: float
    usual: float

    def length(self, penalty: float) -> float:
        """y'(XX' + penalty)^-1 y."""
        seen = self.along / self.power
        unseen = max(0.0, self.squares - float(seen.sum()))
        found = float((seen / (self.power + penalty)).sum() + unseen / penalty)
        return max(found, float(np.finfo(np.float64).tiny))

    def __call__(self, log_penalty: float) -> float:
        penalty = float(np.exp(log_penalty))
        volume = self.log_growth(penalty) + self.comparisons * log_penalty
        unlikely = 0.5 * self.comparisons * np.log(self.length(penalty)) + 0.5 * volume
        share = penalty / self.usual
        return float(unlikely + 2 * np.log1p(share) - LIFT * np.log(share))

    def best_penalty(self) -> float:
        """The most likely one."""
        logs = np.log(PENALTIES * self.usual)
        place = int(np.argmin([self(log) for log in logs]))
        low, high = logs[max(place - 1, 0)], logs[min(place + 1, len(logs) - 1)]
        return float(np.exp(minimize_scalar(self, bounds=(low, high), method="bounded").x))

    def variance(self, penalty: float) -> float:
        """Variance between contributors, as `prudent_spread`: few comparisons cannot tell it from noise."""
        estimated = self.length(penalty) / self.comparisons
        trust = self.comparisons / (self.comparisons + TRUSTED_AFTER)
        return trust * estimated + (1 - trust) * max(self.squares / self.evidence, estimated)
