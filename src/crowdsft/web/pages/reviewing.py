"""Reviewing: one contribution at a time, reserved for the reader; accepted, rejected, sent back or put aside."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from crowdsft.core.errors import InputError
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.contributions.work import NotNow
from crowdsft.web.pages.access import Visit, reviewer_visit
from crowdsft.web.pages.safe_markdown import render_markdown
from crowdsft.web.pages.word_diff import word_diff
from crowdsft.web.reviews.models import Review
from crowdsft.web.reviews.queue import release, reserve, to_review
from crowdsft.web.reviews.reasons import PAUSE, REJECTION
from crowdsft.web.reviews.reviewing import CHANGEABLE, decide
from crowdsft.web.reviews.signals import signals_of

SAID = {
    Review.ACCEPTED: gettext_lazy("Accepted. Here is the next one."),
    Review.REJECTED: gettext_lazy("Rejected. Its writer reads the reason, and can appeal."),
    Review.RETURNED: gettext_lazy("Sent back. Its writer can change it, and it is reviewed again."),
}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, slug: str) -> HttpResponse:
    """The reviewer's next contribution; a POST decides it."""
    found = reviewer_visit(request, slug)
    assert found.membership is not None
    if request.method == "POST":
        return _decided(request, found)
    try:
        chosen = reserve(found.campaign, found.membership)
    except NotNow as reason:
        context = {"campaign": found.campaign, "reason": str(reason), "section": "campaigns"}
        return render(request, "pages/review_none.html", context)
    return render(request, "pages/review.html", _context(found, chosen))


def _decided(request: HttpRequest, found: Visit) -> HttpResponse:
    number = request.POST.get("review", "")
    chosen = get_object_or_404(
        Review.objects.select_related("contribution__campaign", "membership"),
        pk=int(number) if number.isdecimal() and len(number) < 18 else 0,
        membership=found.membership,
    )
    verdict = request.POST.get("verdict", "")
    reason, words = request.POST.get("reason", ""), request.POST.get("words", "")
    if verdict == Review.SKIPPED:
        release(chosen)
        messages.success(request, _("Put aside. It comes back last."))
        return redirect("review", slug=found.campaign.slug)
    try:
        decide(chosen, verdict, reason=reason, words=words)
    except InputError as error:
        chosen.refresh_from_db()
        if chosen.verdict or chosen.contribution.standing != Contribution.WAITING:
            messages.error(request, str(error))
            return redirect("review", slug=found.campaign.slug)
        sent = {"verdict": verdict, "reason": reason, "words": words}
        context = _context(found, chosen, problem=str(error), sent=sent)
        return render(request, "pages/review.html", context, status=422)
    messages.success(request, str(SAID[verdict]))
    return redirect("review", slug=found.campaign.slug)


def _context(found: Visit, chosen: Review, **more: Any) -> dict[str, Any]:
    assert found.membership is not None
    row, plan = chosen.contribution, found.state.plan
    corrects = row.kind == "correct_response" and bool(row.model_response)
    return {
        "campaign": found.campaign,
        "plan": plan,
        "review": chosen,
        "row": row,
        "corrects": corrects,
        "pieces": word_diff(row.model_response, row.response) if corrects else [],
        "signals": signals_of(row),
        "waiting": to_review(found.campaign, found.membership),
        "is_changeable": row.kind in CHANGEABLE,
        "guidelines": render_markdown(plan.campaign.guidelines),
        "rejections": REJECTION.items(),
        "pauses": PAUSE.items(),
        "section": "campaigns",
        **more,
    }
