"""Campaigns in a world of vectors, for the tests of estimates."""

import numpy as np

from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.evidence import RoundRecord
from crowdsft.core.rewards import BoundUtility


def campaign(vectors, target, *, rounds, groups, step, evaluation="l2", power=1.0, noise=0.0, seed=0):
    """Records of random groups, and the utility. vectors: float64[n, d]."""
    rng = np.random.default_rng(seed)
    utility = BoundUtility(UTILITIES.make(evaluation), target)
    names = tuple(f"c{number:03}" for number in range(len(vectors)))
    model, records = rng.uniform(0, 5, vectors.shape[1]), []
    for number in range(1, rounds + 1):
        group = rng.permutation(len(vectors)) % groups
        weights = (group == np.arange(groups)[:, None]).astype(float)
        weights /= weights.sum(axis=1, keepdims=True)
        centroids = (weights @ vectors**power) ** (1 / power)
        candidates = model + step * (centroids - model)
        seen = candidates + noise * step * rng.normal(size=candidates.shape)
        values, base_value = utility(seen), float(utility(model[None])[0])
        improved = bool(values.max() > base_value)
        winner = int(np.argmax(values)) if improved else None
        records.append(RoundRecord(number, names, weights, base_value, values, winner, improved, model, seen))
        model = candidates[winner] if winner is not None else model
    return records, utility
