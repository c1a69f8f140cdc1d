"""Merging by value, the falling rate, and what groups train on where the best contributions so far are kept."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.campaign import fold
from crowdsft.core.events import ContributionRef, ContributionsKept, GroupsFormed, RoundClosed
from crowdsft.core.settings import parse_settings
from crowdsft.rounds.keeping import kept_data, kept_parts, parts_of
from crowdsft.rounds.merging import merge_weights
from crowdsft.rounds.resources import rate_of, training_options
from crowdsft.rounds.store import ContributionRow
from crowdsft.training.base import Credit, Example
from tests.core.test_campaign_choosing import events, refs

VALUES = st.lists(st.floats(-2, 0), min_size=2, max_size=12).map(np.array)


@given(VALUES, st.floats(0.01, 10))
def test_better_candidates_count_more_in_a_merge_by_value(values: np.ndarray, temperature: float) -> None:
    weights = merge_weights(values, temperature=temperature)
    for found in weights.values():
        assert found.sum() == pytest.approx(1) and (found >= 0).all()
    assert (np.diff(weights["by_value"][np.argsort(values, kind="stable")]) >= 0).all()
    assert weights["mean"] == pytest.approx(1 / len(values))


def test_a_candidate_that_is_worse_by_the_temperature_counts_e_times_less() -> None:
    first, second = merge_weights(np.array([-0.3, -0.42]), temperature=0.12)["by_value"]
    assert first / second == pytest.approx(np.e)


def test_the_rate_falls_from_the_second_round_to_the_last() -> None:
    plan = {"campaign": {"name": "t"}, "target": {"emotion": "joy"}}
    falling = parse_settings(plan | {"rounds": {"count": 6}, "training": {"last_rate": 0.25}})
    rates = [rate_of(falling, number) for number in range(1, 7)]
    assert rates == pytest.approx([1, 1, 0.8125, 0.625, 0.4375, 0.25])
    assert training_options(falling, parameters=1, round_number=6).learning_rate == pytest.approx(0.25e-3)
    assert {rate_of(parse_settings(plan), number) for number in range(1, 4)} == {1.0}


def rows() -> dict[str, ContributionRow]:
    found = [ref for number in (1, 2) for ref in refs(number).contributions]
    return {
        ref.id: ContributionRow(ref.id, ref.contributor, "?", f"text {ref.id}", ref.digest) for ref in found
    }


def chosen() -> list:
    """Up to the groups of round 2, with one old and one new contribution kept."""
    until = next(
        place for place, e in enumerate(events()) if isinstance(e, GroupsFormed) and e.round_number == 2
    )
    return events()[: until + 1]


def test_a_group_trains_on_its_own_new_work_and_on_everybodys_old_work() -> None:
    state, texts = fold(chosen()), rows()
    data = kept_data(state, texts, answers=(), expert_answers=())
    assert [len(group.examples) for group in data] == [9, 9]  # three passes over half of six contributions
    new = {f"text {ref.id}": ref.contributor for ref in refs(2).contributions}
    for members, group in zip(state.current.groups, data, strict=True):
        seen = [example.response for example in group.examples]
        assert {new[text] for text in seen if text in new} <= set(members)
    old, fresh = refs(1).contributions[0], refs(2).contributions[3]
    times = Counter(example.response for example in data[1].examples)
    assert times[f"text {old.id}"] >= 3 and times[f"text {fresh.id}"] >= 3
    assert times == Counter(
        e.response for e in kept_data(state, texts, answers=(), expert_answers=())[1].examples
    )


def test_nobody_is_silenced_for_good() -> None:
    parts = kept_parts(fold(chosen()))
    assert min(parts.values()) == pytest.approx(2 * 0.05 / 12)
    assert sum(parts.values()) == pytest.approx(1)
    assert parts["ada"] > parts["bo"]


def test_texts_that_are_gone_are_left_out_and_examples_join() -> None:
    state, texts = fold(chosen()), rows()
    del texts[refs(1).contributions[0].id]
    answers = [Example("?", f"expert {number}") for number in range(4)]
    data = kept_data(state, texts, answers=answers, expert_answers=())
    seen = [example.response for example in data[0].examples]
    assert f"text {refs(1).contributions[0].id}" not in seen
    assert any(text.startswith("expert") for text in seen)


def test_a_copied_text_counts_for_its_author_in_a_kept_round() -> None:
    closed = refs(2)
    copied = tuple(
        ContributionRef(ref.id, ref.contributor, ref.digest, "ada" if ref.contributor == "di" else None)
        for ref in closed.contributions
    )
    found = [RoundClosed(2, copied) if event == closed else event for event in chosen()]
    data = kept_data(fold(found), rows(), answers=(), expert_answers=())
    weights, others = parts_of(("di", "ed", "flo"), data[1].examples, [])
    assert weights[0] == pytest.approx(sum(e.contributor == "di" for e in data[1].examples) / 9)
    assert next(other for other in others if other.contributor == "ada").weight >= 6 / 9


def test_parts_sum_to_one_and_expert_examples_are_nobodys() -> None:
    examples = [Example("?", "a", 2.0, "ann"), Example("?", "b", 1.0, "bob"), Example("?", "c")]
    weights, others = parts_of(("ann", "cem"), examples, [Credit("bob", 0.3)])
    assert weights == pytest.approx((2 / 3, 0.0))
    assert [(other.contributor, other.credit) for other in others] == [("bob", 0.3)]
    assert others[0].weight == pytest.approx(1 / 3)


def test_a_group_of_whom_no_text_is_left_has_nothing() -> None:
    state = fold(chosen())
    assert isinstance(state.current.kept, ContributionsKept)
    texts = {
        name: row for name, row in rows().items() if row.contributor in ("ada", "bo", "cy") and "-2" in name
    }
    data = kept_data(state, texts, answers=(), expert_answers=())
    assert data[1].examples == () and len(data[0].examples) == 9
