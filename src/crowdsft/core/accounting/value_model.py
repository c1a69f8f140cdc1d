"""Utility as a function of whom a model is made of, learnt from measured values alone.

Minus a distance to a target is, seen from the target, a function that doubles when all vectors double. If
contributors' vectors are random, the utility of a weighted mean of them is a random function of the weights,
whose covariance is known: with q(a, b) the covariance of one coordinate of two mixtures a and b, and r its
correlation, sqrt(q(a, a) q(b, b)) h(r), where h is

- "absolute": (2/pi)(sqrt(1 - r^2) + r arcsin r), the covariance of absolute values: distances;
- "linear": r, inner products;
- "square": r^2 times q(a, a) q(b, b) once more under the root, for the squares of values: the square of a
  Euclidean distance is a quadratic form of the mixture, so this one is exact for it.

The most likely of them is chosen, and so are its few parameters; the function in between and beyond the
measured mixtures is its conditional mean. Where the function bends, this knows more than a linear regression
on who was in which group: every base and every candidate is a measurement, not only differences in a round.

Source: not in the paper. Gaussian process regression (kriging); "absolute" is the arc-cosine kernel of order
1 (Cho and Saul 2009).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.accounting.decoding import most_likely_penalty

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

Bend = Literal["absolute", "linear", "square"]

CENTRES = (0.01, 0.1, 1.0, 10.0, 100.0)
BENDS: dict[Bend, tuple[float, ...]] = {"absolute": CENTRES, "linear": (1.0,), "square": CENTRES}
STARTS = (0.3, 3.0, 30.0)
DRIFTS = (0.0, 1.0)
PENALTIES = 10.0 ** np.arange(-11, 2.1, 0.5)  # variance of noise over that of one contributor alone
COMMON_VARIANCE = 10.0  # of the unknown level and the unknown mean bend, over that of the function
ROWS_FOR_PARAMETERS = 120  # measurements by which each bend's parameters are chosen; more would cost time
ROWS_FOR_BEND = 360  # measurements by which the bend is chosen


@dataclass(frozen=True, slots=True)
class Kernel:
    """Covariance of the utilities of mixtures.

    Args:
        bend: See the module.
        centre: Squared distance of the contributors' mean from the target, over their variance.
        start: Variance of the first base, over that of contributors.
        drift: Variance of a change of level from round to round, over that of the function.
        penalty: Variance of the noise, over that of the function.
    """

    bend: Bend = "absolute"
    centre: float = 1.0
    start: float = 3.0
    drift: float = 0.0
    penalty: float = 1e-6

    def covariance(self, first: Floats, second: Floats) -> Floats:
        """float64[A, B] of mixtures float64[A, N + 1] and float64[B, N + 1]; weights of the first base last."""
        one, two = self._scaled(first), self._scaled(second)
        lengths = np.sqrt(np.einsum("an,an->a", one, one)), np.sqrt(np.einsum("bn,bn->b", two, two))
        product = np.outer(*lengths)
        r = np.clip(one @ two.T / product, -1.0, 1.0)
        if self.bend == "linear":
            return np.asarray(product * r + COMMON_VARIANCE)
        if self.bend == "square":
            return np.asarray(product**2 * (r**2 + COMMON_VARIANCE) + COMMON_VARIANCE)
        h = (2 / np.pi) * (np.sqrt(1 - r**2) + r * np.arcsin(r))
        return np.asarray(product * (h + COMMON_VARIANCE) + COMMON_VARIANCE)

    def link(self, values: Floats) -> Floats:
        """What is modelled instead of the values: their squares for "square", else themselves."""
        return np.asarray(values**2 if self.bend == "square" else values)

    def unlink(self, modelled: Floats) -> Floats:
        """The values back; distances are negative utilities."""
        return np.asarray(-np.sqrt(np.maximum(modelled, 0.0)) if self.bend == "square" else modelled)

    def slopes(self, values: Floats) -> Floats:
        """Change of the value per unit of what is modelled."""
        if self.bend != "square":
            return np.ones_like(values)
        return np.asarray(0.5 / np.maximum(np.abs(values), 1e-3 * np.abs(values).max(initial=1e-12)))

    def _scaled(self, mixtures: Floats) -> Floats:
        """Coordinates whose inner product is q."""
        total = mixtures.sum(axis=1, keepdims=True)
        return np.hstack(
            [mixtures[:, :-1], np.sqrt(self.start) * mixtures[:, -1:], np.sqrt(self.centre) * total]
        )


@dataclass(frozen=True, slots=True)
class ValueModel:
    """The learnt function.

    Args:
        kernel: The chosen covariance.
        mixtures: float64[K, N + 1]; what was measured.
        pulls: float64[K]; the weights of measurements in predictions.
        factor: float64[K, K]; inverse of the Cholesky factor of the measurements' covariance.
        scale: Variance of the function in units of utility squared.
        level: Mean of what is modelled.
    """

    kernel: Kernel
    mixtures: Floats
    pulls: Floats
    factor: Floats
    scale: float
    level: float

    def __call__(self, mixtures: Floats, /) -> Floats:
        """float64[...]: expected utility of mixtures float64[..., N + 1]."""
        flat = mixtures.reshape(-1, mixtures.shape[-1])
        expected = self.level + self.kernel.covariance(flat, self.mixtures) @ self.pulls
        return np.asarray(self.kernel.unlink(expected).reshape(mixtures.shape[:-1]))

    def variances(self, mixtures: Floats, functionals: Floats) -> tuple[Floats, Floats]:
        """Variances of linear functionals of the function, before and after the measurements.

        Args:
            mixtures: float64[J, N + 1].
            functionals: float64[p, J]; weights of the utilities of `mixtures`.

        Returns:
            float64[p] twice, in units of utility squared.
        """
        functionals = functionals * self.kernel.slopes(self(mixtures))
        prior = self.kernel.covariance(mixtures, mixtures)
        explained = (self.factor @ self.kernel.covariance(self.mixtures, mixtures)) @ functionals.T
        before = np.einsum("pj,jp->p", functionals, prior @ functionals.T)
        after = before - np.einsum("kp,kp->p", explained, explained)
        return self.scale * np.maximum(before, 0.0), self.scale * np.maximum(after, 0.0)


def learn(mixtures: Floats, values: Floats, round_of: Integers) -> ValueModel:
    """Learn the utility of mixtures from measured values.

    Args:
        mixtures: float64[K, N + 1]; rows with sum 1.
        values: float64[K].
        round_of: int64[K]; measurements of one round share a change of level.
    """
    kernel = _chosen_kernel(mixtures, values, round_of)
    modelled = kernel.link(values)
    level = float(modelled.mean())
    covariance = _of_measurements(kernel, mixtures, round_of)
    unit = _unit(kernel, mixtures)
    covariance[np.diag_indices(len(values))] += kernel.penalty * unit
    factor = np.linalg.inv(np.linalg.cholesky(covariance))
    whitened = factor @ (modelled - level)
    return ValueModel(
        kernel=kernel,
        mixtures=mixtures,
        pulls=factor.T @ whitened,
        factor=factor,
        scale=float(whitened @ whitened) / len(values),
        level=level,
    )


def _chosen_kernel(mixtures: Floats, values: Floats, round_of: Integers) -> Kernel:
    """Every bend's best parameters by some of the measurements; the best bend and its penalty by more."""
    few, many = (_rows_to_choose_by(round_of, rows) for rows in (ROWS_FOR_PARAMETERS, ROWS_FOR_BEND))
    finalists = best_of_each_bend(mixtures[few], values[few], round_of[few])
    return _most_likely(finalists, mixtures[many], values[many], round_of[many])[1]


def best_of_each_bend(mixtures: Floats, values: Floats, round_of: Integers) -> list[Kernel]:
    """For each bend the kernel under which the values are most likely: centre and drift together, then start."""
    finalists = []
    for bend, centres in BENDS.items():
        if bend == "square" and (values > 0).any():
            continue  # only distances have squares to speak of
        first = [Kernel(bend=bend, centre=centre, drift=drift) for drift in DRIFTS for centre in centres]
        best = _most_likely(first, mixtures, values, round_of)
        others = [replace(best[1], start=start) for start in STARTS if start != best[1].start]
        second = _most_likely(others, mixtures, values, round_of)
        finalists.append(min([best, second], key=lambda found: found[0])[1])
    return finalists


def least_unlikelihood(mixtures: Floats, values: Floats, round_of: Integers) -> float:
    """Minus the log likelihood of the values under the kernel that makes them most likely."""
    return _most_likely(best_of_each_bend(mixtures, values, round_of), mixtures, values, round_of)[0]


def unlikelihood_of(
    kernel: Kernel, mixtures: Floats, values: Floats, round_of: Integers
) -> tuple[float, Kernel]:
    """Minus the log likelihood of the values, up to a constant, and the kernel with its best penalty."""
    modelled = kernel.link(values)
    power, directions = np.linalg.eigh(_of_measurements(kernel, mixtures, round_of))
    seen = (directions.T @ (modelled - modelled.mean())) ** 2
    unlikelihood, penalty = most_likely_penalty(
        np.maximum(power, 0.0),
        seen[:, None],
        np.zeros(1),
        rows=len(values),
        tried=PENALTIES * _unit(kernel, mixtures),
    )
    unlikelihood += float(np.log(np.abs(kernel.slopes(values))).sum())  # densities are of the values
    return unlikelihood, replace(kernel, penalty=penalty / _unit(kernel, mixtures))


def _most_likely(
    kernels: list[Kernel], mixtures: Floats, values: Floats, round_of: Integers
) -> tuple[float, Kernel]:
    return min(
        (unlikelihood_of(kernel, mixtures, values, round_of) for kernel in kernels),
        key=lambda found: found[0],
    )


def _of_measurements(kernel: Kernel, mixtures: Floats, round_of: Integers) -> Floats:
    covariance = kernel.covariance(mixtures, mixtures)
    if kernel.drift:
        covariance += kernel.drift * _unit(kernel, mixtures) * (round_of[:, None] == round_of)
    return covariance


def _unit(kernel: Kernel, mixtures: Floats) -> float:
    """Variance of the utility of one contributor alone, without what is common to all."""
    if kernel.bend == "linear":
        return 1.0
    return (1.0 + kernel.centre) ** (2 if kernel.bend == "square" else 1)


def _rows_to_choose_by(round_of: Integers, most: int) -> Integers:
    """Whole rounds, evenly spread over the history, with at most `most` rows in all."""
    rounds = int(round_of[-1]) + 1
    take = max(2, int(rounds * most / len(round_of)))
    chosen = np.unique(np.linspace(0, rounds - 1, min(take, rounds)).round().astype(np.int64))
    return np.flatnonzero(np.isin(round_of, chosen))
