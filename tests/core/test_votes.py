"""Strengths from votes: order does not matter, more votes narrow, busy voters do not look like a crowd."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdsft.core.errors import InputError
from crowdsft.core.votes import Ballot, strengths

BALLOTS = st.lists(
    st.builds(
        Ballot, st.sampled_from("abcdefgh"), st.integers(0, 3), st.integers(0, 3), st.sampled_from([-1, 0, 1])
    ).filter(lambda ballot: ballot.first != ballot.second),
    max_size=40,
)


def drawn(truth: list[float], votes: int, *, voters: int, seed: int, taste: float = 0.0) -> list[Ballot]:
    """Votes on models of known strength; each voter's own taste shifts them by `taste`."""
    rng = np.random.default_rng(seed)
    tastes = rng.normal(0, taste, (voters, len(truth)))
    ballots = []
    for number in range(votes):
        voter = number % voters
        first, second = rng.permutation(len(truth))[:2]
        margin = truth[first] + tastes[voter, first] - truth[second] - tastes[voter, second]
        won = rng.random() < 1 / (1 + np.exp(-margin))
        ballots.append(Ballot(f"v{voter}", int(first), int(second), 1 if won else -1))
    return ballots


def test_two_models_by_hand() -> None:
    """12 wins against 4: log odds log 3, a little less by the prior; variance 1/(16 p q)."""
    ballots = [Ballot(str(number), 1, 0, 1 if number < 12 else -1) for number in range(16)]
    found = strengths(ballots, models=2)
    assert found.gains[0] == 0 and found.gains[1] == pytest.approx(np.log(3), rel=0.03)
    assert found.errors()[1] == pytest.approx(np.sqrt(1 / (16 * 0.75 * 0.25)), rel=0.08)
    assert found.wins.tolist() == [4, 12] and found.comparisons.tolist() == [16, 16]


def test_without_votes_nothing_is_known() -> None:
    found = strengths([], models=3)
    assert found.gains.tolist() == [0, 0, 0]
    assert (found.errors()[1:] > 4).all() and found.errors()[0] == 0


def test_a_model_that_always_wins_stays_finite() -> None:
    found = strengths([Ballot(str(number), 1, 0, 1) for number in range(30)], models=2)
    assert 3 < found.gains[1] < 20 and found.gains[1] > 2 * found.errors()[1]


@settings(deadline=None)
@given(BALLOTS, st.randoms(use_true_random=False))
def test_neither_order_nor_sides_matter(ballots: list[Ballot], random: object) -> None:
    turned = [Ballot(b.voter, b.second, b.first, -b.result) for b in ballots]
    random.shuffle(turned)  # type: ignore[attr-defined]
    one, other = strengths(ballots, models=4), strengths(turned, models=4)
    np.testing.assert_allclose(one.gains, other.gains, atol=1e-7)
    np.testing.assert_allclose(one.covariance, other.covariance, atol=1e-6)


@settings(deadline=None)
@given(BALLOTS)
def test_one_more_win_never_weakens(ballots: list[Ballot]) -> None:
    before = strengths(ballots, models=4).gains
    after = strengths([*ballots, Ballot("z", 2, 0, 1)], models=4).gains
    assert after[2] >= before[2] - 1e-9


@pytest.mark.parametrize("taste", [0.0, 1.5])
def test_intervals_cover(taste: float) -> None:
    """Nominal 95 % intervals of one model's gain, 200 elections; with tastes, votes are not independent."""
    truth = [0.0, 0.8, -0.5, 0.3]
    low, high = np.array(
        [
            strengths(drawn(truth, 300, voters=30, seed=seed, taste=taste), models=4).intervals(0.95)[1]
            for seed in range(200)
        ]
    ).T
    target = 0.8 if taste == 0 else 0.8 / np.sqrt(1 + 0.346 * 2 * taste**2)  # averaged over tastes
    assert np.mean((low <= target) & (target <= high)) >= 0.92


def test_busy_voters_do_not_look_like_a_crowd() -> None:
    truth = [0.0, 0.5]
    by_few = strengths(drawn(truth, 400, voters=8, seed=3, taste=2.0), models=2).errors()[1]
    alone = strengths(
        [
            Ballot(str(n), b.first, b.second, b.result)
            for n, b in enumerate(drawn(truth, 400, voters=8, seed=3, taste=2.0))
        ],
        models=2,
    ).errors()[1]
    assert by_few > 2 * alone


@pytest.mark.parametrize(
    ("ballot", "words"),
    [
        (Ballot("a", 1, 1, 0), "compares models 1 and 1"),
        (Ballot("a", 0, 2, 0), "compares models 0 and 2"),
        (Ballot("a", 0, 1, 2), "result is 2"),
    ],
)
def test_ballots_that_make_no_sense(ballot: Ballot, words: str) -> None:
    with pytest.raises(InputError, match=words):
        strengths([ballot], models=2)
