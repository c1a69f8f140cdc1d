"""Choosing and rating: several people are asked about the same texts, never one too many."""

from __future__ import annotations

import contextlib
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from crowdsft.core.errors import InputError
from crowdsft.rounds.artifacts import Artifacts
from crowdsft.rounds.steps import training_data
from crowdsft.web.campaigns.leaving import delete_account
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.export import dataset_of
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.contributions.work import NotNow, current_task, hand_in, next_task, save_draft, skip
from crowdsft.web.journal_django import DjangoStore
from crowdsft.web.task_types import TASK_TYPES
from tests.web.api.callers import Caller
from tests.web.journal.databases import at_once
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db
CROWD = 32
OVERLAP = 3
DRAFTS = 40  # 20 pairs


def judging(*kinds: str, people: int = 8, **tasks: Any) -> CampaignBuilder:
    """An open round in which people choose or rate."""
    plan = {"kinds": list(kinds), "overlap": OVERLAP, "drafts": DRAFTS, "per_contributor": 8, **tasks}
    names = [f"contributor-{number:02}" for number in range(people)]
    return CampaignBuilder.start(owner=None, others=names, tasks=plan).open()


def artifacts() -> Artifacts:
    return Artifacts(django_settings.DATA / "artifacts")


def fresh(membership: Membership) -> Membership:
    return Membership.objects.select_related("campaign").get(pk=membership.pk)


def ask(membership: Membership) -> Task:
    found = fresh(membership)
    return current_task(found.campaign, found, artifacts())


def ask_ahead(membership: Membership) -> Task:
    found = fresh(membership)
    return next_task(found.campaign, found, artifacts())


def answer(task: Task, choice: str) -> Contribution | None:
    return hand_in(Task.objects.get(pk=task.pk), TASK_TYPES.make(task.kind).write({"choice": [choice]}))


def run_out(*tasks: Task) -> None:
    """Let the leases of these tasks have ended a minute ago."""
    Task.objects.filter(pk__in=[task.pk for task in tasks]).update(
        lease_until=timezone.now() - timedelta(minutes=1)
    )


def answers_by_item() -> Counter[str]:
    return Counter(Task.objects.filter(state=Task.DONE).values_list("item", flat=True))


# What an answer becomes


def test_the_chosen_text_is_the_chooser_s_contribution_and_nobody_s_copy() -> None:
    builder = judging("choose_response", people=3)
    chosen = set()
    for member in builder.members:
        task = ask(member)
        wanted = sorted(task.options)[0]
        contribution = answer(task, "left" if task.options[0] == wanted else "right")
        assert contribution is not None
        assert (contribution.response, contribution.model_response) == (wanted, wanted)
        assert (contribution.membership, contribution.weight) == (member, 1.0)
        chosen.add(contribution.response)
    builder.close()
    refs = builder.state.current.contributions or ()
    assert [ref.author for ref in refs] == [None] * 3
    examples = [
        example for group in training_data(builder.state, DjangoStore()) for example in group.examples
    ]
    assert {example.response for example in examples} == chosen and {e.weight for e in examples} == {1.0}


def test_an_export_has_what_was_chosen_and_what_was_not() -> None:
    builder = judging("choose_response", people=3)
    shown = {}
    for member in builder.members:
        task = ask(member)
        answer(task, "right")
        shown[member.contributor] = task.options
    builder.close()
    rows = dataset_of(builder.campaign).rows
    assert {row.contributor: [row.rejected, row.response] for row in rows} == shown


def test_of_three_who_choose_the_same_text_all_three_train_with_it() -> None:
    builder = judging("choose_response", people=3, drafts=2)
    for member in builder.members:
        task = ask(member)
        answer(task, "left" if task.options[0].endswith("Answer 1.") else "right")
    builder.close()
    assert [ref.author for ref in builder.state.current.contributions or ()] == [None] * 3
    by_group = [[e.response for e in group.examples] for group in training_data(builder.state, DjangoStore())]
    assert by_group == [[by_group[0][0]]] * 3


@pytest.mark.parametrize(("rating", "weight"), [("2", 0.25), ("3", 0.5), ("4", 0.75), ("5", 1.0)])
def test_a_rating_is_a_weighted_example(rating: str, weight: float) -> None:
    builder = judging("rate_response", people=3)
    task = ask(builder.members[0])
    contribution = answer(task, rating)
    assert contribution is not None
    assert (contribution.response, contribution.weight) == (task.model_response, weight)
    assert Task.objects.get(pk=task.pk).verdict == int(rating)


def test_the_lowest_rating_is_noted_and_trains_nothing() -> None:
    builder = judging("rate_response", people=3, per_contributor=2)
    task = ask(builder.members[0])
    assert answer(task, "1") is None
    assert answer(task, "1") is None  # sent again
    done = Task.objects.get(pk=task.pk)
    assert (done.state, done.verdict) == (Task.DONE, 1)
    assert not Contribution.objects.exists()
    answer(ask(builder.members[0]), "5")
    with pytest.raises(NotNow, match="all 2 tasks"):
        ask(builder.members[0])


def test_another_answer_to_a_judgement_changes_nothing() -> None:
    builder = judging("rate_response", people=3)
    task = ask(builder.members[0])
    first = answer(task, "4")
    with pytest.raises(InputError, match="another answer"):
        answer(task, "2")
    done = Task.objects.get(pk=task.pk)
    assert (done.verdict, TASK_TYPES.make(done.kind).show(done.draft)["choice"]) == (4, "4")
    assert Contribution.objects.get() == first


def test_nobody_is_asked_twice_about_the_same_text_under_either_name() -> None:
    """Who has rated a response is not asked to choose it, and the other way round."""
    builder = judging("choose_response", "rate_response", people=3, per_contributor=30)
    member, texts = builder.members[0], []
    for _ in range(30):
        contribution = answer_anything(ask(member))
        if contribution is not None:
            texts.append(contribution.response)
    assert len(texts) == len(set(texts)) > 20


def answer_anything(task: Task) -> Contribution | None:
    return answer(task, {"choose_response": "left", "rate_response": "4"}[task.kind])


# Seats


def test_an_item_is_asked_of_so_many_people_and_then_others_come() -> None:
    builder = judging("choose_response", people=8, drafts=4, per_contributor=4)
    for member in builder.members[:OVERLAP]:
        answer(ask(member), "left")
        answer(ask(member), "left")
        with pytest.raises(NotNow, match="judged by enough people"):
            ask(member)
    with pytest.raises(NotNow, match="judged by enough people"):
        ask(builder.members[-1])
    assert set(answers_by_item().values()) == {OVERLAP}


def test_where_people_may_also_write_they_write_when_all_is_judged() -> None:
    builder = judging("choose_response", "write_response", people=3, drafts=2, per_contributor=6)
    kinds = []
    for number in range(6):
        task = ask(builder.members[0])
        kinds.append(task.kind)
        if task.kind == "choose_response":
            answer(task, "left")
        else:
            hand_in(task, f"Something of my own, {number}.")
    assert Counter(kinds) == {"choose_response": 1, "write_response": 5}


def test_a_skipped_item_is_free_for_others_and_does_not_come_back() -> None:
    builder = judging("choose_response", people=4, drafts=2, overlap=1)
    first, second = builder.members[:2]
    task = ask(first)
    with pytest.raises(NotNow):
        ask(second)
    skip(task, "Neither is good")
    assert ask(second).item == task.item
    with pytest.raises(NotNow):
        ask(first)


def test_a_lease_that_ran_out_gives_the_place_to_somebody_else_and_keeps_the_choice() -> None:
    builder = judging("choose_response", people=4, drafts=2, overlap=1)
    slow, quick = builder.members[:2]
    task = ask(slow)
    save_draft(task, TASK_TYPES.make(task.kind).write({"choice": ["left"], "note": ["It listens."]}))
    run_out(task)
    other = ask(quick)
    assert other.item == task.item
    assert answer(other, "right") is not None
    with pytest.raises(InputError, match="enough others have answered"):
        answer(task, "left")
    late = Task.objects.get(pk=task.pk)
    assert late.seat is None and TASK_TYPES.make(late.kind).show(late.draft)["choice"] == "left"
    with pytest.raises(NotNow):
        ask(slow)
    assert Task.objects.get(pk=task.pk).state == Task.EXPIRED
    assert set(answers_by_item().values()) == {1}


def test_a_place_that_nobody_took_meanwhile_is_still_there() -> None:
    builder = judging("choose_response", people=4, drafts=4, overlap=2)
    slow, quick = builder.members[:2]
    task = ask(slow)
    run_out(task)
    ask(quick)  # looks around, and takes away what has lapsed
    assert Task.objects.get(pk=task.pk).seat is None
    assert answer(task, "left") is not None


def test_typing_renews_the_lease_of_the_task_and_of_the_prepared_one() -> None:
    builder = judging("rate_response", people=4)
    task, ahead = ask(builder.members[0]), ask_ahead(builder.members[0])
    run_out(task, ahead)
    save_draft(task, TASK_TYPES.make(task.kind).write({"choice": ["3"]}))
    for row in Task.objects.filter(pk__in=[task.pk, ahead.pk]):
        assert row.lease_until > timezone.now()


def test_who_deletes_the_account_leaves_the_place_to_others(bob: Caller, alice: Caller) -> None:
    assert bob.user is not None
    builder = CampaignBuilder.start(
        owner=alice.user, people=[bob.user], tasks={"kinds": ["choose_response"], "drafts": 2, "overlap": 1},
        rounds={"count": 1, "groups": 2, "close": "manual"},
    ).open()  # fmt: skip
    task = ask(builder.members[0])
    assert answer(task, "left") is not None
    delete_account(bob.user)
    assert not Task.objects.filter(pk=task.pk).exists()
    assert ask(builder.members[1]).item == task.item


# The task after this one


def test_the_prepared_task_is_the_next_one() -> None:
    builder = judging("choose_response", "rate_response", "write_response", people=4)
    member = builder.members[0]
    with pytest.raises(NotNow, match="no open task"):
        ask_ahead(member)
    task = ask(member)
    ahead = ask_ahead(member)
    assert ask_ahead(member).pk == ahead.pk and ask(member).pk == task.pk
    assert ahead.state == Task.NEXT and ahead.number == task.number + 1
    skip(task, "")
    assert (ask(member).pk, ask(member).state) == (ahead.pk, Task.OPEN)


def test_after_the_last_task_none_is_prepared() -> None:
    builder = judging("rate_response", people=4, per_contributor=2)
    member = builder.members[0]
    answer(ask(member), "3")
    ask(member)
    with pytest.raises(NotNow, match="last one"):
        ask_ahead(member)


def test_a_person_holds_two_tasks_at_most() -> None:
    builder = judging("rate_response", people=4)
    member = builder.members[0]
    for _ in range(5):
        ask(member)
        ask_ahead(member)
    assert Task.objects.filter(membership=member).count() == 2


def test_what_was_prepared_is_put_aside_when_the_round_closes() -> None:
    builder = judging("rate_response", "write_response", people=4).contribute()
    member = builder.members[0]
    task, ahead = ask(member), ask_ahead(member)
    builder.close()
    states = Task.objects.filter(pk__in=[task.pk, ahead.pk]).values_list("state", "seat")
    assert set(states) == {(Task.EXPIRED, None)}


# Many at once


def work_until_done(membership: Membership) -> int:
    """Judge until there is nothing left, with the next task prepared and now and then a lease that runs out."""
    handed_in = 0
    while True:
        try:
            task = ask(membership)
        except NotNow:
            return handed_in
        if task.number % 3 == 0:
            with contextlib.suppress(NotNow):
                ask_ahead(membership)
        if task.number % 5 == 4:
            run_out(task)
        try:
            answer_anything(task)
            handed_in += 1
        except InputError as error:
            assert "enough others" in str(error)


@pytest.mark.parametrize("kinds", [("choose_response",), ("choose_response", "rate_response")])
def test_thirty_two_people_at_once_answer_nothing_too_often_and_lose_nothing(
    shared_database: None, kinds: tuple[str, ...]
) -> None:
    builder = judging(*kinds, people=CROWD)
    handed_in = at_once([partial(work_until_done, member) for member in builder.members])
    by_item = answers_by_item()
    items = DRAFTS // 2 + (DRAFTS if "rate_response" in kinds else 0)
    assert max(by_item.values()) <= OVERLAP
    assert sum(by_item.values()) == sum(handed_in) == Contribution.objects.count()
    assert sum(handed_in) == min(items * OVERLAP, CROWD * 8)
    once = Counter(Task.objects.filter(state=Task.DONE).values_list("membership", "item"))
    assert set(once.values()) == {1}


def test_thirty_two_people_who_ask_for_one_last_place_get_it_once(shared_database: None) -> None:
    builder = judging("choose_response", people=CROWD, drafts=2, overlap=1)

    def try_it(member: Membership) -> int:
        try:
            return int(answer(ask(member), "left") is not None)
        except NotNow:
            return 0

    assert sum(at_once([partial(try_it, member) for member in builder.members])) == 1
    assert set(answers_by_item().values()) == {1}


def test_a_late_answer_and_a_new_owner_at_the_same_moment(shared_database: None) -> None:
    builder = judging("choose_response", people=2, drafts=2, overlap=1)
    slow, quick = builder.members
    task = ask(slow)
    run_out(task)

    def late() -> int:
        try:
            return int(answer(task, "left") is not None)
        except InputError:
            return 0

    def early() -> int:
        try:
            return int(answer(ask(quick), "right") is not None)
        except NotNow:
            return 0

    assert sum(at_once([late, early])) == 1
    assert set(answers_by_item().values()) == {1}
