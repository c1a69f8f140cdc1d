"""A campaign's ledger, for anybody: its entries, as a file, and whether it holds."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router, Schema

from crowdsft.web.api.access import answers, find_campaign
from crowdsft.web.campaigns.ledger_check import check_ledger
from crowdsft.web.campaigns.ledger_reading import as_array, as_lines

router = Router(tags=["campaigns"])
MOST = 10**9


class Entry(Schema):
    """A ledger entry; anybody can check the chain of hashes.

    `hash` is the SHA-256 of the JSON array [previous, position, campaign, round, contributor, amount, reason]
    in UTF-8, without blanks and without escapes for letters; the first `previous` is 64 zeros.
    """

    position: int
    campaign: str
    round: int
    contributor: str
    amount: int
    reason: str
    previous: str
    hash: str


class Check(Schema):
    """What checking the ledger has found so far.

    `state`: "checking" (ask again, it goes on from there), "sound" or "broken", with what does not fit as `problem`.
    `total` are the points in the `checked` entries, `paid` those that the rounds paid by the journal, and `head` is the
    hash of the last entry that is checked.
    """

    state: Literal["checking", "sound", "broken"]
    entries: int
    checked: int
    total: int
    paid: int
    head: str
    problem: str


@router.get("/campaigns/{slug}/ledger", auth=None, response=answers(list[Entry], 404, 422))
def entries(
    request: HttpRequest,
    slug: str,
    first: Annotated[int, Query(ge=0, le=MOST)] = 0,
    limit: Annotated[int | None, Query(ge=1, le=MOST)] = None,
) -> StreamingHttpResponse:
    """The ledger, oldest entry first: all of it, or `limit` entries from position `first` on."""
    campaign = find_campaign(slug)
    return StreamingHttpResponse(
        as_array(campaign, first, limit), content_type="application/json; charset=utf-8"
    )


@router.get("/campaigns/{slug}/ledger.jsonl", auth=None, response=answers(str, 404))
def lines(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """The whole ledger as JSON lines, oldest entry first."""
    return StreamingHttpResponse(
        as_lines(find_campaign(slug)), content_type="application/jsonl; charset=utf-8"
    )


@router.get("/campaigns/{slug}/ledger/check", auth=None, response=answers(Check, 404))
def check(request: HttpRequest, slug: str) -> Check:
    """Whether the ledger is unbroken and holds what the rounds paid; of a long one a part is checked at a time."""
    found = check_ledger(find_campaign(slug))
    return Check(
        state="sound" if found.is_sound else "broken" if found.is_done else "checking",
        entries=found.entries,
        checked=found.checked,
        total=found.total,
        paid=found.paid,
        head=found.head,
        problem=found.problem,
    )
