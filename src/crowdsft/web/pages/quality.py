"""How people judge: known answers and agreement, of a campaign and of each contributor, for reviewers."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from crowdsft.web.contributions.quality import judgement_kinds, quality_of
from crowdsft.web.pages.access import reviewer_visit
from crowdsft.web.pages.quality_story import kind_lines, known_sentence, person_line

PER_PAGE = 50


@never_cache
@login_required
@require_safe
def quality(request: HttpRequest, slug: str) -> HttpResponse:
    """The figures of the campaign, then of each contributor; those first at whose work somebody should look."""
    found = reviewer_visit(request, slug)
    plan = found.state.plan
    figures = quality_of(found.campaign)
    page = Paginator(figures.people, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "campaign": found.campaign,
        "asks": judgement_kinds(plan.tasks.kinds),
        "has_known": bool(plan.gold_tasks),
        "figures": figures,
        "kinds": kind_lines(figures.agreement, plan.tasks.kinds),
        "known": known_sentence(figures.known),
        "page": page,
        "people": [person_line(one, plan.tasks.kinds) for one in page.object_list],
        "section": "campaigns",
    }
    return render(request, "pages/quality.html", context)
