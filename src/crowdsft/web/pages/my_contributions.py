"""My contributions: what became of each, changing one that was sent back, and appeals of one's own."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from crowdsft.core.errors import InputError
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.kept import kept_texts
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.contributions.quality import own_quality
from crowdsft.web.pages.access import Visit, visit
from crowdsft.web.pages.quality_story import own_sentences
from crowdsft.web.reviews.models import Appeal, Review
from crowdsft.web.reviews.moderation import pause_of, pause_words
from crowdsft.web.reviews.own_work import own_work
from crowdsft.web.reviews.reviewing import change
from crowdsft.web.reviews.trail import about

PAGE_SIZE = 25


@never_cache
@login_required
@require_safe
def my_contributions(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything that the reader handed in here, newest first, and what was typed and not handed in."""
    found, member = _own(request, slug)
    rows = Contribution.objects.filter(membership=member).exclude(response="").order_by("-created", "pk")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    appeals = Appeal.objects.filter(membership=member).select_related("review", "moderation").order_by("-pk")
    paused = pause_of(member)
    context = {
        "campaign": found.campaign,
        "plan": found.state.plan,
        "page": page,
        "works": own_work(member, page.object_list),  # type: ignore[arg-type]
        "kept": kept_texts(member) if page.number == 1 else [],
        "judging": own_sentences(own_quality(member)),
        "appeals": [(appeal, about(appeal)) for appeal in appeals[:PAGE_SIZE]],
        "pause": paused,
        "pause_words": pause_words(paused) if paused else "",
        "pause_appeal": paused.appeals.exclude(state=Appeal.WITHDRAWN).first() if paused else None,
        "section": "campaigns",
    }
    return render(request, "pages/my_contributions.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change_contribution(request: HttpRequest, slug: str, contribution_id: uuid.UUID) -> HttpResponse:
    """The form for a contribution that was sent back; a POST puts the new text in its place."""
    found, member = _own(request, slug)
    row = (
        Contribution.objects.select_related("campaign").filter(membership=member, pk=contribution_id).first()
    )
    if row is None:
        raise Http404("You have no such contribution.")
    text = request.POST.get("response", row.response)
    problem, status = "", 200
    if request.method == "POST":
        try:
            change(row, member, text)
        except InputError as error:
            problem, status = str(error), 422
        else:
            messages.success(request, _("Thank you. A reviewer looks at it again."))
            return redirect("my_contributions", slug=slug)
    elif row.standing != Contribution.RETURNED:
        return redirect("my_contributions", slug=slug)
    asked = Review.objects.filter(contribution=row, undone=None, verdict=Review.RETURNED).first()
    context: dict[str, Any] = {
        "campaign": found.campaign,
        "plan": found.state.plan,
        "row": row,
        "text": text,
        "asked": asked.words if asked else "",
        "problem": problem,
        "section": "campaigns",
    }
    return render(request, "pages/change_contribution.html", context, status=status)


def _own(request: HttpRequest, slug: str) -> tuple[Visit, Membership]:
    """The reader's membership. Raises: Http404 for strangers."""
    found = visit(request, slug)
    if found.membership is None:
        raise Http404("You have no part in this campaign.")
    return found, found.membership
