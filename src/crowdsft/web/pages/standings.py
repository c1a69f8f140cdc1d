"""The standings: beside the campaign the first few and the reader's own neighbourhood, on their page everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from crowdsft.core.campaign import CampaignState
from crowdsft.core.ranking import Place, Ranking
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.campaigns.periods import PERIODS, PeriodPoints, period_of, points_in
from crowdsft.web.pages.access import CONTRIBUTES, visit
from crowdsft.web.pages.names import PublicName, public_names

FIRST_SHOWN = 5
FIRST_WITH_OWN = 3
NEIGHBOURS = 2
PER_PAGE = 50
WORDS = {"all": _lazy("All rounds"), "month": _lazy("Last 30 days")}


@dataclass(frozen=True, slots=True)
class StandingRow:
    """One contributor; equal points share a rank."""

    rank: int
    pseudonym: str
    points: int
    is_own: bool
    is_after_gap: bool = False
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class Standings:
    """What is shown. `own_rank` and `to_next` are None without points of one's own, and at the top."""

    rows: tuple[StandingRow, ...]
    ranked: int
    own_rank: int | None
    to_next: int | None


def standings(campaign: Campaign, state: CampaignState, contributor: str | None) -> Standings:
    """Everybody with points, best first; of long lists only the top and the reader's neighbourhood."""
    ranking = Ranking(state.balances)
    own = ranking.index_of(contributor)
    shown = _shown(ranking, contributor)
    names = public_names(campaign, [place.contributor for _index, place in shown])
    rows = tuple(
        _row(place, names, contributor, is_after_gap=number > 0 and index > shown[number - 1][0] + 1)
        for number, (index, place) in enumerate(shown)
    )
    own_place = None if own is None else ranking[own : own + 1][0]
    above = own_place.rank - 2 if own_place else -1
    return Standings(
        rows=rows,
        ranked=len(ranking),
        own_rank=own_place.rank if own_place else None,
        to_next=ranking[above : above + 1][0].points - own_place.points if own_place and above >= 0 else None,
    )


def _shown(ranking: Ranking, contributor: str | None) -> list[tuple[int, Place]]:
    """What is shown beside the campaign, with where it stands in the list."""
    first, last = ranking.around(contributor, NEIGHBOURS)
    top = FIRST_WITH_OWN if last else FIRST_SHOWN
    indices = sorted({*range(min(len(ranking), top)), *range(first, last)})
    return [(index, ranking[index : index + 1][0]) for index in indices]


def _row(
    place: Place, names: dict[str, PublicName], contributor: str | None, *, is_after_gap: bool = False
) -> StandingRow:
    name = names[place.contributor]
    return StandingRow(
        rank=place.rank,
        pseudonym=name.name,
        points=place.points,
        is_own=place.contributor == contributor,
        is_after_gap=is_after_gap,
        has_left=name.has_left,
    )


@require_safe
def standings_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Everybody with points in a period (`?period=month`), and where the reader stands."""
    found = visit(request, slug)
    paid = points_in(found.campaign, found.state, period_of(request.GET.get("period")))
    ranking = Ranking(paid.points)
    page: Page[Place] = Paginator(ranking, PER_PAGE).get_page(request.GET.get("page"))  # type: ignore[arg-type]
    near = _neighbourhood(ranking, found.contributor, page)
    names = public_names(found.campaign, [place.contributor for place in (*page.object_list, *near)])
    context: dict[str, Any] = {
        "campaign": found.campaign,
        "section": "campaigns",
        "period": paid.period,
        "periods": _periods(paid),
        "round_number": paid.round_number,
        "page": page,
        "rows": [_row(place, names, found.contributor) for place in page.object_list],
        "near": [_row(place, names, found.contributor) for place in near],
        "ranked": len(ranking),
        "contributors": Membership.objects.filter(CONTRIBUTES, campaign=found.campaign).count(),
        "is_contributor": found.is_contributor,
    }
    return render(request, "pages/standings.html", context)


def _neighbourhood(ranking: Ranking, contributor: str | None, page: Page[Place]) -> Sequence[Place]:
    """The reader and who stands near, where that is on another page."""
    own = ranking.index_of(contributor)
    if own is None or page.start_index() <= own + 1 <= page.end_index():
        return ()
    first, last = ranking.around(contributor, NEIGHBOURS)
    return ranking[first:last]


def _periods(paid: PeriodPoints) -> list[tuple[str, str]]:
    newest = _("Round {number}").format(number=paid.round_number)
    return [(period, str(WORDS.get(period, newest))) for period in PERIODS]
