"""Accurate Shapley values of centroid games."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest

from crowdsft.core.errors import InputError
from crowdsft.core.valuation import centroid_truth, centroid_truth_batch

UTILITIES = ("l2", "l1", "dot")


def utility(point, target, evaluation):
    if evaluation == "dot":
        return float(point @ target)
    return -float(np.linalg.norm(point - target, ord=2 if evaluation == "l2" else 1))


def by_definition(vectors, target, evaluation):
    """Shapley's sum over subsets, written from the definition."""
    n = len(vectors)
    worth = {(): utility(np.zeros_like(target), target, evaluation)}
    for size in range(1, n + 1):
        for members in combinations(range(n), size):
            worth[members] = utility(vectors[list(members)].mean(axis=0), target, evaluation)
    values = np.zeros(n)
    for i in range(n):
        for members, value in worth.items():
            if i not in members:
                weight = factorial(len(members)) * factorial(n - len(members) - 1) / factorial(n)
                values[i] += weight * (worth[tuple(sorted((*members, i)))] - value)
    return values


def spread(values):
    return np.linalg.norm(values - values.mean())


@pytest.mark.parametrize("evaluation", UTILITIES)
@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_small_games_follow_the_definition(n, evaluation):
    rng = np.random.default_rng(n)
    vectors, target = rng.normal(1, 1, (n, 3)), rng.normal(1, 1, 3)
    found = centroid_truth(vectors, target, evaluation=evaluation, rng=rng)
    np.testing.assert_allclose(found.values, by_definition(vectors, target, evaluation), atol=1e-12)
    assert found.efficiency_gap < 1e-12


@pytest.mark.parametrize("evaluation", ["l2", "l1"])
@pytest.mark.parametrize("n", [17, 40])
def test_sampled_values_are_accurate_and_their_errors_honest(n, evaluation):
    rng = np.random.default_rng(7)
    vectors, target = rng.uniform(0, 5, (6, n, 20)), rng.uniform(0, 5, (6, 20))
    options = {"evaluation": evaluation, "rng": rng}
    accurate, small_errors = centroid_truth_batch(vectors, targets=target, permutations=4000, **options)
    values, errors = centroid_truth_batch(vectors, targets=target, **options)
    relative = [spread(a - b) / spread(b) for a, b in zip(values, accurate, strict=True)]
    assert max(relative) <= 0.03
    covered = np.abs(values - accurate) <= 1.96 * np.hypot(errors, small_errors)
    assert covered.mean() >= 0.93


@pytest.mark.parametrize("evaluation", ["l2", "l1"])
def test_sampling_agrees_with_enumeration(monkeypatch, evaluation):
    rng = np.random.default_rng(3)
    vectors, target = rng.uniform(0, 5, (12, 5)), rng.uniform(0, 5, 5)
    exact = centroid_truth(vectors, target, evaluation=evaluation, rng=rng)
    monkeypatch.setattr("crowdsft.core.valuation.centroid.ENUMERATE_UP_TO", 4)
    sampled = centroid_truth(vectors, target, evaluation=evaluation, rng=rng, permutations=20_000)
    assert (exact.errors == 0).all()
    assert (sampled.errors > 0).all()
    np.testing.assert_allclose(sampled.values, exact.values, atol=0.002 * spread(exact.values))
    assert sampled.efficiency_gap < 1e-9


@pytest.mark.parametrize("evaluation", ["l2", "l1"])
def test_a_batch_holds_the_runs_one_by_one(evaluation):
    rng = np.random.default_rng(5)
    vectors, targets = rng.uniform(0, 5, (3, 9, 4)), rng.uniform(0, 5, (3, 4))
    batch, _ = centroid_truth_batch(vectors, targets, evaluation=evaluation, rng=rng)
    for run in range(3):
        alone = centroid_truth(vectors[run], targets[run], evaluation=evaluation, rng=rng)
        np.testing.assert_allclose(batch[run], alone.values, atol=1e-12)


@pytest.mark.parametrize("evaluation", UTILITIES)
def test_equal_vectors_earn_equal_values(evaluation):
    rng = np.random.default_rng(1)
    found = centroid_truth(np.ones((30, 4)), np.arange(4.0), evaluation=evaluation, rng=rng)
    np.testing.assert_allclose(found.values, found.total / 30, atol=1e-9)


def test_what_does_not_fit_is_named():
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match=r"\(1, 3, 2\).*must agree"):
        centroid_truth(np.ones((3, 2)), np.ones(5), evaluation="l2", rng=rng)
    with pytest.raises(InputError, match="no centroid utility named 'cosine'"):
        centroid_truth(np.ones((3, 2)), np.ones(2), evaluation="cosine", rng=rng)
    with pytest.raises(InputError, match="finite"):
        centroid_truth(np.full((3, 2), np.nan), np.ones(2), evaluation="l1", rng=rng)
