"""Prepared queries give what the queries that they are made of give, on whatever database."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import Campaign, JournalEvent, Membership
from crowdsft.web.prepared import Prepared

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    owner = User.objects.create(username="alice", pseudonym="amber")
    found = Campaign.objects.create(slug="calm", name="Calm", owner=owner, plan={"a": [1, "ü"]})
    Membership.objects.create(
        campaign=found, user=owner, contributor="c1", pseudonym="amber", role=Membership.ORGANISER
    )
    for position in range(3):
        JournalEvent.objects.create(campaign=found, position=position, kind="K", payload={"p": position})
    return found


def values(row: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name != "_state"}


def test_rows_are_those_of_the_query(campaign: Campaign) -> None:
    find = Prepared(
        lambda number, position: JournalEvent.objects.filter(
            campaign=number, position__gte=position, kind="K"
        ).order_by("position")
    )
    for position in (0, 2, 9):
        wanted = JournalEvent.objects.filter(campaign=campaign, position__gte=position).order_by("position")
        assert [values(row) for row in find.rows(campaign.pk, position)] == [values(row) for row in wanted]
    assert find.first(campaign.pk, 9) is None
    assert find.first(campaign.pk, 1) == JournalEvent.objects.get(position=1)


def test_rows_are_counted(campaign: Campaign) -> None:
    find = Prepared(
        lambda number, position: JournalEvent.objects.filter(campaign=number, position__gte=position).only(
            "pk"
        )
    )
    assert [find.count(campaign.pk, position) for position in (0, 2, 9)] == [3, 1, 0]
    assert len(find.rows(campaign.pk, 0)) == 3


@pytest.mark.parametrize("number", [2**63, -(2**63), 10**40])
def test_a_number_that_no_database_can_hold_is_nowhere(number: int, campaign: Campaign) -> None:
    find = Prepared(lambda number: Campaign.objects.filter(pk=number).only("pk"))
    assert (find.rows(number), find.first(number), find.count(number)) == ([], None, 0)
    assert find.first(campaign.pk) == campaign


def test_joined_rows_come_along_in_one_query(campaign: Campaign) -> None:
    find = Prepared(
        lambda slug: Membership.objects.filter(campaign__slug=slug).select_related("campaign", "user")
    )
    with CaptureQueriesContext(connection) as asked:
        found = find.first("calm")
        assert found is not None and found.user is not None
        assert (found.campaign.plan, found.user.username) == ({"a": [1, "ü"]}, "alice")
    assert len(asked) == 1
    assert values(found.campaign) == values(campaign)


def test_what_is_deferred_is_read_when_asked_for(campaign: Campaign) -> None:
    find = Prepared(lambda slug: Campaign.objects.filter(slug=slug).select_related("step").defer("plan"))
    found = find.first("calm")
    assert found is not None and "plan" not in vars(found) and not hasattr(found, "step")
    assert found.plan == {"a": [1, "ü"]}


def test_equal_values_keep_their_places(campaign: Campaign) -> None:
    find = Prepared(lambda name, slug: Campaign.objects.filter(name=name, slug=slug))
    assert find.first("calm", "calm") is None
    assert find.first("Calm", "calm") == campaign
    assert find.first("Calm'; --", "calm") is None


def test_a_value_without_a_place_is_our_own_bug(campaign: Campaign) -> None:
    find = Prepared(lambda slug, unused: Campaign.objects.filter(slug=slug))
    with pytest.raises(AssertionError, match="no place"):
        find.first("calm", "unused")
