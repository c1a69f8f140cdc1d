"""What payouts mean for one contributor."""

from __future__ import annotations

from dataclasses import dataclass

from crowdsft.web.campaigns.models import Membership
from crowdsft.web.payouts.models import PayoutLine


@dataclass(frozen=True, slots=True)
class OwnPayouts:
    """One contributor's lines, newest first, and how many of their points payouts cover."""

    lines: tuple[PayoutLine, ...]
    points: int


def own_payouts(membership: Membership) -> OwnPayouts:
    """The contributor's lines of all payouts of the campaign that stand."""
    rows = PayoutLine.objects.filter(
        payout__campaign=membership.campaign, payout__voided=None, contributor=membership.contributor
    )
    lines = tuple(rows.select_related("payout").order_by("-payout__number"))
    return OwnPayouts(lines, sum(line.points for line in lines))
