"""Many people at once, on a database that their threads really share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from crowdsft.core.errors import InputError
from crowdsft.core.events import RoundClosed
from crowdsft.rounds.artifacts import Artifacts
from crowdsft.rounds.resources import Resources
from crowdsft.rounds.steps import Wait, do
from crowdsft.web.campaigns.models import Campaign, JournalEvent, Membership, Step
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.contributions.work import NotNow, current_task, hand_in, tasks_done
from crowdsft.web.journal_django import DjangoStore
from tests.web.api.callers import Caller
from tests.web.journal.databases import at_once
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db
CROWD = 16
TASKS = 3
NAMES = tuple(f"contributor-{number:02}" for number in range(CROWD))


def crowd(alice: Caller, **rounds: object) -> CampaignBuilder:
    """Alice's campaign with an open round and sixteen contributors, three tasks each."""
    return CampaignBuilder.start(
        owner=alice.user,
        others=NAMES,
        rounds={"count": 3, "groups": 2, **rounds},
        tasks={"per_contributor": TASKS},
    ).open()


def fresh(membership: Membership) -> Membership:
    return Membership.objects.select_related("campaign").get(pk=membership.pk)


def open_task(membership: Membership) -> Task:
    found = fresh(membership)
    return current_task(found.campaign, found, Artifacts(django_settings.DATA / "artifacts"))


def work_until_done(membership: Membership, tab: str = "") -> list[str]:
    """Hand in task after task until there is nothing to do. Returns the ids of what was accepted."""
    accepted: list[str] = []
    while True:
        try:
            task = open_task(membership)
        except NotNow:
            return accepted
        try:
            text = f"{membership.pseudonym} {tab} says {task.number} in round {task.round_number}."
            accepted.append(str(hand_in(Task.objects.get(pk=task.pk), text).pk))
        except InputError:
            assert (
                Task.objects.get(pk=task.pk).state != Task.OPEN
            )  # somebody else's doing: another tab, the close


def close_when_it_is_time(*, patience_seconds: float = 30.0) -> None:
    """A worker that does nothing but close the round, and looks again whenever it is woken."""
    store, resources = DjangoStore(), Resources(django_settings.DATA)
    until = timezone.now().timestamp() + patience_seconds
    while timezone.now().timestamp() < until:
        claim = store.claim("closer", lease_seconds=60.0)
        if claim is None:
            continue
        assert claim.step.name == "close_round"
        state = store.load(claim.campaign)
        result = do(claim.step, state, store, resources)
        if not isinstance(result, Wait):
            store.commit(claim, state, result)
            Step.objects.update(run_after=None)  # nothing else is done here
            return
        store.postpone(claim, seconds=result.seconds, reason=result.reason)
    raise AssertionError("the round did not close")


def decide_and_open(builder: CampaignBuilder) -> None:
    """From a closed round to the next open one."""
    Step.objects.update(run_after=0.0)
    claim = builder.store.claim("worker", lease_seconds=60.0)
    assert claim is not None and claim.step.name == "form_groups"
    events = do(claim.step, builder.state, builder.store, Resources(django_settings.DATA))
    assert not isinstance(events, Wait)
    builder.store.commit(claim, builder.state, events)
    builder.decide(1.0, [0.9, 1.1]).open()


def frozen(number: int) -> dict[str, str]:
    """What the journal says about a closed round: contributor by id of the contribution."""
    (row,) = JournalEvent.objects.filter(kind="RoundClosed", payload__round_number=number)
    return {ref["id"]: ref["contributor"] for ref in row.payload["contributions"]}


def marked(number: int | None) -> set[str]:
    rows = Contribution.objects.filter(round_number=number)
    return {str(key) for key in rows.values_list("pk", flat=True)}


# Everybody at once


def test_sixteen_hand_in_and_the_round_closes_by_itself(shared_database: None, alice: Caller) -> None:
    """Size N x per_contributor: the last response closes the round, and none can be too many."""
    builder = crowd(alice, close="size", size=CROWD * TASKS)
    calls: list[Callable[[], object]] = [partial(work_until_done, member) for member in builder.members]
    *accepted, _ = at_once([*calls, close_when_it_is_time])
    everything = {one for ids in accepted for one in ids}  # type: ignore[attr-defined]
    assert len(everything) == CROWD * TASKS
    assert marked(1) == set(frozen(1)) == everything
    assert Counter(frozen(1).values()) == {member.contributor: TASKS for member in builder.members}
    assert marked(None) == set()
    assert not builder.refreshed().is_collecting


def test_a_round_that_fills_up_early_takes_what_is_there_and_keeps_the_rest(
    shared_database: None, alice: Caller
) -> None:
    """A smaller size may be passed while the worker closes: what came first is trained, the rest waits."""
    builder = crowd(alice, close="size", size=12)
    calls: list[Callable[[], object]] = [partial(work_until_done, member) for member in builder.members]
    *accepted, _ = at_once([*calls, close_when_it_is_time])
    everything = {one for ids in accepted for one in ids}  # type: ignore[attr-defined]
    assert len(frozen(1)) >= 12
    assert marked(1) == set(frozen(1))
    assert marked(1) | marked(None) == everything
    assert max(Counter(frozen(1).values()).values()) <= TASKS
    assert not Task.objects.filter(state=Task.OPEN, round_number=1, contribution__isnull=False).exists()


def test_nobody_gets_more_than_a_round_s_tasks_over_many_rounds(shared_database: None, alice: Caller) -> None:
    """What was late for one round counts in the next; after three rounds nothing is lost or counted twice."""
    builder = crowd(alice, close="size", size=20)
    everything: set[str] = set()
    for number in (1, 2):
        calls: list[Callable[[], object]] = [
            partial(work_until_done, member, tab) for member in builder.members for tab in ("left", "right")
        ]
        *accepted, _ = at_once([*calls, close_when_it_is_time])
        everything |= {one for ids in accepted for one in ids}  # type: ignore[attr-defined]
        assert marked(number) == set(frozen(number))
        assert max(Counter(frozen(number).values()).values()) <= TASKS
        decide_and_open(builder)
    assert marked(1) | marked(2) | marked(None) == everything
    assert Contribution.objects.count() == len(everything)
    for member in builder.members:
        assert tasks_done(member, 3) <= TASKS


# One person, several tabs


def test_two_tabs_get_no_task_more_than_one(shared_database: None, alice: Caller) -> None:
    member = crowd(alice).members[0]
    accepted = at_once([partial(work_until_done, member, tab) for tab in ("left", "right", "phone")])
    assert sum(map(len, accepted)) == TASKS == Contribution.objects.filter(membership=member).count()
    assert Task.objects.filter(membership=member).count() == TASKS


def test_asking_in_many_tabs_at_once_gives_one_task(shared_database: None, alice: Caller) -> None:
    member = crowd(alice).members[0]
    assert len({task.pk for task in at_once([partial(open_task, member)] * 8)}) == 1


def test_one_request_sent_eight_times_is_one_contribution(shared_database: None, alice: Caller) -> None:
    task = open_task(crowd(alice).members[0])
    sent = at_once([lambda: hand_in(Task.objects.get(pk=task.pk), "Sent again and again.").pk] * 8)
    assert len(set(sent)) == 1 == Contribution.objects.count()


def test_of_different_answers_to_one_task_one_is_accepted(shared_database: None, alice: Caller) -> None:
    task = open_task(crowd(alice).members[0])

    def answer(number: int) -> str:
        try:
            return hand_in(Task.objects.get(pk=task.pk), f"Answer {number}.").response
        except InputError as error:
            assert "kept under My contributions" in str(error)
            return ""

    answers = at_once([partial(answer, number) for number in range(8)])
    (accepted,) = filter(None, answers)
    assert Contribution.objects.get().response == accepted
    kept = Task.objects.get(pk=task.pk).draft
    assert kept.startswith("Answer ") and kept != accepted


# While the round closes


def test_what_arrives_between_the_list_and_its_writing_waits_for_the_next_round(
    db: None, alice: Caller
) -> None:
    builder = crowd(alice).contribute()
    late = builder.members[0]
    task = open_task(late)
    Campaign.objects.update(close_requested_round=1)
    Step.objects.update(run_after=0.0)
    store = DjangoStore()
    claim = store.claim("closer", lease_seconds=60.0)
    assert claim is not None
    events = do(claim.step, builder.state, store, Resources(django_settings.DATA))
    assert not isinstance(events, Wait) and isinstance(events[0], RoundClosed)
    contribution = hand_in(task, "Just in time, or so it seems.")
    store.commit(claim, builder.state, events)

    assert str(contribution.pk) not in frozen(1)
    assert marked(None) == {str(contribution.pk)}
    decide_and_open(builder)
    assert tasks_done(late, 2) == 1
    work_until_done(late)
    assert tasks_done(late, 2) == TASKS
    builder.contribute([0, *[1] * (CROWD - 1)]).close()
    assert str(contribution.pk) in frozen(2)
    assert Counter(frozen(2).values())[late.contributor] == TASKS


@pytest.mark.parametrize("attempt", range(6))
def test_whatever_arrives_while_the_round_closes_is_in_it_or_waits_or_is_a_draft(
    attempt: int, shared_database: None, alice: Caller
) -> None:
    builder = crowd(alice).contribute()
    tasks = {member.pk: open_task(member) for member in builder.members}
    Campaign.objects.update(close_requested_round=1)
    Step.objects.update(run_after=0.0)

    def answer(member: Membership) -> str:
        task = tasks[member.pk]
        try:
            return str(hand_in(Task.objects.get(pk=task.pk), f"{member.pseudonym} was here.").pk)
        except InputError:
            return ""

    calls: list[Callable[[], object]] = [partial(answer, member) for member in builder.members]
    position = attempt * len(calls) // 5
    outcomes = at_once([*calls[:position], close_when_it_is_time, *calls[position:]])
    outcomes.pop(position)
    assert set(frozen(1)) == marked(1)
    for member, outcome in zip(builder.members, outcomes, strict=True):
        task = Task.objects.get(pk=tasks[member.pk].pk)
        if outcome:
            assert outcome in marked(1) | marked(None) and task.state == Task.DONE
        else:
            assert (task.state, task.draft) == (Task.EXPIRED, f"{member.pseudonym} was here.")
    accepted = {str(outcome) for outcome in outcomes if outcome}
    assert accepted <= marked(1) | marked(None)
