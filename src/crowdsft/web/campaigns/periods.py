"""Points of a time: of all rounds, of the last 30 days, or of the newest round that paid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

from django.utils import timezone

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.rewards.base import Award
from crowdsft.web.campaigns.models import Campaign, JournalEvent

Period = Literal["all", "month", "round"]
PERIODS: tuple[Period, ...] = get_args(Period)
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class PeriodPoints:
    """Points by contributor; `round_number` is the round of the period "round", None before any round paid."""

    period: Period
    points: dict[str, int]
    round_number: int | None


def period_of(text: str | None) -> Period:
    """The period of that name, all rounds for what is none."""
    return next((period for period in PERIODS if period == text), "all")


def points_in(campaign: Campaign, state: CampaignState, period: Period) -> PeriodPoints:
    """Everybody's points in a period. What a late round pays for earlier ones counts when it is paid."""
    newest = next((past for past in reversed(state.rounds) if _has_paid(past)), None)
    number = newest.number if newest else None
    if period == "all":
        return PeriodPoints(period, state.balances, number)
    if period == "round":
        awards: Iterable[Award] = newest.points.awards if newest and newest.points else ()
    else:
        awards = _awards_since(campaign, state)
    sums: Counter[str] = Counter()
    for award in awards:
        sums[award.contributor] += award.points
    return PeriodPoints(period, dict(sums), number)


def _has_paid(past: RoundState) -> bool:
    return past.points is not None and any(award.points for award in past.points.awards)


def _awards_since(campaign: Campaign, state: CampaignState) -> list[Award]:
    events = JournalEvent.objects.filter(
        campaign=campaign,
        kind__in=["PointsAwarded", "CampaignFinished"],
        created__gte=timezone.now() - MONTH,
    )
    paid = list(events.values_list("kind", "payload__round_number"))
    numbers = {number for kind, number in paid if kind == "PointsAwarded"}
    found = [
        award
        for past in state.rounds
        if past.number in numbers and past.points is not None
        for award in past.points.awards
    ]
    is_over = any(kind == "CampaignFinished" for kind, _number in paid)
    return [*found, *(state.closing_awards or ())] if is_over else found
