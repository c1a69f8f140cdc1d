"""The page about judging: who may see it, what it says, and that nothing follows from it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.models import Task
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db


def judging(alice: User, bob: User, **gold: Any) -> CampaignBuilder:
    return CampaignBuilder.start(
        owner=alice,
        people=[bob],
        tasks={"kinds": ["choose_response", "rate_response"], "drafts": 24},
        gold=gold or {"choose": [{"prompt": "P", "better": "B", "worse": "W"}]},
    ).open()


def judge(
    member: Membership, verdicts: list[int], kind: str = "choose_response", expected: int | None = None
) -> None:
    begin = Task.objects.filter(membership=member).count()
    for number, verdict in enumerate(verdicts):
        Task.objects.create(
            campaign=member.campaign, membership=member, round_number=1, number=begin + number, kind=kind,
            prompt="P", item=f"{kind} {expected} {number}", verdict=verdict, expected=expected, state=Task.DONE,
            lease_until=timezone.now(),
        )  # fmt: skip


def page_of(user: User, address: str) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return re.sub(r"[ \n]+", " ", answer.content.decode())


def test_organisers_see_the_figures_with_their_ranges(alice: User, bob: User) -> None:
    builder = judging(alice, bob)
    first, second, third = builder.members[:3]
    for member in (first, second):
        judge(member, [0, 1] * 6)
    judge(third, [1, 0] * 6)
    judge(first, [0] * 6, expected=0)
    judge(third, [1] * 6, expected=0)
    page = page_of(alice, f"/campaigns/{builder.campaign.slug}/judgements/")
    assert (
        "6 of 12 known answers right; the share lies between 25\N{NO-BREAK SPACE}% and 75\N{NO-BREAK SPACE}%"
        in page
    )
    assert "Same answer</dt><dd>33\N{NO-BREAK SPACE}%" in page
    assert "hardly more often than answers drawn by chance" in page
    assert "No text was judged by two people so far" in page  # rating
    assert page.index(third.pseudonym) < page.index(first.pseudonym)
    assert page.count("Often wrong") == 1 and page.count("Mostly right") == 1
    assert "0 of 6<br>" in page and "6 of 6<br>" in page
    assert "nothing follows from them by itself" in page
    assert not Membership.objects.filter(moderations__isnull=False).exists()


def test_contributors_and_strangers_do_not(alice: User, bob: User, charlie: User, client: Client) -> None:
    builder = judging(alice, bob)
    address = f"/campaigns/{builder.campaign.slug}/judgements/"
    assert client.get(address).status_code == 302
    for user in (bob, charlie):
        client.force_login(user)
        assert client.get(address).status_code == 403


def test_a_campaign_without_answers_or_without_judging_says_so(alice: User, bob: User) -> None:
    page = page_of(alice, f"/campaigns/{judging(alice, bob).campaign.slug}/judgements/")
    assert "None was answered yet" in page and "Nobody has judged anything yet" in page
    plain = CampaignBuilder.start(owner=alice, people=[bob]).open()
    assert "Nobody judges here" in page_of(alice, f"/campaigns/{plain.campaign.slug}/judgements/")


def test_everybody_the_same_is_said_in_words(alice: User, bob: User) -> None:
    builder = judging(alice, bob)
    for member in builder.members[:3]:
        judge(member, [4, 4, 4], "rate_response")
    page = page_of(alice, f"/campaigns/{builder.campaign.slug}/judgements/")
    assert "Everybody gave the same answer to everything" in page and "nan" not in page.lower().split()


def test_many_people_come_in_pages(alice: User, bob: User) -> None:
    builder = CampaignBuilder.start(
        owner=alice,
        others=[f"somebody-{n:02}" for n in range(60)],
        tasks={"kinds": ["choose_response"], "drafts": 24},
    ).open()
    for member in builder.members:
        judge(member, [0, 1])
    address = f"/campaigns/{builder.campaign.slug}/judgements/"
    first, second = page_of(alice, address), page_of(alice, f"{address}?page=2")
    assert "Page 1 of 2" in first and "somebody-00" in first
    assert "somebody-59" in second and "somebody-59" not in first


def test_it_is_linked_from_where_organisers_and_reviewers_are(alice: User, bob: User) -> None:
    builder = judging(alice, bob)
    for place in ("manage", "reviews"):
        page = page_of(alice, f"/campaigns/{builder.campaign.slug}/{place}/")
        assert f'href="/campaigns/{builder.campaign.slug}/judgements/"' in page


def test_contributors_read_their_own_figures_beside_their_contributions(alice: User, bob: User) -> None:
    builder = judging(alice, bob)
    mine = f"/campaigns/{builder.campaign.slug}/mine/"
    assert "How you judge" not in page_of(bob, mine)
    judge(builder.members[0], [0, 1, 0])
    judge(builder.members[1], [0, 1, 1])
    judge(builder.members[0], [0, 0], expected=0)
    page = page_of(bob, mine)
    assert "2 of 2 known answers right" in page
    assert "the same as others in 67\N{NO-BREAK SPACE}% of cases, on 3 texts" in page
    assert builder.members[1].pseudonym not in page
