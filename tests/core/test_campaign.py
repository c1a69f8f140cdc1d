from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.campaign import CampaignState, apply, fold, history, ledger_entries, next_step
from crowdsft.core.errors import JournalError
from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.event_codec import decode_event, encode_event
from crowdsft.core.events import (
    CampaignFinished,
    ContributionRef,
    Event,
    GroupsFormed,
    PointsAwarded,
    RoundClosed,
)
from crowdsft.core.ledger import verify
from crowdsft.core.rewards import REWARDS
from crowdsft.core.rewards.base import BoundUtility
from tests.core.campaigns import due_after, whole_campaign

EVENTS = whole_campaign()


def test_steps_come_due_in_order() -> None:
    seen = []
    for count in range(1, len(EVENTS) + 1):
        _, due = due_after(EVENTS[:count])
        if not seen or seen[-1] != due:
            seen.append(due)
    one_round = ["close_round", "form_groups", "train", "evaluate", "select", "award", "finish_round"]
    assert seen == [
        "measure_target",
        "open_round",
        *one_round,
        "open_round",
        *one_round,
        "finish_campaign",
        None,
    ]


def test_the_winner_joins_the_lineage_and_a_kept_base_adds_nothing() -> None:
    assert fold(EVENTS).lineage == ("adapter-1-0",)


def test_balances_are_what_the_ledger_says() -> None:
    state, entries = CampaignState(), []
    for event in EVENTS:
        if isinstance(event, PointsAwarded | CampaignFinished):
            entries.extend(ledger_entries(state, event))
        state = apply(state, event)
    assert verify(entries) == state.ledger_head
    assert state.balances == {"ada": 15, "bo": 20, "cy": 30, "di": 40, "ed": 50, "flo": 60}
    assert state.is_finished and next_step(state) is None


def test_evidence_has_the_weights_that_members_had() -> None:
    record = history(fold(EVENTS))[0]
    assert record.weights.shape == (3, 6)
    assert record.weights.sum(axis=1) == pytest.approx([1, 1, 1])
    assert record.values == pytest.approx([-0.9, -0.89, -0.88])
    assert record.significant and not history(fold(EVENTS))[1].significant


def with_authors(authors: dict[str, str]) -> list[Event]:
    """The campaign, but in round 1 some contributors handed in what somebody else had written before."""
    return [
        replace(event, contributions=tuple(_by(ref, authors) for ref in event.contributions))
        if isinstance(event, RoundClosed) and event.round_number == 1
        else event
        for event in EVENTS
    ]


def _by(ref: ContributionRef, authors: dict[str, str]) -> ContributionRef:
    return replace(ref, author=authors.get(ref.contributor))


def test_a_copied_contribution_weighs_for_its_author() -> None:
    plain = history(fold(EVENTS))[0]
    column = {name: index for index, name in enumerate(plain.contributors)}
    record = history(fold(with_authors({"bo": "ada"})))[0]
    assert record.contributors == plain.contributors
    assert record.weights[:, column["bo"]] == pytest.approx(0)
    both = plain.weights[:, column["ada"]] + plain.weights[:, column["bo"]]
    assert record.weights[:, column["ada"]] == pytest.approx(both)


def test_an_author_who_is_absent_from_the_round_belongs_to_its_evidence() -> None:
    record = history(fold(with_authors({"bo": "zoe"})))[0]
    assert record.contributors == ("ada", "bo", "cy", "di", "ed", "flo", "zoe")
    assert record.weights.sum(axis=1) == pytest.approx([1, 1, 1])
    assert record.weights[:, -1].sum() == pytest.approx(0.5)


def test_who_only_copies_earns_nothing_and_the_author_earns_both_parts() -> None:
    state = fold(with_authors({"bo": "ada", "cy": "ada"}))
    for policy in ("rank", "marginal", "decoded_shapley"):
        settled = REWARDS.make(policy).settle(
            history(state)[:1],
            balances={},
            budget_per_round=600,
            utility=BoundUtility(UTILITIES.make("l2"), np.array([0.5, 0.5])),
            seed=1,
            closing=policy == "decoded_shapley",
        )
        points = {award.contributor: award.points for award in settled.awards}
        assert points["bo"] == points["cy"] == 0 < points["ada"]


@given(st.integers(0, len(EVENTS) - 1), st.integers(0, len(EVENTS) - 1))
def test_an_event_out_of_order_is_refused(position: int, other: int) -> None:
    """Whatever else is appended in place of the right event is refused, or is of the same kind and round."""
    state = fold(EVENTS[:position])
    right, wrong = EVENTS[position], EVENTS[other]
    try:
        apply(state, wrong)
    except JournalError:
        assert wrong != right
    else:
        assert type(wrong) is type(right)


def test_groups_that_are_no_partition_are_refused() -> None:
    position = next(index for index, event in enumerate(EVENTS) if isinstance(event, GroupsFormed))
    state = fold(EVENTS[:position])
    for groups in [(("ada",), ("bo",), ("cy",)), (("ada", "bo", "cy", "di", "ed", "flo"), (), ())]:
        with pytest.raises(JournalError, match="partition"):
            apply(state, GroupsFormed(1, groups))


def test_folding_in_pieces_is_folding() -> None:
    for cut in range(len(EVENTS)):
        assert fold(EVENTS[cut:], fold(EVENTS[:cut])) == fold(EVENTS)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_events_survive_the_codec(event: object) -> None:
    import json

    kind, payload = encode_event(event)  # type: ignore[arg-type]
    assert decode_event(kind, json.loads(json.dumps(payload))) == event


def test_unknown_and_damaged_events_are_journal_errors() -> None:
    with pytest.raises(JournalError, match="newer version"):
        decode_event("Surprise", {})
    with pytest.raises(JournalError, match="damaged"):
        decode_event("RoundClosed", {"round_number": "x"})
