import re
import time
from typing import Any

import pytest
from django.test import Client

from crowdsft.core.ledger import LedgerHead, chain
from crowdsft.web.campaigns import ledger_check
from crowdsft.web.campaigns.ledger_check import check_ledger, forget_checks
from crowdsft.web.campaigns.models import Campaign, LedgerRow
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.long_ledger import make_long
from tests.web.pages.reading import check_page

URL = "/campaigns/joy-in-comments/ledger/"


@pytest.fixture
def played(builder: CampaignBuilder) -> CampaignBuilder:
    """Two rounds that paid."""
    return builder.play(0.6, [0.5, 0.55, 0.4]).play(0.4, [0.35, 0.3, 0.2])


def test_anybody_sees_that_the_ledger_holds(anonymous: Client, played: CampaignBuilder) -> None:
    text = check_page(anonymous.get(URL))
    head = played.state.ledger_head
    assert "This ledger holds." in text and head.hash in text
    assert f"Entries {head.position} Points in them 2,000 Points the rounds paid 2,000" in text
    assert "quiet-fern-202" in text


def test_before_the_first_payment_there_is_nothing_to_check(
    anonymous: Client, builder: CampaignBuilder
) -> None:
    assert "There are no entries yet." in check_page(anonymous.get(URL))
    assert anonymous.get("/campaigns/joy-in-comments/ledger.jsonl").getvalue() == b""


def test_ones_own_entries_are_marked_and_payments_lead_to_them(
    as_bob: Client, played: CampaignBuilder
) -> None:
    points = as_bob.get("/campaigns/joy-in-comments/points/").content.decode()
    link = re.search(r'href="(/campaigns/joy-in-comments/ledger/\?entry=(\d+)#entry-\2)"', points)
    assert link is not None
    markup = as_bob.get(link[1].split("#")[0]).content.decode()
    assert f'<tr id="entry-{link[2]}" aria-current="true" class="own">' in markup
    for page in ("/campaigns/joy-in-comments/", "/campaigns/joy-in-comments/points/"):
        assert f'href="{URL}"' in as_bob.get(page).content.decode()


@pytest.mark.parametrize("entry", ["0", "x", "-1", "999999999", "99999999999", "²"])
def test_an_entry_that_is_none_shows_the_newest(
    anonymous: Client, played: CampaignBuilder, entry: str
) -> None:
    assert "Entries, newest first" in check_page(anonymous.get(URL, {"entry": entry}))


def test_who_deleted_the_account_has_no_name_in_it(
    anonymous: Client, bob: Any, played: CampaignBuilder
) -> None:
    from crowdsft.web.campaigns.leaving import delete_account

    delete_account(bob)
    text = check_page(anonymous.get(URL))
    assert "quiet-fern-202" not in text and "somebody who left" in text and "This ledger holds." in text


def test_a_draft_has_no_ledger_for_others(
    anonymous: Client, as_alice: Client, builder: CampaignBuilder
) -> None:
    Campaign.objects.update(life=Campaign.DRAFT)
    for path in (URL, f"{URL}check/", "/campaigns/joy-in-comments/ledger.jsonl"):
        assert anonymous.get(path).status_code == 404


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda row: LedgerRow.objects.filter(pk=row.pk).update(amount=row.amount + 1),
            "does not match its hash",
        ),
        (
            lambda row: LedgerRow.objects.filter(pk=row.pk).update(contributor="x" * 20),
            "does not match its hash",
        ),
        (lambda row: row.delete(), "but by the journal"),
    ],
)
def test_whatever_was_changed_in_the_database_shows(
    anonymous: Client, played: CampaignBuilder, change: Any, said: str
) -> None:
    row = LedgerRow.objects.order_by("position").last()
    assert row is not None
    change(row)
    text = check_page(anonymous.get(URL))
    assert "This ledger does not hold." in text and said in text and "no points are lost" in text
    assert "This ledger holds" not in text


def test_an_entry_added_to_the_chain_that_no_round_paid_shows(
    anonymous: Client, played: CampaignBuilder
) -> None:
    head = played.state.ledger_head
    (forged,), _ = chain(
        LedgerHead(head.position, head.hash),
        [(played.members[1].contributor, 5)],
        campaign=played.campaign.slug,
        round_number=2,
        reason="award of round 2",
    )
    LedgerRow.objects.create(
        campaign=played.campaign,
        position=forged.position,
        round_number=2,
        contributor=forged.contributor,
        amount=5,
        reason=forged.reason,
        previous=forged.previous,
        hash=forged.hash,
    )
    assert "some were removed or added at its end" in check_page(anonymous.get(URL))


def test_a_checked_ledger_is_remembered_and_only_new_entries_are_read(
    builder: CampaignBuilder, django_assert_num_queries: Any
) -> None:
    builder.play(0.6, [0.5, 0.55, 0.4])
    first = check_ledger(builder.campaign)
    row = LedgerRow.objects.order_by("position").first()
    assert row is not None
    builder.play(0.4, [0.35, 0.3, 0.2])
    with django_assert_num_queries(4):
        second = check_ledger(builder.campaign)
    assert first.is_sound and second.is_sound and second.entries > first.entries
    with django_assert_num_queries(3):
        assert check_ledger(builder.campaign) == second


def test_everything_is_checked_anew_after_a_while(
    played: CampaignBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check_ledger(played.campaign).is_sound
    LedgerRow.objects.filter(position=0).update(amount=1)
    monkeypatch.setattr(ledger_check, "KEPT_SECONDS", 0.0)
    assert not check_ledger(played.campaign).is_sound


def test_a_long_ledger_is_checked_in_portions_and_no_request_waits_for_it(
    anonymous: Client, builder: CampaignBuilder
) -> None:
    entries = 12_000
    make_long(builder, entries=entries)
    longest, seen = 0.0, []
    while True:
        started = time.perf_counter()
        found = check_ledger(builder.campaign, seconds=0.0)
        longest = max(longest, time.perf_counter() - started)
        seen.append(found.checked)
        if found.is_done:
            break
    assert found.is_sound and found.total == found.paid == entries
    assert seen == [2_000, 4_000, 6_000, 8_000, 10_000, 12_000, 12_000] and longest < 2.0
    text = check_page(anonymous.get(URL, {"page": 240}))
    assert "Page 240 of 240" in text and "This ledger holds." in text


def test_a_page_that_waits_says_how_far_it_is(
    anonymous: Client, builder: CampaignBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_ledger, "__kwdefaults__", {"seconds": 0.0})
    make_long(builder, entries=5_000)
    text = check_page(anonymous.get(URL))
    assert "We are checking every entry." in text and "2,000 of 5,000 so far" in text
    assert 'hx-trigger="load delay:200ms"' in anonymous.get(f"{URL}check/").content.decode()
    assert "This ledger holds." in anonymous.get(f"{URL}check/").content.decode()
    forget_checks()


def test_a_page_of_entries_costs_the_same_wherever_it_is(
    anonymous: Client, builder: CampaignBuilder, django_assert_max_num_queries: Any
) -> None:
    make_long(builder, entries=3_000)
    anonymous.get(URL)
    for page in (1, 60):
        with django_assert_max_num_queries(9):
            anonymous.get(URL, {"page": page})
