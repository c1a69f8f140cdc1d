"""What people decide while a campaign runs: where it may happen, and what it changes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from crowdsft.core.accounting.composition import compose
from crowdsft.core.accounting.crowd import gather
from crowdsft.core.campaign import fold, history, next_step
from crowdsft.core.errors import InputError, JournalError
from crowdsft.core.event_codec import decode_event, encode_event
from crowdsft.core.events import (
    CampaignCancelled,
    CampaignFinished,
    CampaignOpened,
    CampaignPaused,
    CampaignResumed,
    CandidateTrained,
    ContributionsWithdrawn,
    Event,
    FinishCalled,
    GroupsFormed,
    RolledBack,
    RoundClosed,
    RoundFinished,
    RoundOpened,
    WinnerReviewed,
    WinnerSelected,
)
from crowdsft.core.life import MAY_FOLLOW, check_change
from tests.core.campaigns import NAMES, settings, whole_campaign

EVENTS = whole_campaign(rounds=3, winners=(0, 1, None))
DECISIONS: tuple[Event, ...] = (
    CampaignPaused("a holiday"),
    CampaignResumed(),
    FinishCalled("good enough"),
    CampaignCancelled("no money"),
    RolledBack(1, "it became rude"),
    WinnerReviewed(1, False, "it became rude"),
    ContributionsWithdrawn(1, ("ada-1",)),
)


def until(kind: type, round_number: int | None = None, *, included: bool = True) -> list[Event]:
    """The campaign through its first event of `kind` (of that round)."""
    for index, event in enumerate(EVENTS):
        if isinstance(event, kind) and getattr(event, "round_number", None) in (round_number, None):
            return EVENTS[: index + included]
    raise AssertionError(kind)


def due(events: Sequence[Event]) -> str | None:
    step = next_step(fold(events))
    return step.name if step else None


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda event: type(event).__name__)
def test_decisions_survive_writing_and_reading(decision: Event) -> None:
    assert decode_event(*encode_event(decision)) == decision


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda event: type(event).__name__)
def test_nothing_can_be_decided_about_a_campaign_that_is_over_or_not_open(decision: Event) -> None:
    for events in ([], EVENTS, [*EVENTS[:5], CampaignCancelled("")]):
        with pytest.raises(JournalError):
            fold([*events, decision])


def test_a_pause_starts_nothing_and_still_lets_a_step_under_way_be_written() -> None:
    paused = [*until(GroupsFormed, 1), CampaignPaused("")]
    assert due(paused) is None
    trained = next(event for event in EVENTS if isinstance(event, CandidateTrained))
    assert due([*paused, trained]) is None
    assert due([*paused, trained, CampaignResumed()]) == "train"
    with pytest.raises(JournalError, match="paused already"):
        fold([*paused, CampaignPaused("")])
    with pytest.raises(JournalError, match="not paused"):
        fold([*until(GroupsFormed, 1), CampaignResumed()])


def test_an_early_finish_gives_an_open_round_up() -> None:
    ended = fold([*until(RoundOpened, 2), FinishCalled("")])
    assert [past.number for past in ended.rounds] == [1]
    assert (
        next_step(ended) is not None and due([*until(RoundOpened, 2), FinishCalled("")]) == "finish_campaign"
    )
    assert fold([*until(RoundOpened, 2), FinishCalled(""), CampaignFinished(())]).is_finished


def test_an_early_finish_brings_a_closed_round_to_its_end() -> None:
    head = until(RoundClosed, 2)
    rest = EVENTS[len(head) : len(until(RoundFinished, 2))]
    ended = [*head, FinishCalled(""), *rest]
    assert due(ended) == "finish_campaign"
    assert len(fold(ended).rounds) == 2


def test_an_early_finish_goes_on_after_a_pause() -> None:
    assert due([*until(RoundOpened, 1), CampaignPaused(""), FinishCalled("")]) == "finish_campaign"


def test_a_cancelled_campaign_keeps_its_points() -> None:
    state = fold([*until(RoundOpened, 2), CampaignCancelled("")])
    assert next_step(state) is None and state.is_over and not state.is_finished
    assert state.balances == fold(until(RoundFinished, 1)).balances != {}


def test_a_rollback_makes_an_earlier_model_the_base() -> None:
    state = fold([*until(RoundFinished, 2), RolledBack(1, "")])
    assert state.lineage == ("adapter-1-0",) and state.base_round == 1
    opened = fold([*until(RoundFinished, 2), RolledBack(1, ""), RoundOpened(3, None)])
    assert opened.current.lineage == ("adapter-1-0",) and opened.current.starts_from == 1


def test_the_evidence_says_from_which_model_a_round_started() -> None:
    head = until(RoundFinished, 2)
    third = EVENTS[len(head) : len(until(RoundFinished, 3))]
    last = third[-1]
    assert isinstance(last, RoundFinished)
    events = [*head, RolledBack(0, ""), *third[:-1], RoundFinished(3, ())]
    assert [record.starts_from for record in history(fold(events))] == [None, None, 0]
    assert fold(events).balances == fold([*head, *third]).balances


def test_a_rollback_in_a_round_drops_what_was_made_from_the_other_base() -> None:
    closed = until(GroupsFormed, 2)
    for head in (closed, until(CandidateTrained, 2), until(WinnerSelected, 2)):
        state = fold([*head, RolledBack(0, "")])
        assert state.current.contributions == fold(closed).current.contributions
        assert (state.current.groups, state.current.candidates, state.current.selected) == ((), (), None)
        assert state.current.lineage == () and due([*head, RolledBack(0, "")]) == "form_groups"


def test_a_round_after_a_rollback_is_made_of_what_it_started_from() -> None:
    head = until(RoundFinished, 2)
    third = EVENTS[len(head) : len(until(RoundFinished, 3))]
    records = history(fold([*head, RolledBack(1, ""), *third[:-1], RoundFinished(3, ("adapter-1-0",))]))
    crowd = gather(records)
    bases = compose(records, crowd, step=0.5).bases
    assert bases[2] == pytest.approx(bases[1]) and bases[2] != pytest.approx(bases[0])
    straight = history(fold([*head, *third]))
    assert compose(straight, crowd, step=0.5).bases[2] != pytest.approx(bases[2])


@pytest.mark.parametrize("to_round", [2, 1, -1])
def test_a_rollback_needs_another_model(to_round: int) -> None:
    with pytest.raises(JournalError, match=r"no model yet|the base already"):
        fold([*until(RoundFinished, 1), RolledBack(to_round, "")])


def test_a_round_that_is_being_paid_cannot_be_rolled_back() -> None:
    with pytest.raises(JournalError, match="being paid"):
        fold([*until(RoundFinished, 2, included=False), RolledBack(0, "")])


def test_an_early_finish_after_a_rollback_keeps_the_base() -> None:
    events = [*until(RoundOpened, 3), RolledBack(1, ""), FinishCalled("")]
    state = fold(events)
    assert state.lineage == ("adapter-1-0",) and state.base_round == 1


def with_approval() -> list[Event]:
    opened = CampaignOpened("test", settings(rounds={"count": 3, "groups": 3, "approval": True}))
    return [opened, *until(WinnerSelected, 1)[1:]]


def test_a_winner_waits_for_approval_only_where_the_settings_say_so() -> None:
    assert due(until(WinnerSelected, 1)) == "award"
    assert due(with_approval()) == "approve"
    with pytest.raises(JournalError):
        fold([*until(WinnerSelected, 1), WinnerReviewed(1, True, "")])


def test_a_declined_winner_is_no_gain_and_the_base_stays() -> None:
    approved = fold([*with_approval(), WinnerReviewed(1, True, "")])
    declined = fold([*with_approval(), WinnerReviewed(1, False, "rude")])
    assert approved.current.winner == 0 and history(approved)[0].significant
    assert declined.current.winner is None and not history(declined)[0].significant
    assert declined.current.is_declined and not approved.current.is_declined


def test_a_kept_base_needs_no_approval() -> None:
    nobody = WinnerSelected(1, None, "no_improvement", ())
    assert due([*with_approval()[:-1], nobody]) == "award"


def test_texts_can_be_taken_back_until_something_is_trained() -> None:
    for head in (until(RoundClosed, 1), until(GroupsFormed, 1)):
        state = fold([*head, ContributionsWithdrawn(1, ("ada-1",))])
        assert state.current.contributors == NAMES[1:] and state.current.groups == ()
        assert due([*head, ContributionsWithdrawn(1, ("ada-1",))]) == "form_groups"
    with pytest.raises(JournalError, match="trained already"):
        fold([*until(CandidateTrained, 1), ContributionsWithdrawn(1, ("ada-1",))])
    with pytest.raises(JournalError, match="no such contributions"):
        fold([*until(RoundClosed, 1), ContributionsWithdrawn(1, ("nobody-1",))])


def test_a_round_with_too_few_people_left_collects_again() -> None:
    gone = ContributionsWithdrawn(1, tuple(f"{name}-1" for name in NAMES[:4]))
    state = fold([*until(GroupsFormed, 1), gone])
    assert state.current.contributions is None and due([*until(GroupsFormed, 1), gone]) == "close_round"
    assert due([*until(GroupsFormed, 1), FinishCalled(""), gone]) == "finish_campaign"


def test_what_may_follow_what() -> None:
    check_change("draft", "open")
    check_change("paused", "open")
    for over in ("finished", "cancelled"):
        for wanted in MAY_FOLLOW:
            with pytest.raises(InputError, match="stays so for good"):
                check_change(over, wanted)
    with pytest.raises(InputError, match="only become: open, cancelled"):
        check_change("draft", "paused")
