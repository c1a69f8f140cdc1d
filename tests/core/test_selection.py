from __future__ import annotations

import numpy as np
import pytest

from crowdsft.core.errors import EvaluationError
from crowdsft.core.selection import paired_difference, select_winner

RNG = np.random.default_rng(5)
BASE = -1.0 + 0.3 * RNG.standard_normal(200)


def shifted(gain: float, noise: float = 0.1, seed: int = 0) -> np.ndarray:
    return BASE + gain + noise * np.random.default_rng(seed).standard_normal(200)


def test_the_best_candidate_beyond_noise_wins() -> None:
    outcome = select_winner(BASE, np.stack([shifted(0.1), shifted(0.3, seed=1), shifted(-0.2, seed=2)]))
    assert (outcome.winner, outcome.outcome, outcome.contenders) == (1, "improved", (1,))


def test_nobody_better_beyond_noise_keeps_the_base() -> None:
    outcome = select_winner(BASE, np.stack([shifted(0.005, 0.3), shifted(-0.3), BASE]))
    assert (outcome.winner, outcome.outcome) == (None, "no_improvement")


def test_equal_to_the_base_is_no_improvement() -> None:
    assert select_winner(BASE, np.stack([BASE, BASE])).winner is None


def test_a_tie_goes_to_the_likelihood_of_the_expert_answers() -> None:
    candidates = np.stack([shifted(0.2, seed=1), shifted(0.2, seed=2), shifted(0.01, seed=3)])
    outcome = select_winner(BASE, candidates, likelihoods=np.array([-3.0, -2.0, -1.0]))
    assert (outcome.winner, outcome.outcome, set(outcome.contenders)) == (1, "tie_broken", {0, 1})


def test_a_tie_without_likelihoods_goes_to_the_higher_utility() -> None:
    candidates = np.stack([shifted(0.2, seed=1), shifted(0.2, seed=2)])
    assert select_winner(BASE, candidates).winner == int(candidates.mean(axis=1).argmax())


def test_thresholds_are_settings() -> None:
    candidates = np.stack([shifted(0.03, 0.2, seed=4), shifted(-1.0)])
    gain = paired_difference(candidates[0], BASE)
    errors = gain.mean / gain.standard_error
    assert select_winner(BASE, candidates, improvement_standard_errors=errors - 0.1).winner == 0
    assert select_winner(BASE, candidates, improvement_standard_errors=errors + 0.1).winner is None


@pytest.mark.parametrize("where", ["base", "candidate", "likelihood"])
def test_what_is_not_a_number_is_an_error(where: str) -> None:
    base, candidates, likelihoods = BASE.copy(), np.stack([BASE, BASE]), np.zeros(2)
    {"base": base, "candidate": candidates[1], "likelihood": likelihoods}[where][0] = np.nan
    with pytest.raises(EvaluationError, match=where):
        select_winner(base, candidates, likelihoods=likelihoods)


def test_rows_that_do_not_pair_are_an_error() -> None:
    with pytest.raises(EvaluationError, match="same outputs"):
        select_winner(BASE, np.stack([BASE[:-1], BASE[:-1]]))


def test_false_wins_are_as_rare_as_the_threshold_promises() -> None:
    """Two candidates no better than the base: beyond two standard errors by chance in about 2 x 2.3 %."""
    rng = np.random.default_rng(8)
    wins = 0
    for _ in range(2_000):
        base = rng.standard_normal(100)
        candidates = base + rng.standard_normal((2, 100))
        wins += select_winner(base, candidates).winner is not None
    assert 0.025 < wins / 2_000 < 0.07


def test_who_harms_a_guard_cannot_win() -> None:
    rng = np.random.default_rng(8)
    base = rng.standard_normal(200)
    candidates = base + np.array([[0.5], [1.0], [0.0]]) + 0.1 * rng.standard_normal((3, 200))
    second = select_winner(base, candidates, harmful=[1, 2])
    assert (second.winner, second.outcome, second.barred) == (0, "improved", (1,))
    nobody = select_winner(base, candidates, harmful=[0, 1])
    assert (nobody.winner, nobody.outcome, nobody.barred) == (None, "guarded", (0, 1))
    assert select_winner(base, candidates).barred == ()
