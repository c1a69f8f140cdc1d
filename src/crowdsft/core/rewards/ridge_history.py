"""Points by Shapley values estimated from candidates' values alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.accounting.composition import compose
from crowdsft.core.accounting.crowd import Crowd
from crowdsft.core.accounting.decoding import decode
from crowdsft.core.accounting.mean_game import canonical_order, mean_of_equals
from crowdsft.core.accounting.point_appraisal import GAMES, Game, PointAppraisal, effect_to_value
from crowdsft.core.accounting.spread import prudent_spread
from crowdsft.core.accounting.steps import most_likely_step
from crowdsft.core.accounting.value_model import ValueModel, learn
from crowdsft.core.errors import InputError
from crowdsft.core.evidence import RoundRecord
from crowdsft.core.rewards.base import PointUtility, Settlement
from crowdsft.core.rewards.estimated import MODEL_ERROR, settle_estimated, worth_of_nobody
from crowdsft.core.seeds import derive_rng

Floats = NDArray[np.float64]

SIZES = 8  # coalition sizes for which standard errors are computed
COALITIONS = 128  # random coalitions per game: the model's own uncertainty is larger than the sampling's


@dataclass(frozen=True, slots=True)
class RidgeHistory:
    """What each contributor adds, solved for from the values of all rounds' groups.

    Every measured model is a known mixture of contributors, so all values together teach the utility as a
    function of mixtures (kernel ridge regression, see `value_model`); points are Shapley values under the
    learnt function. No embedding is needed, so votes or judges can be the evaluator. Before about
    (n - 1)/(G - 1) rounds the evidence cannot tell n contributors apart: intervals are wide and most
    points stay in escrow. Contributors with the same texts count as one.

    Args:
        step: How far a candidate goes from the base to its members' mean, in (0, 1]; None: as the history
            makes it most likely.
        game: See `PointAppraisal`.

    Source: not in the paper.
    """

    step: float | None = None
    game: Game = "centroid"

    def __post_init__(self) -> None:
        if self.step is not None and not 0 < self.step <= 1:
            raise InputError(f"step is {self.step}, but must lie above 0 and at most at 1, or be None.")
        if self.game not in GAMES:
            raise InputError(f"there is no game named {self.game!r}. Allowed: {', '.join(GAMES)}.")

    def settle(
        self,
        history: Sequence[RoundRecord],
        *,
        balances: Mapping[str, int],
        budget_per_round: int,
        utility: PointUtility | None,
        seed: int,
        closing: bool = False,
    ) -> Settlement:
        """See `RewardPolicy.settle`. `utility` only says what nobody is worth: a model that says nothing."""
        return settle_estimated(
            history,
            lambda rounds, crowd: self.appraise(rounds, crowd, utility=utility),
            balances=balances,
            budget_per_round=budget_per_round,
            seed=seed,
            closing=closing,
        )

    def appraise(
        self, history: Sequence[RoundRecord], crowd: Crowd, *, utility: PointUtility | None
    ) -> PointAppraisal:
        """What all of `history` says about each contributor of `crowd`."""
        values = np.concatenate([[record.base_value, *record.values] for record in history])
        step = self.step or most_likely_step(history, crowd, values)
        measured = compose(history, crowd, step=step)
        model = learn(measured.made_of, values, measured.round_of)
        spread, left_open = _uncertainty(model, measured.made_of)
        spread = prudent_spread(spread, crowd.weights, [record.values / step for record in history])
        separated = decode(measured.made_of, values[:, None])
        return PointAppraisal(
            points=np.eye(len(crowd), len(crowd) + 1),
            worth_of=model,
            nobody=worth_of_nobody(history, utility),
            bases=measured.bases,
            step=step,
            errors=MODEL_ERROR * np.sqrt(left_open * spread),
            clusters=np.arange(len(crowd)),
            suspects=np.arange(len(crowd)),
            unknown=np.clip(np.diagonal(separated.covariance), 0.0, 1.0),
            unseen=separated.unseen,
            game=self.game,
            traits=np.ascontiguousarray(measured.made_of[:, :-1].T),
            coalitions=COALITIONS,
        )


def _uncertainty(model: ValueModel, made_of: Floats) -> tuple[float, Floats]:
    """Variance of effects between contributors, and float64[N], the share of it that is left for each.

    A Shapley value is a mean over sizes of what a contributor adds to others. Its variance under the model is
    computed for a few sizes and the same others for everybody, and expressed as that of an effect.
    """
    count = made_of.shape[1] - 1
    if count < 2:
        return 0.0, np.zeros(count)
    canonical, twins = canonical_order(made_of[:, :-1].T)
    order = canonical[derive_rng("order of contributors", count).permutation(count)]
    sizes, weights = _sizes_to_look_at(count)
    mixtures = np.zeros((len(sizes), count, count + 1))
    for mixture, size in zip(mixtures, sizes, strict=True):
        mixture[:, order[:size]] = 1.0  # the first ones in the order ...
        mixture[np.arange(count), np.arange(count)] = 1.0  # ... and the contributor, or else the next one
        mixture[order[:size], order[size]] = 1.0
        mixture /= size + 1
    before, after = model.variances(mixtures.reshape(-1, count + 1), _functionals(weights, count))
    before, after = mean_of_equals(before, twins), mean_of_equals(after, twins)
    unknown = np.divide(after, before, out=np.ones(count), where=before > 0)
    return float(before.mean()) / effect_to_value(count) ** 2, unknown


def _sizes_to_look_at(count: int) -> tuple[NDArray[np.int64], Floats]:
    """Numbers of others from 0 to count - 1, dense where small, and the share of sizes each stands for."""
    sizes = np.unique(np.geomspace(1, count, min(count, SIZES)).round().astype(np.int64)) - 1
    bounds = np.concatenate([[-0.5], (sizes[1:] + sizes[:-1]) / 2, [count - 0.5]])
    return sizes, np.diff(bounds) / count


def _functionals(weights: Floats, count: int) -> Floats:
    """float64[N, S N]: each contributor's weighted sum over sizes, less the mean of all contributors'."""
    centre = np.eye(count) - 1 / count
    return np.hstack([weight * centre for weight in weights])
