"""Closing a round says whose text each contribution is."""

from __future__ import annotations

import pytest

from crowdsft.web.contributions.models import Contribution
from crowdsft.web.journal_django import contribution_digest
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db
BREAD = "The bakery on our street sells warm bread from five in the morning."


def hand_in(builder: CampaignBuilder, member: int, text: str, *, draft: str = "") -> None:
    Contribution.objects.create(
        campaign=builder.campaign,
        membership=builder.members[member],
        kind="correct_response" if draft else "write_response",
        prompt="How was your day?",
        response=text,
        model_response=draft,
        digest=contribution_digest("How was your day?", text),
    )


def authors(builder: CampaignBuilder, round_number: int) -> dict[str, str | None]:
    """Who copied whom in a round, by contributor; None where everything is one's own."""
    refs = builder.state.rounds[round_number - 1].contributions or ()
    found: dict[str, str | None] = {}
    for ref in refs:
        found[ref.contributor] = found.get(ref.contributor) or ref.author
    return found


def test_in_one_round_the_earlier_text_counts() -> None:
    builder = CampaignBuilder.start(owner=None).open()
    first, second, third = (member.contributor for member in builder.members[:3])
    hand_in(builder, 1, BREAD)
    hand_in(builder, 0, BREAD.upper() + "!")
    hand_in(builder, 2, "It rained all day long and I read a book.")
    builder.close()
    assert authors(builder, 1) == {first: second, second: None, third: None}


def test_what_was_said_in_an_earlier_round_is_known() -> None:
    builder = CampaignBuilder.start(owner=None).open()
    hand_in(builder, 1, BREAD)
    builder.contribute().close().decide(1.0, [0.9, 0.8, 0.7]).open()
    hand_in(builder, 0, BREAD.replace("bakery", "bakkery"))
    builder.contribute().close()
    found = authors(builder, 2)
    assert found.pop(builder.members[0].contributor) == builder.members[1].contributor
    assert set(found.values()) == {None}


def test_points_go_to_whoever_wrote_it_first() -> None:
    builder = CampaignBuilder.start(owner=None, points={"policy": "rank", "budget_per_round": 600}).open()
    for member in range(3):
        hand_in(builder, member, BREAD)
    builder.close().decide(1.0, [0.9, 0.8, 0.7])
    balances = builder.state.balances
    assert {member.contributor: balances.get(member.contributor, 0) for member in builder.members[:3]} == {
        builder.members[0].contributor: 600,
        builder.members[1].contributor: 0,
        builder.members[2].contributor: 0,
    }
