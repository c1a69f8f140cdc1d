"""Credit in campaigns: how often it is measured, and who has it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.rounds.crediting import ANSWERS_SEEN, credits_of, with_credit
from crowdsft.training.base import Credit, Example, GroupData, TrainingOptions


def groups(*sizes: int) -> list[GroupData]:
    return [GroupData(g, (Example("?", "!"),) * size, seed=g) for g, size in enumerate(sizes)]


@given(st.integers(1, 200), st.integers(1, 10), st.integers(1, 32))
def test_the_shortest_training_sees_enough_expert_answers_and_not_many_times_more(
    rows: int, passes: int, batch: int
) -> None:
    options = with_credit(TrainingOptions(passes=passes, batch_size=batch), groups(rows, 4 * rows))
    steps = math.ceil(rows * passes / batch)
    seen = math.ceil(steps / options.credit_every) * options.credit_rows
    assert ANSWERS_SEEN <= seen <= 2 * ANSWERS_SEEN


def test_members_without_rows_have_none_and_without_measuring_there_are_no_credits() -> None:
    assert credits_of(("ann", "bob"), [Credit("bob", 0.5)]) == (0.0, 0.5)
    assert credits_of(("ann", "bob"), []) == ()


def test_rows_of_weight_nothing_are_not_counted() -> None:
    data = [GroupData(0, (Example("?", "!"), *(Example("?", "!", weight=0.0),) * 99), seed=1)]
    assert with_credit(TrainingOptions(), data).credit_rows == pytest.approx(ANSWERS_SEEN)
