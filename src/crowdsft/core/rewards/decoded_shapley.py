"""Points by Shapley values of contributors decoded from candidates' embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.accounting.changes import Eras, find_changes, split_at, unchanged
from crowdsft.core.accounting.composition import compose
from crowdsft.core.accounting.crowd import Crowd
from crowdsft.core.accounting.decoding import Decoded, decode
from crowdsft.core.accounting.mixing import PLAIN, Mixing, most_likely_mixing
from crowdsft.core.accounting.point_appraisal import GAMES, Game, PointAppraisal
from crowdsft.core.accounting.spread import prudent_spread, spread_between
from crowdsft.core.accounting.steps import has_embeddings, stacked_embeddings, step_of_embeddings
from crowdsft.core.clusters import near_vectors
from crowdsft.core.errors import InputError
from crowdsft.core.evidence import RoundRecord
from crowdsft.core.rewards.base import PointUtility, Settlement
from crowdsft.core.rewards.estimated import settle_estimated

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DecodedShapley:
    """Every round's partition is a set of coalitions whose embeddings were measured anyway.

    A candidate's embedding is taken as a weighted mean of its members' vectors and the base; all rounds
    together are solved for the vectors, and points are Shapley values of the game in which a coalition is
    worth the utility of its members' mean. Contributors with the same texts, and those whose vectors are
    surely nearly the same, count as one.

    Args:
        step: How far a candidate goes from the base to its members' mean, in (0, 1]; None: as the history
            makes it most likely.
        game: See `PointAppraisal`.
        cluster_radius: Contributors nearer than this, in units of the usual distance between two, are
            one; 0 clusters by texts only.

    Source: not in the paper.
    """

    step: float | None = None
    game: Game = "centroid"
    cluster_radius: float = 0.08

    def __post_init__(self) -> None:
        if self.step is not None and not 0 < self.step <= 1:
            raise InputError(f"step is {self.step}, but must lie above 0 and at most at 1, or be None.")
        if self.game not in GAMES:
            raise InputError(f"there is no game named {self.game!r}. Allowed: {', '.join(GAMES)}.")
        if not 0 <= self.cluster_radius < 1:
            raise InputError(f"cluster_radius is {self.cluster_radius}, but must be at least 0 and below 1.")

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
        """See `RewardPolicy.settle`."""
        if utility is None:
            raise InputError(
                "the policy decoded_shapley needs a utility of embeddings, but this campaign's evaluator has "
                "none. Choose the policy ridge_history, which needs values only."
            )
        return settle_estimated(
            history,
            lambda rounds, crowd: self.appraise(rounds, crowd, utility=utility),
            balances=balances,
            budget_per_round=budget_per_round,
            seed=seed,
            closing=closing,
            find_eras=self.eras,
        )

    def eras(self, history: Sequence[RoundRecord], crowd: Crowd) -> Eras:
        """Who changed for good, and when; nobody where members' vectors do not mix to plain means.

        Raises:
            InputError: when a round has no embeddings.
        """
        embeddings = _embeddings(history)
        changes = find_changes(crowd, [np.asarray(record.embeddings) for record in history])
        if not changes:
            return unchanged(crowd)
        step = self.step or step_of_embeddings(history, crowd)
        mixing = _what_to_decode(history, crowd, embeddings, step)[0]
        return split_at(crowd, changes) if mixing == PLAIN else unchanged(crowd)

    def appraise(
        self, history: Sequence[RoundRecord], crowd: Crowd, *, utility: PointUtility
    ) -> PointAppraisal:
        """What all of `history` says about each contributor of `crowd`.

        Raises:
            InputError: when a round has no embeddings.
        """
        embeddings = _embeddings(history)
        step = self.step or step_of_embeddings(history, crowd)
        mixing, made_of, outcomes = _what_to_decode(history, crowd, embeddings, step)
        decoded = decode(made_of, outcomes)
        clusters, suspects = self._clusters(decoded)
        if (clusters != np.arange(len(crowd))).any():
            decoded = _spread(decode(_merged(made_of, clusters), outcomes), clusters)
        vectors = decoded.vectors
        unknown = np.clip(np.diagonal(decoded.covariance), 0.0, 1.0)
        gradient = utility.gradient(mixing.taken_back(vectors.mean(axis=0)))
        spread = prudent_spread(
            spread_between(mixing.taken_back(vectors) @ gradient, unknown),
            crowd.weights,
            [record.embeddings @ gradient / step for record in history if record.embeddings is not None],
        )
        return PointAppraisal(
            points=vectors,
            worth_of=utility,
            nobody=float(utility(np.zeros((1, vectors.shape[1])))[0]),
            bases=np.array([record.base_embedding for record in history], dtype=np.float64),
            step=step,
            errors=np.sqrt(unknown * spread),
            clusters=clusters,
            suspects=suspects,
            unknown=unknown,
            unseen=decoded.unseen,
            game=self.game,
            mixing=mixing,
        )

    def _clusters(self, decoded: Decoded) -> tuple[Integers, Integers]:
        """Who surely is one, and who may be."""
        alone = np.arange(len(decoded.vectors))
        if self.cluster_radius == 0:
            return alone, alone
        unknown = np.diagonal(decoded.covariance)
        variance = sum(spread_between(column, unknown) for column in decoded.vectors.T)
        of_pairs = np.maximum(unknown[:, None] + unknown - 2 * decoded.covariance, 0.0)
        return near_vectors(decoded.vectors, np.sqrt(of_pairs * variance), radius=self.cluster_radius)


def _embeddings(history: Sequence[RoundRecord]) -> Floats:
    """float64[K, d]: of each round's base, then its candidates."""
    for record in history:
        if not has_embeddings(record):
            raise InputError(
                f"round {record.round_number} has no embeddings, which the policy decoded_shapley needs. "
                "Choose the policy ridge_history, which needs values only."
            )
    return stacked_embeddings(history)


def _what_to_decode(
    history: Sequence[RoundRecord], crowd: Crowd, embeddings: Floats, step: float
) -> tuple[Mixing, Floats, Floats]:
    """The mixing, of whom each row is made, and the rows: measured models, or raised centroids of groups."""
    measured = compose(history, crowd, step=step)
    starts = np.searchsorted(measured.round_of, np.arange(len(history)))
    is_base = np.isin(np.arange(len(embeddings)), starts)
    bases = embeddings[starts][measured.round_of[~is_base]]
    centroids = (embeddings[~is_base] - (1 - step) * bases) / step
    weights = np.concatenate(crowd.weights)
    mixing = most_likely_mixing(weights, centroids)
    if mixing == PLAIN:
        return mixing, measured.made_of, embeddings
    return mixing, np.pad(weights, ((0, 0), (0, 1))), mixing.raised(centroids)


def _merged(made_of: Floats, clusters: Integers) -> Floats:
    """Columns of clusters added up, those of single contributors kept; the first base stays last."""
    players, player_of = np.unique(clusters, return_inverse=True)
    merged = np.zeros((len(made_of), len(players) + 1))
    np.add.at(merged.T, player_of, made_of[:, :-1].T)
    merged[:, -1] = made_of[:, -1]
    return merged


def _spread(decoded: Decoded, clusters: Integers) -> Decoded:
    """A decoding of clusters, given to each of their members."""
    _, player_of = np.unique(clusters, return_inverse=True)
    return Decoded(
        vectors=decoded.vectors[player_of],
        covariance=decoded.covariance[np.ix_(player_of, player_of)],
        unseen=decoded.unseen[player_of],
        unlikelihood=decoded.unlikelihood,
    )
