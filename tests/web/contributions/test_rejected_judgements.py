"""A judgement that does not count gives its place to somebody else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from django.conf import settings as django_settings

from crowdsft.rounds.artifacts import Artifacts
from crowdsft.web.campaigns.create import member
from crowdsft.web.campaigns.leaving import leave
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.contributions.places import take_seat
from crowdsft.web.contributions.work import NotNow, current_task, hand_in
from crowdsft.web.reviews.appeals import answer as answer_appeal
from crowdsft.web.reviews.appeals import appeal_rejection
from crowdsft.web.reviews.moderation import exclude, lift
from crowdsft.web.reviews.queue import reserve
from crowdsft.web.reviews.reviewing import decide
from crowdsft.web.task_types import TASK_TYPES
from crowdsft.web.task_types.base import Material
from tests.web.api.callers import Caller, account
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db


@pytest.fixture
def builder(alice: Caller, bob: Caller) -> CampaignBuilder:
    """One pair to choose from, of which one person is asked; bob and five others could be."""
    assert bob.user is not None
    return CampaignBuilder.start(
        owner=alice.user,
        people=[bob.user],
        tasks={"kinds": ["choose_response"], "drafts": 2, "overlap": 1},
        rounds={"count": 1, "groups": 2, "close": "manual"},
        reviews={"required": True},
    ).open()


def ask(membership: Membership) -> Task:
    found = Membership.objects.select_related("campaign").get(pk=membership.pk)
    return current_task(found.campaign, found, Artifacts(django_settings.DATA / "artifacts"))


def choose(membership: Membership) -> Contribution:
    task = ask(membership)
    made = hand_in(Task.objects.get(pk=task.pk), TASK_TYPES.make(task.kind).write({"choice": ["left"]}))
    assert made is not None
    return made


def reviewer(builder: CampaignBuilder, name: str, pseudonym: str) -> Membership:
    return member(builder.campaign, account(name, pseudonym), Membership.REVIEWER)


def reject(builder: CampaignBuilder, row: Contribution) -> Contribution:
    return decide(
        reserve(builder.campaign, reviewer(builder, "dora", "slow-pike-1")), "rejected", reason="low_effort"
    )


def exclude_it(builder: CampaignBuilder, row: Contribution) -> Contribution:
    exclude(row, reviewer(builder, "dora", "slow-pike-1"), reason="low_effort")
    return row


@pytest.mark.parametrize("put_out", [reject, exclude_it])
def test_who_is_next_is_asked_about_what_a_rejected_answer_was_about(
    builder: CampaignBuilder, put_out: Callable[[CampaignBuilder, Contribution], Contribution]
) -> None:
    first, second = builder.members[:2]
    row = choose(first)
    with pytest.raises(NotNow, match="judged by enough people"):
        ask(second)
    put_out(builder, row)
    assert ask(second).item == Task.objects.get(contribution=row).item
    with pytest.raises(NotNow):
        ask(first)  # who was asked once is not asked again


def test_who_takes_work_back_gives_the_place_back(builder: CampaignBuilder) -> None:
    first, second = builder.members[:2]
    item = Task.objects.get(contribution=choose(first)).item
    leave(Membership.objects.get(pk=first.pk), withdraw=True)
    assert ask(second).item == item


def test_what_is_let_in_again_takes_its_place_again(builder: CampaignBuilder) -> None:
    first, second = builder.members[:2]
    row, dora = choose(first), reviewer(builder, "dora", "slow-pike-1")
    lift(exclude(row, dora, reason="low_effort"), dora)
    assert Task.objects.get(contribution=row).seat == 0
    with pytest.raises(NotNow, match="judged by enough people"):
        ask(second)


def test_who_wins_an_appeal_is_let_in_even_when_somebody_else_has_answered(builder: CampaignBuilder) -> None:
    first, second = builder.members[:2]
    row = reject(builder, choose(first))
    other = choose(second)
    appealed = appeal_rejection(row, Membership.objects.get(pk=first.pk), "I meant it.")
    answer_appeal(
        appealed, reviewer(builder, "emil", "slow-pike-2"), grant=True, words="It is a fair choice."
    )
    row.refresh_from_db()
    assert row.standing == Contribution.ACCEPTED
    assert Task.objects.get(contribution=row).seat is None
    assert Task.objects.get(contribution=other).seat == 0
    with pytest.raises(NotNow):
        ask(builder.members[2])


def test_texts_that_an_earlier_round_asked_about_do_not_hide_the_others(alice: Caller, bob: Caller) -> None:
    """The base stays, and says a dozen of the same things again: what is new is found behind them."""
    assert bob.user is not None
    builder = CampaignBuilder.start(
        owner=alice.user, people=[bob.user], tasks={"kinds": ["rate_response"], "drafts": 2, "overlap": 1}
    ).open()
    offers = [Material("What is new?", model_response=f"Text {n}.", item=f"item-{n}") for n in range(30)]
    template = ask(builder.members[0])
    for number, offer in enumerate(offers[:29]):
        Task.objects.create(
            campaign=builder.campaign, membership=builder.members[1], round_number=0, number=number,
            kind="rate_response", prompt=offer.prompt, item=offer.item, seat=0, state=Task.DONE,
            lease_until=template.lease_until,
        )  # fmt: skip
    task = Task(
        campaign=builder.campaign, membership=builder.members[2], round_number=1, number=0,
        kind="rate_response", lease_until=template.lease_until,
    )  # fmt: skip
    assert take_seat(task, offers, overlap=1, avoid=(), rng=np.random.default_rng(1)) == offers[29]
