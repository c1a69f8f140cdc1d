"""Groups of one, merges and kept contributions in a campaign's journal: when they happen and what follows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from crowdsft.core.accounting.composition import compose
from crowdsft.core.accounting.crowd import gather
from crowdsft.core.campaign import CampaignState, apply, fold, history, next_step
from crowdsft.core.credit.archive import archive_of, kept_of, shares_of
from crowdsft.core.errors import JournalError
from crowdsft.core.event_codec import decode_event, encode_event
from crowdsft.core.events import (
    CampaignOpened,
    CandidatesMerged,
    CandidateTrained,
    ContributionsKept,
    ContributionsWithdrawn,
    Event,
    Gain,
    GroupsFormed,
    OtherPart,
    PointsAwarded,
    RoundClosed,
    RoundFinished,
    RoundOpened,
    TargetMeasured,
    WinnerSelected,
)
from crowdsft.core.rewards import REWARDS
from tests.core.campaigns import NAMES, evaluated, settings
from tests.core.test_campaign import EVENTS as PLAIN_EVENTS

PLAN = {
    "rounds": {"count": 2, "groups": 2, "groups_of_one": "first", "merges": ["mean", "by_value"]},
    "training": {"keep": "values"},
}


def refs(number: int) -> RoundClosed:
    return next(e for e in PLAIN_EVENTS if isinstance(e, RoundClosed) and e.round_number == number)


def merged(number: int, groups: int) -> list[Event]:
    even = (1 / groups,) * groups
    return [
        CandidatesMerged(number, groups, "mean", f"mean-{number}", even),
        CandidatesMerged(
            number, groups + 1, "by_value", f"by-value-{number}", (1.0,) + (0.0,) * (groups - 1)
        ),
        evaluated(number, groups, -0.5, -1.0),
        evaluated(number, groups + 1, -0.4, -1.0),
    ]


def events(plan: dict[str, Any] = PLAN) -> list[Event]:
    """Round 1: everybody alone, the mean wins. Round 2: two groups on what is kept."""
    alone = tuple((name,) for name in NAMES)
    members = (NAMES[:3], NAMES[3:])
    kept = (refs(1).contributions[0].id, refs(2).contributions[3].id, "gone")
    return [
        CampaignOpened("test", settings(**plan)),
        TargetMeasured((0.5, 0.5), ("joy", "love"), None),
        RoundOpened(1, None),
        refs(1),
        GroupsFormed(1, alone),
        *(CandidateTrained(1, g, f"one-{g}", 3, 1.0, (1.0,), 0.1) for g in range(6)),
        evaluated(1, None, -1.0, -1.0),
        *(evaluated(1, g, -1.0 + 0.1 * g, -1.0) for g in range(6)),
        *merged(1, 6),
        WinnerSelected(1, 6, "improved", (6,)),
        PointsAwarded(1, (), 0, 0, 1),
        RoundFinished(1, ("mean-1",)),
        RoundOpened(2, None),
        refs(2),
        ContributionsKept(2, (Gain(refs(2).contributions[3].id, 0.4),), kept),
        GroupsFormed(2, members),
        CandidateTrained(2, 0, "two-0", 3, 1.0, (0.5, 0.0, 0.0), 0.1, others=(OtherPart("di", 0.5),)),
        CandidateTrained(2, 1, "two-1", 3, 1.0, (0.5, 0.0, 0.25), 0.1, others=(OtherPart("ada", 0.25),)),
        evaluated(2, None, -0.5, -0.5),
        evaluated(2, 0, -0.3, -0.5),
        evaluated(2, 1, -0.4, -0.5),
        *merged(2, 2),
        WinnerSelected(2, 0, "improved", (0,)),
        PointsAwarded(2, (), 0, 0, 2),
        RoundFinished(2, ("mean-1", "two-0")),
    ]


def test_the_steps_come_due_in_order() -> None:
    state, due = CampaignState(), []
    for event in events():
        step = next_step(state) if state.position else None
        if step is not None and (not due or due[-1] != (step.round_number, step.name)):
            due.append((step.round_number, step.name))
        state = apply(state, event)
    names = {number: [name for of, name in due if of == number] for number in (1, 2)}
    assert names[1] == [
        *("open_round", "close_round", "form_groups", "train", "evaluate", "merge", "select", "award"),
        "finish_round",
    ]
    assert names[2][1:4] == ["close_round", "keep_contributions", "form_groups"]


@pytest.mark.parametrize("event", events(), ids=lambda event: type(event).__name__)
def test_events_survive_the_codec(event: Event) -> None:
    kind, payload = encode_event(event)
    assert decode_event(kind, json.loads(json.dumps(payload))) == event


def test_a_merge_that_won_is_the_next_base_and_no_groups_win() -> None:
    state = fold(events())
    first = state.rounds[0]
    assert first.winner == 6 and first.won_by_merge is not None and first.left == first.merge_evaluations[0]
    assert first.adapters[6] == "mean-1" and first.model_after == ("mean-1",)
    record = history(state)[0]
    assert record.winner is None and record.significant and record.merged is not None
    assert record.merged == pytest.approx(np.full(6, 1 / 6))


def test_what_a_merged_base_is_made_of_is_the_mean_of_its_candidates() -> None:
    records = history(fold(events()))
    crowd = gather(records)
    base = compose(records, crowd, step=1.0).bases[1]
    assert base[:-1] == pytest.approx(np.full(len(crowd), 1 / 6)) and base[-1] == 0


def test_a_kept_round_weighs_by_what_was_trained_on_older_work_included() -> None:
    record = history(fold(events()))[1]
    column = {name: record.weights[:, place].tolist() for place, name in enumerate(record.contributors)}
    assert column["ada"] == [0.5, 0.25] and column["di"] == [0.5, 0.5] and column["bo"] == [0.0, 0.0]
    assert record.weights.sum(axis=1) == pytest.approx(1.0)


def test_points_follow_what_was_trained_on() -> None:
    records = history(fold(events()))[1:]
    settled = REWARDS.make("marginal").settle(
        records, balances={}, budget_per_round=300, utility=None, seed=1
    )
    points = {award.contributor: award.points for award in settled.awards}
    assert points["bo"] == points["cy"] == points["ed"] == 0
    assert sum(points.values()) == 300 and points["di"] == max(points.values())


def test_who_helps_is_read_from_the_round_in_which_everybody_was_alone() -> None:
    shares = shares_of(fold(events()))
    assert sorted(shares, key=shares.__getitem__) == list(NAMES)
    assert shares["flo"] == pytest.approx(1.2 * 0.5)


def test_a_contributor_can_see_how_much_was_kept() -> None:
    rounds = fold(events()).rounds
    assert kept_of(rounds, 1, "ada") is None  # trained on all of it
    assert [kept_of(rounds, 2, name) for name in ("ada", "bo", "di")] == [(1, 2), (0, 2), (1, 2)]


def test_later_gains_go_before_earlier_ones() -> None:
    rounds = fold(events()).rounds
    name = refs(2).contributions[3].id
    archive = archive_of(rounds)
    place = archive.ids.index(name)
    assert archive.gains[place] == 0.4 and np.isnan(archive.gains).sum() == len(archive.ids) - 1
    assert archive_of(rounds, measured=[Gain(name, 0.7)]).gains[place] == 0.7
    assert archive.only({name}).ids == (name,)


def test_taking_back_a_contribution_chooses_anew() -> None:
    until = next(place for place, event in enumerate(events()) if event == refs(2)) + 2
    state = fold(events()[:until])
    assert state.current.kept is not None
    state = apply(state, ContributionsWithdrawn(2, (refs(2).contributions[0].id,)))
    due = next_step(state)
    assert state.current.kept is None and due is not None and due.name == "keep_contributions"


def test_merges_and_their_measurements_are_refused_out_of_order() -> None:
    all_of_them = events()
    place = next(i for i, event in enumerate(all_of_them) if isinstance(event, CandidatesMerged))
    state = fold(all_of_them[:place])
    with pytest.raises(JournalError, match="names group 7"):
        apply(state, replace(all_of_them[place + 1]))
    with pytest.raises(JournalError, match="cannot happen"):
        apply(state, WinnerSelected(1, 0, "improved", ()))
    state = fold(all_of_them[: place + 4])
    with pytest.raises(JournalError, match="2 merges"):
        apply(state, WinnerSelected(1, 8, "improved", ()))


def test_more_contributors_than_groups_allowed_share_them() -> None:
    plan = fold(
        [CampaignOpened("t", settings(rounds={"groups_of_one": "always", "most_groups": 4, "groups": 2}))]
    ).plan
    assert [plan.groups_in(1, count) for count in (3, 4, 9)] == [3, 4, 4]
    plan = fold([CampaignOpened("t", settings(rounds={"groups_of_one": "first", "groups": 2}))]).plan
    assert [plan.groups_in(number, 9) for number in (1, 2)] == [9, 2]
