"""Shapley values estimated from what a tournament measured anyway, for many runs at once.

The campaign's reward policies make the same estimates round by round, on records of a changing crowd; here
the crowd is fixed and R runs are solved together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.seeds import derive_rng
from crowdsft.core.valuation import centroid_truth_batch
from crowdsft.simulation.history import History
from crowdsft.simulation.truth import EvaluationName

Floats = NDArray[np.float64]

# Ridge penalties tried, relative to the mean square of the singular values.
PENALTIES = 10.0 ** np.array([-8, -6, -4, -3, -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 2])


def ridge_estimates(history: History, targets: Floats, *, evaluation: EvaluationName, step: float) -> Floats:
    """float64[R, n]: Shapley values from the candidates' utilities alone ("V").

    A group's value beyond the round's mean is taken as linear in its weights: y_g = x_g b, x_g the group's
    weights less the mean of the groups', y_g the value less the mean, per step. With b by ridge regression,
    phi_i = (v(all) - v(nobody))/n + k b_i, k = (1 + (H_n - 1) n/(n - 1))/n, which is exact for the inner
    product. v(all) is not measured; a mean of values stands in for it and shifts all estimates alike.

    Args:
        history: R tournaments.
        targets: float64[R, d]; only used for v(nobody), the utility of the zero vector.
        evaluation: Name of the utility.
        step: How far a candidate moved towards its group's centroid.
    """
    rows = contrasts(history.weights())
    outcomes = contrasts(history.values[..., None])[..., 0] / step
    effects = ridge(rows, outcomes[..., None])[..., 0]
    contributors = effects.shape[1]
    nobody = UTILITIES.make(evaluation).utility(np.zeros_like(targets), targets)
    everybody = history.values.mean(axis=(1, 2))
    harmonic = (1 / np.arange(1, contributors + 1)).sum()
    factor = (1 + (harmonic - 1) * contributors / max(contributors - 1, 1)) / contributors
    estimates: Floats = ((everybody - nobody) / contributors)[:, None] + factor * effects
    return estimates


def decoded_estimates(
    history: History, targets: Floats, *, evaluation: EvaluationName, step: float
) -> Floats:
    """float64[R, n]: Shapley values of the centroid game over decoded contributors ("Phi").

    Arguments as for `ridge_estimates`.
    """
    decoded = decoded_contributors(history, step=step)
    chance = derive_rng("decoded estimates", evaluation)
    return centroid_truth_batch(decoded, targets, evaluation=evaluation, rng=chance)[0]


def decoded_contributors(history: History, *, step: float) -> Floats:
    """float64[R, n, d]: where each contributor alone would pull the model, from all measured embeddings.

    Every model that was measured, candidates and bases, is a known mixture of the contributors and the
    start: a candidate of its base and its members, a base of the candidates that won before. All embeddings
    together are solved for the contributors, by ridge regression towards their common mean; that mean and
    the start are free. Under noise this sees more than each round's differences between groups do, because
    a base remembers who won.
    """
    made_of = compositions(history, step=step)
    measured = np.concatenate([history.embeddings, history.base_embeddings[:, :, None, :]], axis=2)
    outcomes = measured.reshape(*made_of.shape[:2], -1)
    contributors, start = made_of[..., :-1], made_of[..., -1:]
    free = np.concatenate([contributors.sum(axis=2, keepdims=True), start], axis=2)
    basis = np.linalg.qr(free)[0]
    relative = ridge(_without(contributors, basis), _without(outcomes, basis))
    rest = outcomes - contributors @ relative
    common = np.linalg.pinv(free) @ rest
    decoded: Floats = relative + common[:, :1]
    return decoded


def compositions(history: History, *, step: float) -> Floats:
    """float64[R, T (G + 1), n + 1]: what each round's candidates, then its base, are made of.

    Shares of the n contributors, then of the start; rows sum to 1.
    """
    weights = history.weights()
    runs, rounds, groups, contributors = weights.shape
    made_of = np.zeros((runs, rounds, groups + 1, contributors + 1))
    base = np.zeros((runs, contributors + 1))
    base[:, -1] = 1.0
    for t in range(rounds):
        made_of[:, t] = base[:, None, :]
        made_of[:, t, :groups] *= 1 - step
        made_of[:, t, :groups, :-1] += step * weights[:, t]
        winner = history.winners[:, t]
        base = np.where((winner >= 0)[:, None], made_of[np.arange(runs), t, winner], base)
    return made_of.reshape(runs, -1, contributors + 1)


def _without(rows: Floats, basis: Floats) -> Floats:
    """`rows` less their projection on the columns of `basis` (orthonormal)."""
    rest: Floats = rows - basis @ (np.swapaxes(basis, 1, 2) @ rows)
    return rest


def contrasts(rounds: Floats) -> Floats:
    """float64[R, T (G - 1), k]: differences between groups, from float64[R, T, G, k], without redundancy.

    Deviations from a round's mean sum to 0, so leaving one of them out for cross-validation would leave
    its equal in; G - 1 orthonormal contrasts carry the same information without that.
    """
    groups = rounds.shape[2]
    basis = np.linalg.qr(np.hstack([np.ones((groups, 1)), np.eye(groups)[:, 1:]]))[0][:, 1:].T
    return (basis @ rounds).reshape(len(rounds), -1, rounds.shape[3])


def ridge(rows: Floats, outcomes: Floats) -> Floats:
    """float64[R, n, k]: ridge regression, its penalty the best of `PENALTIES` by leaving one row out.

    Args:
        rows: float64[R, K, n].
        outcomes: float64[R, K, k]; one penalty is chosen for all k of a run.
    """
    return np.stack([_ridge_of_run(x, y) for x, y in zip(rows, outcomes, strict=True)])


def _ridge_of_run(rows: Floats, outcomes: Floats) -> Floats:
    """float64[n, k]: one run's; run by run, because its arrays then stay in the processor's cache."""
    left, singular, right = _thin_svd(rows)
    projected = left.T @ outcomes
    power = singular**2
    inverse = 1 / (power + PENALTIES[:, None] * power.mean() + np.finfo(float).tiny)
    kept = power * inverse
    unexplained = np.maximum(1 - kept @ (left**2).T, 1e-9)
    residuals = outcomes - left @ (kept[:, :, None] * projected)
    best = np.argmin(((residuals / unexplained[:, :, None]) ** 2).sum(axis=(1, 2)))
    coefficients: Floats = right @ ((singular * inverse[best])[:, None] * projected)
    return coefficients


def _thin_svd(rows: Floats) -> tuple[Floats, Floats, Floats]:
    """U float64[K, m], s float64[m], V float64[n, m] with rows = U diag(s) V', m the smaller side.

    By the eigenvectors of the smaller Gram matrix, several times faster than a decomposition of the rows;
    directions below a millionth of the largest singular value are noise of that and left out.
    """
    if len(rows) < rows.shape[1]:
        right, singular, left = _thin_svd(rows.T)
        return left, singular, right
    power, right = np.linalg.eigh(rows.T @ rows)
    singular = np.sqrt(np.maximum(power, 0.0))
    singular[singular < 1e-6 * singular.max()] = 0.0
    inverse = np.divide(1.0, singular, out=np.zeros_like(singular), where=singular > 0)
    return rows @ (right * inverse), singular, right
