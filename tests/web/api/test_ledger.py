from __future__ import annotations

import json

import pytest

from crowdsft.web.campaigns.ledger_check import forget_checks
from crowdsft.web.campaigns.models import LedgerRow
from tests.web.api.callers import Caller, refusal
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.long_ledger import make_long

pytestmark = pytest.mark.django_db
ADDRESS = "/campaigns/joy-in-comments/ledger"


@pytest.fixture
def played(builder: CampaignBuilder) -> CampaignBuilder:
    return builder.play(1.0, [0.7, 0.9, 1.1])


def test_the_file_the_array_and_its_parts_are_the_same_entries(
    anybody: Caller, played: CampaignBuilder
) -> None:
    entries = anybody.get(ADDRESS)
    answer = anybody("GET", f"{ADDRESS}.jsonl")
    assert [json.loads(line) for line in answer.getvalue().splitlines()] == entries
    parts = [anybody.get(f"{ADDRESS}?first={first}&limit=2") for first in range(0, len(entries), 2)]
    assert [entry for part in parts for entry in part] == entries and len(parts[0]) == 2
    assert anybody.get(f"{ADDRESS}?first=999") == []


@pytest.mark.parametrize("query", ["first=-1", "limit=0", "first=x", "limit=99999999999999"])
def test_a_part_that_cannot_be_is_refused(anybody: Caller, played: CampaignBuilder, query: str) -> None:
    refusal(anybody("GET", f"{ADDRESS}?{query}"), 422)


def test_a_long_ledger_is_whole_in_the_file(anybody: Caller, builder: CampaignBuilder) -> None:
    make_long(builder, entries=4_001)
    lines = anybody("GET", f"{ADDRESS}.jsonl").getvalue().splitlines()
    assert [json.loads(line)["position"] for line in lines] == list(range(4_001))
    assert len(anybody.get(f"{ADDRESS}?first=1999&limit=2001")) == 2_001


def test_the_check_says_whether_it_holds(anybody: Caller, played: CampaignBuilder) -> None:
    head = played.state.ledger_head
    assert anybody.get(f"{ADDRESS}/check") == {
        "state": "sound",
        "entries": head.position,
        "checked": head.position,
        "total": 1000,
        "paid": 1000,
        "head": head.hash,
        "problem": "",
    }
    LedgerRow.objects.filter(position=1).update(amount=1)
    forget_checks()
    found = anybody.get(f"{ADDRESS}/check")
    assert found["state"] == "broken" and "position 1 does not match its hash" in found["problem"]


def test_there_is_no_ledger_of_nothing(anybody: Caller) -> None:
    for path in ("", ".jsonl", "/check"):
        refusal(anybody("GET", f"/campaigns/none/ledger{path}"), 404)
