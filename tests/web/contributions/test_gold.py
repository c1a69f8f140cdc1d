"""Questions with known answers: how they are mixed in among the tasks, and what becomes of their answers."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.conf import settings as django_settings

from crowdsft.core.settings import parse_settings
from crowdsft.rounds.artifacts import Artifacts
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.making import gold_numbers
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.contributions.work import NotNow, current_task, hand_in, skip
from crowdsft.web.task_types import TASK_TYPES
from tests.web.api.callers import Caller
from tests.web.pages.campaign_builder import CampaignBuilder, plan

pytestmark = pytest.mark.django_db
TASKS = 10
CHOICES = [{"prompt": f"Prompt {n}", "better": f"Good {n}.", "worse": f"Bad {n}."} for n in range(12)]
RATINGS = [{"prompt": f"Prompt {n}", "response": f"Known {n}.", "rating": 1 + n % 5} for n in range(12)]


def with_gold(people: int = 3, *, share: float = 0.3, drafts: int = 96, **gold: Any) -> CampaignBuilder:
    known = gold or {"choose": CHOICES, "rate": RATINGS}
    return CampaignBuilder.start(
        owner=None,
        others=[f"contributor-{number:02}" for number in range(people)],
        tasks={"kinds": ["choose_response", "rate_response"], "drafts": drafts, "per_contributor": TASKS},
        gold={"share": share, **known},
    ).open()


def ask(membership: Membership) -> Task:
    found = Membership.objects.select_related("campaign").get(pk=membership.pk)
    return current_task(found.campaign, found, Artifacts(django_settings.DATA / "artifacts"))


def answer(task: Task, choice: str = "") -> Contribution | None:
    said = choice or {"choose_response": "left", "rate_response": "4"}[task.kind]
    return hand_in(Task.objects.get(pk=task.pk), TASK_TYPES.make(task.kind).write({"choice": [said]}))


def work(membership: Membership) -> list[Task]:
    """Do all tasks of the round."""
    done: list[Task] = []
    try:
        while True:
            done.append(ask(membership))
            answer(done[-1])
    except NotNow:
        return done


def known(tasks: list[Task]) -> list[int]:
    return [task.number for task in tasks if task.expected is not None]


def test_everybody_meets_as_many_as_the_share_says_each_at_other_places() -> None:
    builder = with_gold(people=6)
    places = [known(work(member)) for member in builder.members]
    assert [len(numbers) for numbers in places] == [3] * 6
    assert len({tuple(numbers) for numbers in places}) > 3


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.01, 1), (0.3, 3), (0.5, 5)])
def test_the_share_is_rounded_up(share: float, expected: int) -> None:
    settings = parse_settings(
        plan(
            tasks={"kinds": ["choose_response"], "per_contributor": TASKS},
            gold={"share": share, "choose": CHOICES},
        )
    )
    assert len(gold_numbers(settings, 1, "abc")) == expected


def test_places_are_spread_evenly_over_the_round() -> None:
    """Over many people every place is as likely as any other (chi-squared of 9 degrees below its 99.9 %)."""
    settings = parse_settings(
        plan(
            tasks={"kinds": ["choose_response"], "per_contributor": TASKS},
            gold={"share": 0.3, "choose": CHOICES},
        )
    )
    counts: Counter[int] = Counter()
    for number in range(1000):
        counts.update(gold_numbers(settings, 1, f"contributor-{number}"))
    assert set(counts) == set(range(TASKS))
    assert sum((count - 300) ** 2 / 300 for count in counts.values()) < 27.9


def test_the_same_person_meets_them_at_other_places_in_the_next_round() -> None:
    builder = with_gold()
    settings = builder.state.plan
    places = {gold_numbers(settings, number, "abc") for number in range(1, 9)}
    assert len(places) > 4
    assert gold_numbers(settings, 1, "abc") == gold_numbers(settings, 1, "abc")


def test_nobody_is_asked_the_same_question_twice_and_ordinary_tasks_follow_when_all_were_asked() -> None:
    builder = with_gold(share=0.5, choose=CHOICES[:2])
    tasks = work(builder.members[0])
    assert len(tasks) == TASKS
    assert len({task.item for task in tasks}) == TASKS
    assert len(known(tasks)) == 2


def test_an_answer_is_noted_and_counts_as_a_task_but_is_no_contribution_and_takes_no_place() -> None:
    builder = with_gold(people=1)
    tasks = work(builder.members[0])
    assert len(tasks) == TASKS
    gold = Task.objects.filter(expected__isnull=False)
    assert all(task.verdict is not None and task.seat is None and task.state == Task.DONE for task in gold)
    assert not Contribution.objects.filter(task__in=gold).exists()
    assert Contribution.objects.count() == TASKS - 3


def test_all_may_be_asked_the_same_known_question() -> None:
    """Places are for the model's texts; one known question is asked of everybody."""
    builder = with_gold(people=8, share=0.1, choose=CHOICES[:1])
    for member in builder.members:
        work(member)
    assert Task.objects.filter(expected__isnull=False, state=Task.DONE).count() == 8


def test_a_known_question_can_be_skipped_and_another_task_comes() -> None:
    builder = with_gold(share=0.5)
    member = builder.members[0]
    for _ in range(3 * TASKS):
        task = ask(member)
        if task.expected is not None:
            break
        answer(task)
    skip(task, "I cannot tell which is better")
    assert ask(member).item != task.item
    assert Task.objects.get(pk=task.pk).verdict is None


def test_the_better_one_stands_left_for_some_and_right_for_others() -> None:
    builder = with_gold(people=24, share=0.1, choose=CHOICES[:1])
    sides = Counter()
    for member in builder.members:
        while (task := ask(member)).expected is None:
            answer(task)
        sides[task.options.index("Good 0.")] += 1
    assert min(sides[0], sides[1]) >= 4, sides


@pytest.mark.parametrize(("choice", "is_right"), [("Good 0.", True), ("Bad 0.", False)])
def test_a_choice_is_right_or_wrong_whichever_side_it_stands(choice: str, is_right: bool) -> None:
    builder = with_gold(people=4, share=0.1, choose=CHOICES[:1])
    for member in builder.members:
        while (task := ask(member)).expected is None:
            answer(task)
        answer(task, ("left", "right")[task.options.index(choice)])
        done = Task.objects.get(pk=task.pk)
        assert done.verdict is not None and done.expected is not None
        assert TASK_TYPES.make(done.kind).is_right(done.verdict, done.expected) is is_right


@pytest.mark.parametrize(
    ("rating", "is_right"), [("1", False), ("2", False), ("3", True), ("4", True), ("5", True)]
)
def test_a_rating_beside_the_known_one_is_right_too(rating: str, is_right: bool) -> None:
    builder = with_gold(people=1, share=0.1, rate=[{"prompt": "P", "response": "Known.", "rating": 4}])
    while (task := ask(builder.members[0])).expected is None:
        answer(task)
    answer(task, rating)
    done = Task.objects.get(pk=task.pk)
    assert done.verdict is not None and done.expected is not None
    assert TASK_TYPES.make(done.kind).is_right(done.verdict, done.expected) is is_right


def test_nothing_in_what_is_shown_tells_a_known_question_from_another(alice: Caller, bob: Caller) -> None:
    """The API's tasks have the same fields, and none of them says what the answer is."""
    assert bob.user is not None
    builder = CampaignBuilder.start(
        owner=alice.user,
        people=[bob.user],
        tasks={"kinds": ["choose_response"], "drafts": 96, "per_contributor": TASKS},
        gold={"share": 0.5, "choose": CHOICES},
    ).open()
    fields, seen = set(), Counter[bool]()
    for _ in range(TASKS):
        task = bob("POST", f"/campaigns/{builder.campaign.slug}/task").json()
        fields.add(frozenset(task))
        row = Task.objects.get(pk=task["id"])
        seen[row.expected is None] += 1
        assert (task["kind"], task["state"]) == ("choose_response", "open")
        bob("POST", f"/tasks/{task['id']}/response", {"choice": "left"})
    assert seen == {True: 5, False: 5}
    (only,) = fields
    assert not only & {"expected", "gold", "item", "seat", "verdict"}
