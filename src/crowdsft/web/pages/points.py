"""My points: each award explained, and how the balance came about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from crowdsft.core.campaign import RoundState
from crowdsft.web.campaigns.models import Campaign, LedgerRow, Membership
from crowdsft.web.charts import range_chart
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.journal_django import campaign_state
from crowdsft.web.pages.access import Visit, signed_in, visit
from crowdsft.web.pages.award_story import HistoryRow, award_story, history_rows
from crowdsft.web.pages.measure import group_of
from crowdsft.web.pages.progress import progress
from crowdsft.web.pages.standings import standings
from crowdsft.web.payouts.own import own_payouts

ROWS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class PointsLine:
    """One campaign in the list of all my points."""

    campaign: Campaign
    pseudonym: str
    points: int
    contributions: int


@login_required
@require_safe
def all_points(request: HttpRequest) -> HttpResponse:
    """My points in every campaign I am in; with only one campaign, that one's page."""
    user = signed_in(request.user)
    memberships = list(
        Membership.objects.filter(user=user)
        .exclude(consent="")
        .select_related("campaign")
        .order_by("-joined")
    )
    if len(memberships) == 1:
        return redirect("points", slug=memberships[0].campaign.slug)
    lines = [
        PointsLine(
            campaign=membership.campaign,
            pseudonym=membership.pseudonym,
            points=campaign_state(membership.campaign).balances.get(membership.contributor, 0),
            contributions=Contribution.objects.filter(membership=membership).count(),
        )
        for membership in memberships
    ]
    return render(request, "pages/all_points.html", {"lines": lines, "section": "points"})


@login_required
@require_safe
def points(request: HttpRequest, slug: str) -> HttpResponse:
    """My points in one campaign. `?round=3` explains that round; without it the newest one."""
    found = visit(request, slug)
    if found.membership is None or not found.is_contributor:
        context = {"campaign": found.campaign, "section": "points", "is_organiser": found.is_organiser}
        return render(request, "pages/points_none.html", context)
    wants_all = request.GET.get("history") == "all"
    return render(
        request, "pages/points.html", _context(found, request.GET.get("round", ""), wants_all=wants_all)
    )


def _context(found: Visit, wanted: str, *, wants_all: bool) -> dict[str, Any]:
    assert found.membership is not None
    state, contributor = found.state, found.membership.contributor
    rows = history_rows(state, contributor)
    explained = _round_to_explain([row.round_number for row in rows], state.rounds, wanted)
    story = award_story(state, explained, contributor) if explained else None
    return {
        "campaign": found.campaign,
        "plan": state.plan,
        "membership": found.membership,
        "balance": state.balances.get(contributor, 0),
        "standings": standings(found.campaign, state, contributor),
        "story": story,
        "chart": range_chart(story.estimate) if story and story.estimate else None,
        "entry": _entry(found, explained, contributor) if explained else None,
        "rows": rows if wants_all else _newest(rows, explained),
        "rounds_in_all": len(rows),
        "payouts": own_payouts(found.membership),
        "progress": progress(found.campaign, state),
        "waiting": Contribution.objects.filter(membership=found.membership, round_number=None).count(),
        "in_round": bool(state.rounds and group_of(state.current, contributor) is not None),
        "section": "points",
    }


def _round_to_explain(
    numbers: list[int | None], rounds: tuple[RoundState, ...], wanted: str
) -> RoundState | None:
    known = [number for number in numbers if number is not None]
    if not known:
        return None
    number = int(wanted) if wanted.isdecimal() and len(wanted) < 9 and int(wanted) in known else known[0]
    return next(current for current in rounds if current.number == number)


def _newest(rows: list[HistoryRow], explained: RoundState | None) -> list[HistoryRow]:
    """The newest rows, or all where the one explained is older."""
    newest = rows[:ROWS_SHOWN] if len(rows) > ROWS_SHOWN + 2 else rows
    return newest if explained is None or explained.number in [row.round_number for row in newest] else rows


def _entry(found: Visit, explained: RoundState, contributor: str) -> LedgerRow | None:
    return LedgerRow.objects.filter(
        campaign=found.campaign,
        contributor=contributor,
        round_number=explained.number,
        reason=f"award of round {explained.number}",
    ).first()
