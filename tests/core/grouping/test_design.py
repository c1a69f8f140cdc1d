"""The design against the textbook formula for the posterior covariance."""

from __future__ import annotations

import numpy as np
import pytest

from crowdsft.core.errors import InputError
from crowdsft.core.evidence import RoundRecord
from crowdsft.core.grouping import blank_design, design_from_records


def random_weights(rng: np.random.Generator, runs: int, groups: int, contributors: int) -> np.ndarray:
    assigned = np.argsort(rng.random((runs, contributors)), axis=1) % groups
    hot = (assigned[:, None, :] == np.arange(groups)[None, :, None]).astype(float)
    return hot / hot.sum(axis=2, keepdims=True)


def textbook(weights: list[np.ndarray], noise: float) -> np.ndarray:
    """(I + sum X'X / s^2)^-1, rounds one after the other."""
    information = np.eye(weights[0].shape[1])
    for w in weights:
        rows = w - w.mean(axis=0)
        information += rows.T @ rows / (noise**2 * len(w) / (w > 0).any(axis=0).sum())
    return np.linalg.inv(information)


@pytest.mark.parametrize(("contributors", "rounds"), [(12, 3), (6, 9)])  # the second compresses its rows
def test_covariance_is_the_textbooks(contributors: int, rounds: int) -> None:
    rng = np.random.default_rng(4)
    design = blank_design(3, contributors, noise=0.7)
    history = [random_weights(rng, 3, 3, contributors) for _ in range(rounds)]
    for weights in history:
        design = design.after(weights)
    for run in range(3):
        expected = textbook([weights[run] for weights in history], 0.7)
        np.testing.assert_allclose(design.covariance()[run], expected, atol=1e-9)
    assert design.explained.shape[1] <= 2 * contributors
    columns = np.array([[2, 0], [1, 1], [4, 3]])
    part = design.covariance(columns)[2]
    np.testing.assert_allclose(part, design.covariance()[2][np.ix_([4, 3], [4, 3])], atol=1e-12)


def test_gains_give_the_posterior_mean() -> None:
    rng = np.random.default_rng(1)
    effects, design = np.zeros((2, 8)), blank_design(2, 8, noise=0.4)
    history = [random_weights(rng, 2, 3, 8) for _ in range(5)]
    outcomes = rng.normal(size=(5, 2, 3))
    for weights, outcome in zip(history, outcomes, strict=True):
        rows = weights - weights.mean(axis=1, keepdims=True)
        design, gain = design.learn(weights)
        effects = effects + (gain @ (outcome - (rows @ effects[..., None])[..., 0])[..., None])[..., 0]
    for run in range(2):
        rows = np.concatenate([w[run] - w[run].mean(axis=0) for w in history])
        target = rows.T @ outcomes[:, run].reshape(-1) / (0.4**2 * 3 / 8)
        expected = textbook([w[run] for w in history], 0.4) @ target
        np.testing.assert_allclose(effects[run], expected, atol=1e-9)


def record(number: int, names: tuple[str, ...], weights: np.ndarray) -> RoundRecord:
    return RoundRecord(
        round_number=number,
        contributors=names,
        weights=weights,
        base_value=0.0,
        values=np.zeros(len(weights)),
        winner=None,
        significant=False,
    )


def test_records_of_a_changing_crowd() -> None:
    """Who has left still explains what the others did; who is new is fully unknown."""
    first = np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    second = np.array([[1.0, 0.0], [0.0, 1.0]])
    records = [record(1, ("a", "b", "c"), first), record(2, ("a", "d"), second)]
    design = design_from_records(records, ["d", "b", "e"], noise=0.5)
    wide = np.zeros((2, 2, 4))  # a, b, c, d
    wide[0][:, [0, 1, 2]] = first
    wide[1][:, [0, 3]] = second
    expected = textbook(list(wide), 0.5)[np.ix_([3, 1], [3, 1])]
    np.testing.assert_allclose(design.covariance()[0][:2, :2], expected, atol=1e-12)
    np.testing.assert_allclose(design.covariance()[0][2], [0, 0, 1], atol=1e-12)


def test_no_records_explain_nothing() -> None:
    np.testing.assert_array_equal(design_from_records([], ["a", "b"]).covariance()[0], np.eye(2))


def test_arguments_that_cannot_be_used() -> None:
    with pytest.raises(InputError, match="twice"):
        design_from_records([], ["a", "a"])
    with pytest.raises(InputError, match="noise"):
        blank_design(1, 3, noise=0.0)
