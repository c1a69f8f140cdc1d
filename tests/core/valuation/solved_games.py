"""Small games of every kind with known Shapley values."""

import numpy as np

from crowdsft.core.valuation import games


def solved_games(n, seed=0):
    """One game of each kind with n players, by name."""
    rng = np.random.default_rng([seed, n])
    sets = rng.random((6, n)) < 2 / n
    sets[np.arange(6), rng.integers(0, n, 6)] = True
    edges = np.triu(rng.normal(size=(n, n)), 1)
    weights = rng.integers(0, 6, n)
    order = np.argsort(rng.random((5, n)), axis=1)
    vectors, target = rng.uniform(0, 5, (n, 4)), rng.uniform(0, 5, 4)
    made = {
        "additive": games.AdditiveGame(rng.normal(size=n)),
        "unanimity": games.UnanimitySum(sets, rng.normal(size=6)),
        "airport": games.AirportGame(rng.random(n)),
        "glove": games.GloveGame(np.arange(n) < n // 3),
        "voting": games.WeightSumGame.voting(weights, int(0.6 * weights.sum())),
        "any worth of a sum": games.WeightSumGame(weights, rng.normal(size=int(weights.sum()) + 1)),
        "graph": games.GraphGame(rng.normal(size=n), edges + edges.T),
        "coverage": games.CoverageGame(rng.random((n, 12)) < 0.3, rng.random(12)),
        "nearest neighbours": games.NearestNeighbourGame(order, rng.random((5, n)) < 0.5, 3),
    }
    for evaluation in ("l2", "l1", "dot"):
        made[f"centroid {evaluation}"] = games.CentroidGame(vectors, target, evaluation)
    if n <= 12:
        made["table"] = games.TableGame(rng.normal(size=1 << n))
    return made


def relative_error(found, truth):
    """|found - truth| / |truth|, both less their mean."""
    centred = truth - truth.mean()
    return np.linalg.norm(found - found.mean() - centred) / np.linalg.norm(centred)
