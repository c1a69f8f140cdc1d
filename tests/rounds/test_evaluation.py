from __future__ import annotations

import numpy as np
import pytest

from crowdsft.core.evaluation import UTILITIES
from crowdsft.rounds.evaluation import score_outputs

L2 = UTILITIES.make("l2")
RNG = np.random.default_rng(4)
TARGET = np.zeros(3)
BASE = RNG.standard_normal((50, 3))


def test_the_two_utilities_are_what_they_are_called() -> None:
    (score,) = score_outputs([BASE], TARGET, L2, 0.95)
    assert score.mean_utility == pytest.approx(-np.linalg.norm(BASE, axis=1).mean())
    assert score.utility_of_mean == pytest.approx(-np.linalg.norm(BASE.mean(axis=0)))
    assert score.utility_of_mean > score.mean_utility


def test_gains_are_paired_with_the_base() -> None:
    closer = 0.9 * BASE
    base, candidate = score_outputs([BASE, closer], TARGET, L2, 0.95)
    gains = np.linalg.norm(BASE, axis=1) - np.linalg.norm(closer, axis=1)
    assert (base.gain, base.gain_error) == (0.0, 0.0)
    assert candidate.gain == pytest.approx(gains.mean(), abs=1e-8)
    assert candidate.gain_error == pytest.approx(gains.std(ddof=1) / np.sqrt(50), abs=1e-8)
    assert candidate.gain_error < candidate.standard_error / 3


def test_intervals_cover_as_often_as_they_say() -> None:
    """The mean distance of a known cloud, 400 samples of 60: nominal 90 % within 4 standard errors."""
    cloud = RNG.standard_normal((100_000, 3))
    truth = -np.linalg.norm(cloud, axis=1).mean()
    hits = 0
    for _ in range(400):
        (score,) = score_outputs([cloud[RNG.integers(len(cloud), size=60)]], TARGET, L2, 0.90)
        hits += score.low <= truth <= score.high
    assert abs(hits / 400 - 0.90) < 4 * np.sqrt(0.9 * 0.1 / 400)
