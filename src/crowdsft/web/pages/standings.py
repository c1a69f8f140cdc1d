"""The leaderboard: the first few, and the reader's own neighbourhood."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from crowdsft.core.campaign import CampaignState
from crowdsft.web.campaigns.models import Campaign, Membership

FIRST_SHOWN = 5
FIRST_WITH_OWN = 3
NEIGHBOURS = 2


@dataclass(frozen=True, slots=True)
class StandingRow:
    """One contributor; equal points share a rank."""

    rank: int
    pseudonym: str
    points: int
    is_own: bool
    is_after_gap: bool


@dataclass(frozen=True, slots=True)
class Standings:
    """What is shown. `own_rank` and `to_next` are None without points of one's own, and at the top."""

    rows: tuple[StandingRow, ...]
    ranked: int
    own_rank: int | None
    to_next: int | None


def standings(campaign: Campaign, state: CampaignState, contributor: str | None) -> Standings:
    """Everybody with points, best first; of long lists only the top and the reader's neighbourhood."""
    order = sorted(
        ((points, name) for name, points in state.balances.items() if points > 0),
        key=lambda item: (-item[0], item[1]),
    )
    ranks = _ranks([points for points, _name in order])
    own = next((place for place, (_points, name) in enumerate(order) if name == contributor), None)
    places = _places(len(order), own)
    names = dict(
        Membership.objects.filter(
            campaign=campaign, contributor__in=[order[place][1] for place in places]
        ).values_list("contributor", "pseudonym")
    )
    rows = tuple(
        StandingRow(
            rank=ranks[place],
            pseudonym=names.get(order[place][1], _("somebody who left")),
            points=order[place][0],
            is_own=place == own,
            is_after_gap=index > 0 and place > places[index - 1] + 1,
        )
        for index, place in enumerate(places)
    )
    better = [points for points, _name in order if own is not None and points > order[own][0]]
    return Standings(
        rows=rows,
        ranked=len(order),
        own_rank=None if own is None else ranks[own],
        to_next=min(better) - order[own][0] if own is not None and better else None,
    )


def _ranks(points: list[int]) -> list[int]:
    ranks: list[int] = []
    for place, amount in enumerate(points):
        ranks.append(ranks[-1] if place and amount == points[place - 1] else place + 1)
    return ranks


def _places(count: int, own: int | None) -> list[int]:
    if own is None:
        return list(range(min(count, FIRST_SHOWN)))
    near = range(max(0, own - NEIGHBOURS), min(count, own + NEIGHBOURS + 1))
    return sorted({*range(min(count, FIRST_WITH_OWN)), *near})
