import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.leaving import delete_account, leave
from crowdsft.web.campaigns.models import JournalEvent, Membership
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.long_ledger import make_long
from tests.web.pages.reading import check_page

URL = "/campaigns/joy-in-comments/standings/"
PEOPLE = 10_000


def rows(answer: Any) -> list[tuple[int, str, int]]:
    """Rank, name and points of each row of the last table, which is everybody's."""
    table = answer.content.decode().rsplit("<table>", 1)[1]
    found = re.findall(
        r'<td class="num">([\d,]+)</td><th scope="row">([^<]+?)(?: <span.*?)?</th>'
        r'<td class="num">([\d,]+)</td>',
        table,
    )
    return [(int(rank.replace(",", "")), name, int(points.replace(",", ""))) for rank, name, points in found]


def long_ago(round_number: int) -> None:
    """The round was paid forty days ago."""
    paid = JournalEvent.objects.filter(kind="PointsAwarded", payload__round_number=round_number)
    assert paid.update(created=timezone.now() - timedelta(days=40)) == 1


@pytest.fixture
def played(builder: CampaignBuilder) -> CampaignBuilder:
    """Two rounds that paid, the first of them forty days ago."""
    builder.play(0.6, [0.5, 0.55, 0.4]).play(0.4, [0.35, 0.3, 0.2], [4, 1, 2, 1, 1, 1])
    long_ago(1)
    return builder


def test_all_rounds_add_up_to_the_balances(anonymous: Client, played: CampaignBuilder) -> None:
    answer = anonymous.get(URL)
    assert "6 contributors have points. 6 take part now." in check_page(answer)
    found = rows(answer)
    assert sorted(points for _, _, points in found) == sorted(played.state.balances.values())
    for rank, _, points in found:
        assert rank == 1 + sum(other > points for _, _, other in found)


@pytest.mark.parametrize(("period", "said"), [("month", "in the last 30 days"), ("round", "by round 2")])
def test_a_period_counts_what_was_paid_in_it(
    anonymous: Client, played: CampaignBuilder, period: str, said: str
) -> None:
    answer = anonymous.get(URL, {"period": period})
    assert said in check_page(answer)
    second = played.state.rounds[1].points
    assert second is not None
    assert sorted(points for _, _, points in rows(answer)) == sorted(
        award.points for award in second.awards if award.points
    )


def test_a_round_without_a_winner_is_not_the_newest_that_paid(
    anonymous: Client, played: CampaignBuilder
) -> None:
    played.play(0.2, [0.2, 0.199, 0.201])
    assert "by round 2, the newest that paid" in check_page(anonymous.get(URL, {"period": "round"}))
    assert "by round 2" not in check_page(anonymous.get(URL))


def test_what_is_paid_at_the_very_end_counts_in_the_last_days(
    anonymous: Client, alice: User, bob: User
) -> None:
    rounds = {"count": 1, "groups": 3, "close": "manual"}
    builder = CampaignBuilder.start(
        owner=alice, people=[bob], rounds=rounds, points={"policy": "decoded_shapley"}
    )
    builder.play(0.6, [0.5, 0.55, 0.4]).finish()
    closing = sum(award.points for award in builder.state.closing_awards or ())
    long_ago(1)
    found = rows(anonymous.get(URL, {"period": "month"}))
    assert sum(points for _, _, points in found) == closing > 0


def test_nothing_paid_for_a_month_says_so(anonymous: Client, builder: CampaignBuilder) -> None:
    assert "Nobody has points yet" in check_page(anonymous.get(URL))
    builder.play(0.6, [0.5, 0.55, 0.4])
    long_ago(1)
    text = check_page(anonymous.get(URL, {"period": "month"}))
    assert "No points were paid in the last 30 days" in text and "still count" in text


@pytest.mark.parametrize("query", [{"period": "century"}, {"page": "x"}, {"page": "-3"}, {"page": "9" * 30}])
def test_what_is_no_period_or_page_shows_the_beginning_or_end(
    anonymous: Client, played: CampaignBuilder, query: dict[str, str]
) -> None:
    assert len(rows(anonymous.get(URL, query))) == 6


def test_who_left_stays_with_the_points_and_who_is_deleted_without_the_name(
    anonymous: Client, bob: User, played: CampaignBuilder
) -> None:
    points = played.state.balances[played.members[0].contributor]
    leave(Membership.objects.get(campaign=played.campaign, user=bob))
    text = check_page(anonymous.get(URL))
    assert f"quiet-fern-202 has left {points}" in text and "5 take part now." in text
    delete_account(bob)
    text = check_page(anonymous.get(URL))
    assert "quiet-fern" not in text and f"somebody who left {points}" in text


def test_ten_thousand_are_paged_with_ones_own_place_in_sight(
    as_bob: Client, bob: User, builder: CampaignBuilder, django_assert_max_num_queries: Any
) -> None:
    make_long(builder, entries=PEOPLE)
    Membership.objects.bulk_create(
        [
            Membership(
                campaign=builder.campaign, contributor=f"{number:020d}", pseudonym=f"person-{number}",
                role=Membership.CONTRIBUTOR, consent="x",
            )
            for number in range(PEOPLE)
        ]
    )  # fmt: skip
    Membership.objects.filter(user=bob).delete()
    mine = Membership.objects.get(contributor=f"{7_000:020d}")
    mine.user = bob
    mine.save()
    as_bob.get(URL)
    for query in ({}, {"page": "141"}, {"page": "200", "period": "round"}, {"period": "month"}):
        started = time.perf_counter()
        with django_assert_max_num_queries(10):
            answer = as_bob.get(URL, query)
        assert time.perf_counter() - started < 2.0
        text = check_page(answer)
        assert {rank for rank, _, _ in rows(answer)} == {1} and len(rows(answer)) == 50
        assert ("Around you" in text) is (query.get("page") != "141")
        assert "person-7000 you" in text and "Page " in text
    for words in ("you lost", "behind", "to the next rank"):
        assert words not in text


def test_the_campaign_leads_to_it(anonymous: Client, played: CampaignBuilder) -> None:
    assert f'href="{URL}"' in anonymous.get("/campaigns/joy-in-comments/").content.decode()
