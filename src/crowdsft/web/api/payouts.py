"""Payouts: planned, fixed, marked by organisers; seen by whom they are for."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from crowdsft.core.errors import InputError
from crowdsft.core.payout import amount_text
from crowdsft.web.accounts.models import User
from crowdsft.web.api.access import (
    answers,
    find_campaign,
    find_membership,
    find_own_campaign,
    organising,
    signed_in,
)
from crowdsft.web.api.errors import NotFoundError
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.payouts import paying
from crowdsft.web.payouts.export import about, record
from crowdsft.web.payouts.models import Payout, PayoutLine
from crowdsft.web.payouts.own import own_payouts
from crowdsft.web.payouts.planning import Plan, plan_payout, read_wanted

router = Router(tags=["payouts"])
MOST_LINES = 1000


class WantedPayout(Schema):
    """An amount to divide. Amounts are texts: "500" or "500.00"; `last_round` of null means up to now."""

    amount: str
    currency: str
    places: int = Field(default=2, ge=0, le=8)
    minimum: str = "0"
    first_round: int = Field(default=1, ge=1)
    last_round: int | None = Field(default=None, ge=1)


class ShareOut(Schema):
    """What a payout means for one contributor: `amount` is paid now, `owed_after` with the next payout."""

    contributor: str
    pseudonym: str
    points: int
    share: str
    owed_before: str
    amount: str
    owed_after: str
    currency: str


class LineOut(ShareOut):
    """A fixed line. `state`: due, paid, failed, or owed when nothing of it is paid now."""

    id: int
    state: str
    reference: str


class Preview(Schema):
    """What would be fixed now: send `digest` along to fix exactly this."""

    digest: str
    last_round: int
    points: int
    paid: str
    owed_after: str
    lines: list[ShareOut]


class FixPayout(WantedPayout):
    """A payout to fix, with the digest of its preview."""

    digest: str


class PayoutOut(Schema):
    """A fixed payout. `is_sound`: its lines are what the ledger gives."""

    campaign: str
    number: int
    budget: str
    minimum: str
    currency: str
    places: int
    first_round: int
    last_round: int
    ledger_entries: int
    ledger_head: str
    digest: str
    fixed: datetime
    voided: datetime | None
    is_sound: bool


class Mark(Schema):
    """How a line is now; for a failure `reference` is the reason, which its contributor reads."""

    state: Literal["due", "paid", "failed"]
    reference: str = ""


class Reference(Schema):
    """The reference of a payment, or the reason of a decision."""

    reference: str = ""


class Paging(Schema):
    """Which part of a long list."""

    limit: int = Field(default=200, ge=1, le=MOST_LINES)
    offset: int = Field(default=0, ge=0, le=10**9)


class Marked(Schema):
    """How many lines were marked."""

    lines: int


class MyPayout(LineOut):
    """A line of yours, with its payout's number."""

    payout: int


@router.get("/campaigns/{slug}/payouts", response=answers(list[PayoutOut], 401, 403, 404))
def payouts(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    """The campaign's payouts, newest first (organisers)."""
    campaign, _ = _own(request, slug)
    return [_out(row) for row in Payout.objects.filter(campaign=campaign).select_related("campaign")]


@router.post("/campaigns/{slug}/payouts/preview", response=answers(Preview, 401, 403, 404, 422))
def preview(request: HttpRequest, slug: str, body: WantedPayout) -> dict[str, Any]:
    """What a payout would be now; nothing is fixed (organisers)."""
    campaign, _ = _own(request, slug)
    plan = _plan(campaign, body)
    names = dict(campaign.memberships.values_list("contributor", "pseudonym"))
    fields = ("share", "owed_before", "amount", "owed_after")
    return {
        "digest": plan.digest,
        "last_round": plan.last_round,
        "points": plan.points,
        "paid": amount_text(plan.paid, plan.wanted.places),
        "owed_after": amount_text(plan.owed_after, plan.wanted.places),
        "lines": [
            {
                "contributor": share.contributor,
                "pseudonym": names.get(share.contributor, ""),
                "points": share.points,
                "currency": plan.wanted.currency,
                **{name: amount_text(getattr(share, name), plan.wanted.places) for name in fields},
            }
            for share in plan.shares
        ],
    }


@router.post("/campaigns/{slug}/payouts", response=answers(PayoutOut, 401, 403, 404, 422, status=201))
def fix(request: HttpRequest, slug: str, body: FixPayout) -> Status[dict[str, Any]]:
    """Fix a payout as it was previewed: its points are paid out from here on (organisers)."""
    campaign, user = _own(request, slug)
    plan = _plan(campaign, body)
    if plan.digest != body.digest:
        raise InputError("Something has changed since the preview. Nothing was fixed; ask for a new preview.")
    return Status(201, _out(paying.fix_payout(campaign, user, plan)))


@router.get(
    "/campaigns/{slug}/payouts/{int:number}/lines", response=answers(list[LineOut], 401, 403, 404, 422)
)
def lines(
    request: HttpRequest,
    slug: str,
    number: int,
    paging: Query[Paging],
) -> list[dict[str, Any]]:
    """A payout's lines, most points first (organisers)."""
    payout, _ = _payout(request, slug, number)
    found = list(payout.lines.all()[paging.offset : paging.offset + paging.limit])
    rows = payout.campaign.memberships.filter(contributor__in=[line.contributor for line in found])
    names = dict(rows.values_list("contributor", "pseudonym"))
    return [_line(payout, line, names.get(line.contributor, "")) for line in found]


@router.put(
    "/campaigns/{slug}/payouts/{int:number}/lines/{int:line_id}",
    response=answers(LineOut, 401, 403, 404, 422),
)
def mark(request: HttpRequest, slug: str, number: int, line_id: int, body: Mark) -> dict[str, Any]:
    """Say that a line was paid, failed, or is due after all; its contributor is told (organisers)."""
    payout, user = _payout(request, slug, number)
    line = paying.mark_line(payout, user, line_id, body.state, body.reference)
    member = payout.campaign.memberships.filter(contributor=line.contributor).first()
    return _line(payout, line, member.pseudonym if member else "")


@router.post("/campaigns/{slug}/payouts/{int:number}/paid", response=answers(Marked, 401, 403, 404, 422))
def mark_all(request: HttpRequest, slug: str, number: int, body: Reference) -> Marked:
    """Say that all lines that are due were paid (organisers)."""
    payout, user = _payout(request, slug, number)
    return Marked(lines=paying.mark_all_paid(payout, user, body.reference))


@router.post("/campaigns/{slug}/payouts/{int:number}/void", response=answers(PayoutOut, 401, 403, 404, 422))
def void(request: HttpRequest, slug: str, number: int, body: Reference) -> dict[str, Any]:
    """Take the newest payout back while nothing of it is paid; `reference` says why (organisers)."""
    payout, user = _payout(request, slug, number)
    paying.void_payout(payout, user, body.reference)
    return _out(payout)


@router.get("/campaigns/{slug}/me/payouts", response=answers(list[MyPayout], 401, 403, 404))
def my_payouts(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    """Your lines of the campaign's payouts, newest first."""
    membership = find_membership(find_campaign(slug), signed_in(request))
    found = own_payouts(membership).lines
    return [{"payout": x.payout.number, **_line(x.payout, x, membership.pseudonym)} for x in found]


def _own(request: HttpRequest, slug: str) -> tuple[Campaign, User]:
    user = organising(request)
    return find_own_campaign(slug, user), user


def _payout(request: HttpRequest, slug: str, number: int) -> tuple[Payout, User]:
    campaign, user = _own(request, slug)
    payout = Payout.objects.filter(campaign=campaign, number=number).first()
    if payout is None:
        raise NotFoundError(f"There is no payout {number}. GET /api/campaigns/{slug}/payouts lists them.")
    payout.campaign = campaign
    return payout, user


def _plan(campaign: Campaign, body: WantedPayout) -> Plan:
    wanted = read_wanted(
        amount=body.amount,
        currency=body.currency,
        places=body.places,
        minimum=body.minimum,
        first_round=body.first_round,
        last_round=body.last_round,
    )
    return plan_payout(campaign, wanted)


def _out(payout: Payout) -> dict[str, Any]:
    return {**about(payout), "is_sound": paying.is_as_the_ledger_says(payout)}


def _line(payout: Payout, line: PayoutLine, pseudonym: str) -> dict[str, Any]:
    return {"id": line.pk, **record(payout, line, pseudonym)}
