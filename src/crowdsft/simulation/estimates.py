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

PENALTIES = 10.0 ** np.arange(-8, 2.5, 0.5)  # ridge penalties tried, relative to the mean square of the rows


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
    """float64[R, n, d]: where each contributor alone would pull the model, from the candidates' embeddings.

    A group's centroid is (candidate - (1 - step) base)/step and the weighted mean of its members. The
    differences between a round's groups, in which an error of the base's embedding cancels, give the
    contributors up to a common shift (ridge regression); the rounds' mean centroids give the shift.
    """
    weights = history.weights()
    centroids = (history.embeddings - (1 - step) * history.base_embeddings[:, :, None, :]) / step
    relative = ridge(contrasts(weights), contrasts(centroids))
    left = centroids.mean(axis=2) - weights.mean(axis=2) @ relative
    decoded: Floats = relative + left.mean(axis=1, keepdims=True)
    return decoded


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
    left, singular, right = np.linalg.svd(rows, full_matrices=False)
    projected = np.swapaxes(left, 1, 2) @ outcomes
    power = singular**2
    scale = power.mean(axis=1, keepdims=True)
    best = np.full(len(rows), np.inf)
    shrink = np.zeros_like(singular)
    for penalty in PENALTIES:
        kept = power / (power + penalty * scale)
        leverage = np.einsum("rkm,rm->rk", left**2, kept)
        residual = outcomes - left @ (kept[..., None] * projected)
        error = (residual**2 / np.maximum(1 - leverage, 1e-9)[..., None] ** 2).sum(axis=(1, 2))
        is_better = error < best
        best = np.where(is_better, error, best)
        shrink = np.where(is_better[:, None], singular / (power + penalty * scale), shrink)
    return np.swapaxes(right, 1, 2) @ (shrink[..., None] * projected)
