"""How people judge: what counts, what does not, and what it costs to know."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crowdsft.web.accounts.own_data import personal_data
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.contributions.quality import KnownAnswers, own_quality, quality_of
from tests.web.api.callers import Caller
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db


@pytest.fixture
def builder(alice: Caller, bob: Caller) -> CampaignBuilder:
    assert bob.user is not None
    return CampaignBuilder.start(
        owner=alice.user, people=[bob.user], tasks={"kinds": ["choose_response", "rate_response"]}
    )


def judge(
    member: Membership, verdicts: Sequence[int | None], kind: str = "choose_response", **more: Any
) -> None:
    """A done task for each verdict, about item 0, 1, ...; None where the member was not asked."""
    given = [(item, verdict) for item, verdict in enumerate(verdicts) if verdict is not None]
    begin = Task.objects.filter(membership=member).count()
    Task.objects.bulk_create(
        Task(
            campaign=member.campaign,
            membership=member,
            round_number=1,
            number=begin + number,
            kind=kind,
            prompt="What is new?",
            item=f"{kind}-{more.get('expected')}-{item}",
            verdict=verdict,
            state=Task.DONE,
            lease_until=timezone.now(),
            **more,
        )
        for number, (item, verdict) in enumerate(given)
    )


def test_agreement_is_of_all_and_of_each_by_kind(builder: CampaignBuilder) -> None:
    first, second, third = builder.members[:3]
    judge(first, [0, 1, 0, 1])
    judge(second, [0, 1, 0, 1])
    judge(third, [1, 0, None, None])
    judge(first, [5, 3, 1], "rate_response")
    judge(second, [4, 3, 4], "rate_response")
    found = quality_of(builder.campaign)
    choosing, rating = found.agreement["choose_response"], found.agreement["rate_response"]
    assert (found.judged, choosing.items, choosing.judgements, rating.items) == (16, 4, 10, 3)
    assert choosing.share == pytest.approx((4 * 0.5 + 4 * 1.0 + 0) / 10)
    assert rating.share == pytest.approx(2 / 3)  # one apart says the same
    by_name = {one.member: one for one in found.people}
    assert by_name[third.pk].agreement["choose_response"].share == 0.0
    assert by_name[first.pk].agreement["choose_response"].share == pytest.approx(3 / 4)
    assert set(by_name[third.pk].agreement) == {"choose_response"}


def test_known_answers_are_counted_apart(builder: CampaignBuilder) -> None:
    first, second = builder.members[:2]
    judge(first, [0, 0, 0], expected=0)
    judge(second, [0, 1, 1], expected=0)
    judge(second, [4, 2], "rate_response", expected=5)
    found = quality_of(builder.campaign)
    assert (found.known.answered, found.known.right) == (8, 5)
    assert found.agreement["choose_response"].items == 0
    known = {one.member: one.known for one in found.people}
    assert known[first.pk] == KnownAnswers(3, 3) and known[second.pk] == KnownAnswers(5, 2)
    assert found.people[0].member == second.pk  # who leaves most to look at comes first


@pytest.mark.parametrize(
    ("right", "answered", "reading"),
    [
        (0, 4, "few"),
        (4, 4, "few"),
        (1, 8, "often_wrong"),
        (4, 8, "unclear"),
        (8, 8, "mostly_right"),
        (500, 1000, "often_wrong"),
    ],
)
def test_known_answers_in_a_word(right: int, answered: int, reading: str) -> None:
    assert KnownAnswers(answered, right).reading == reading


def test_what_reviewers_rejected_and_what_is_not_handed_in_does_not_count(builder: CampaignBuilder) -> None:
    first, second, third = builder.members[:3]
    for member in (first, second, third):
        judge(member, [0, 1])
    Task.objects.filter(membership=second).update(state=Task.SKIPPED)
    for task in Task.objects.filter(membership=third):
        Contribution.objects.create(
            campaign=builder.campaign, membership=third, task=task, kind=task.kind, prompt="p", response="r",
            digest=str(task.number), standing=Contribution.REJECTED,
        )  # fmt: skip
    found = quality_of(builder.campaign)
    assert [one.member for one in found.people] == [first.pk]
    assert (found.judged, found.agreement["choose_response"].missing) == (2, "nobody_else")


def test_one_s_own_figures_are_those_that_the_organiser_sees(builder: CampaignBuilder) -> None:
    for place, member in enumerate(builder.members):
        judge(member, [(place + item) % 3 % 2 if (place + item) % 4 else None for item in range(30)])
        judge(member, [0, 1], expected=0)
    for one in quality_of(builder.campaign).people:
        own = own_quality(Membership.objects.select_related("campaign").get(pk=one.member))
        assert (own.judged, own.known) == (one.judged, one.known)
        mine, theirs = own.agreement["choose_response"], one.agreement["choose_response"]
        assert (mine.share, mine.items) == (theirs.share, theirs.items)
        assert mine.alpha is None and theirs.alpha is not None


def test_who_has_judged_nothing_has_no_figures(builder: CampaignBuilder) -> None:
    own = own_quality(builder.members[0])
    assert (own.judged, own.known.answered, own.agreement) == (0, 0, {})
    assert quality_of(builder.campaign).people == ()


def test_another_campaign_s_judgements_do_not_mix_in(builder: CampaignBuilder, alice: Caller) -> None:
    other = CampaignBuilder.start(owner=alice.user, tasks={"kinds": ["choose_response"]})
    judge(other.members[0], [1, 1])
    judge(builder.members[0], [0, 1])
    assert quality_of(builder.campaign).judged == 2
    assert own_quality(builder.members[0]).agreement["choose_response"].missing == "nobody_else"


def test_your_data_has_your_figures(builder: CampaignBuilder, bob: Caller) -> None:
    judge(builder.members[0], [0, 1])
    judge(builder.members[0], [0, 1], expected=0)
    judge(builder.members[1], [0, 0])
    assert bob.user is not None
    (mine,) = personal_data(bob.user)["campaigns"]
    assert mine["judging"] == {
        "judged": 4,
        "known_answers": {"answered": 2, "right": 1},
        "agreement": {"choose_response": {"items": 2, "share": 0.5}},
    }


def test_ten_thousand_tasks_take_one_query_and_no_time(builder: CampaignBuilder) -> None:
    many = CampaignBuilder.start(
        owner=None, others=[f"contributor-{n:03}" for n in range(100)], tasks={"kinds": ["rate_response"]}
    )
    for place, member in enumerate(many.members):
        judge(
            member,
            [1 + (place * item + item // 7) % 5 for item in range(place % 4 * 20, place % 4 * 20 + 100)],
            "rate_response",
        )
    assert Task.objects.filter(campaign=many.campaign).count() == 10_000
    begun = time.perf_counter()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = quality_of(many.campaign)
    took = time.perf_counter() - begun
    assert (found.judged, len(found.people), len(asked)) == (10_000, 100, 1)
    assert took < 3.0, took
    with CaptureQueriesContext(connection) as asked:
        own_quality(many.members[0])
    assert len(asked) == 1
