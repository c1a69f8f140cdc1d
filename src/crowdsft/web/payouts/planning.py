"""What a payout would be: computed from the ledger and the payouts before it, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Max, Min, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from crowdsft.core.errors import InputError
from crowdsft.core.ledger import LedgerHead
from crowdsft.core.payout import Share, divide, parse_amount
from crowdsft.web.campaigns.models import Campaign, LedgerRow
from crowdsft.web.payouts.models import Payout, PayoutLine

LONGEST_CURRENCY = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an organiser asks for; amounts in the smallest unit. `last_round` is None for all up to now."""

    currency: str
    places: int
    budget: int
    minimum: int
    first_round: int
    last_round: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A payout that could be fixed now. `head` is the ledger's newest entry that it knows."""

    wanted: Wanted
    last_round: int
    head: LedgerHead
    shares: tuple[Share, ...]

    @property
    def paid(self) -> int:
        """What is paid now, in all."""
        return sum(share.amount for share in self.shares)

    @property
    def owed_before(self) -> int:
        """What earlier payouts owe, in all."""
        return sum(share.owed_before for share in self.shares)

    @property
    def owed_after(self) -> int:
        """What is owed from then on, in all."""
        return sum(share.owed_after for share in self.shares)

    @property
    def points(self) -> int:
        """The points that it covers."""
        return sum(share.points for share in self.shares)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of what it says."""
        head, wanted = self.head, self.wanted
        says = [
            wanted.currency,
            wanted.places,
            wanted.budget,
            wanted.minimum,
            wanted.first_round,
            self.last_round,
        ]
        says += [head.position, head.hash]
        lines = [
            [s.contributor, s.points, s.share, s.owed_before, s.amount, s.owed_after] for s in self.shares
        ]
        text = json.dumps([says, sorted(lines)], separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def read_wanted(
    *, amount: str, currency: str, places: int, minimum: str, first_round: int, last_round: int | None
) -> Wanted:
    """What was typed, as values.

    Raises:
        InputError: saying what is wrong with it.
    """
    unit = " ".join(currency.split())
    if not unit or len(unit) > LONGEST_CURRENCY or not unit.isprintable():
        raise InputError(
            _("Say what the amount is in, in at most 20 characters: EUR, or hours of computing.")
        )
    budget = parse_amount(amount, places)
    if budget == 0:
        raise InputError(_("The amount is 0, so there is nothing to divide."))
    if last_round is not None and last_round < first_round:
        raise InputError(_("The last round lies before the first one. Turn them round."))
    return Wanted(unit, places, budget, parse_amount(minimum or "0", places), first_round, last_round)


def plan_payout(campaign: Campaign, wanted: Wanted) -> Plan:
    """The payout that `wanted` means as the ledger stands now.

    Raises:
        InputError: when there is nothing to divide by.
    """
    newest = LedgerRow.objects.filter(campaign=campaign).order_by("-position").first()
    if newest is None:
        raise InputError(_("Nobody has points yet, so there is nothing to divide."))
    last_round = (
        newest.round_number if wanted.last_round is None else min(wanted.last_round, newest.round_number)
    )
    head = LedgerHead(newest.position + 1, newest.hash)
    return _planned(campaign, wanted, last_round, head, _standing(campaign))


def plan_again(payout: Payout) -> Plan:
    """What a fixed payout must have been, from the ledger up to its head and the payouts before it."""
    wanted = Wanted(
        payout.currency, payout.places, payout.budget, payout.minimum, payout.first_round, payout.last_round
    )
    before = [
        p
        for p in Payout.objects.filter(campaign=payout.campaign, number__lt=payout.number)
        if stood(p, payout)
    ]
    head = LedgerHead(payout.head_position, payout.head_hash)
    return _planned(payout.campaign, wanted, payout.last_round, head, before)


def stood(earlier: Payout, later: Payout) -> bool:
    """Whether `earlier` counted when `later` was fixed."""
    return earlier.voided is None or earlier.voided > later.fixed


def unpaid_rounds(campaign: Campaign) -> tuple[int, int] | None:
    """The first and the last round with points that no payout covers, or None."""
    rows = uncovered(campaign, _standing(campaign))
    found = rows.aggregate(first=Min("round_number"), last=Max("round_number"))
    return None if found["first"] is None else (found["first"], found["last"])


def uncovered(campaign: Campaign, payouts: Sequence[Payout]) -> QuerySet[LedgerRow]:
    """The entries of the ledger that none of `payouts` covers."""
    covered = Q(pk__in=[])
    for payout in payouts:
        covered |= Q(
            round_number__gte=payout.first_round,
            round_number__lte=payout.last_round,
            position__lt=payout.head_position,
        )
    return LedgerRow.objects.filter(campaign=campaign).exclude(covered)


def _standing(campaign: Campaign) -> list[Payout]:
    return list(Payout.objects.filter(campaign=campaign, voided=None).order_by("number"))


def _planned(
    campaign: Campaign, wanted: Wanted, last_round: int, head: LedgerHead, before: Sequence[Payout]
) -> Plan:
    entries = uncovered(campaign, before).filter(
        round_number__gte=wanted.first_round, round_number__lte=last_round, position__lt=head.position
    )
    points = dict(entries.order_by().values_list("contributor").annotate(Sum("amount")))
    shares = divide(wanted.budget, points, owed=_owed(wanted, before), minimum=wanted.minimum, ties=head.hash)
    return Plan(wanted, last_round, head, shares)


def _owed(wanted: Wanted, before: Sequence[Payout]) -> dict[str, int]:
    """What is owed in the same unit: the newest such payout knows, as all who are owed take part in every one."""
    same = [p for p in before if (p.currency, p.places) == (wanted.currency, wanted.places)]
    if not same:
        return {}
    rows = PayoutLine.objects.filter(payout=same[-1], owed_after__gt=0)
    return dict(rows.values_list("contributor", "owed_after"))
