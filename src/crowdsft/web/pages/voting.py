"""Voting: two outputs for one message, which is better? One pair at a time."""

from __future__ import annotations

from django.conf import settings as django_settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from crowdsft.core.errors import InputError
from crowdsft.rounds.artifacts import artifacts_in
from crowdsft.web.contributions.work import NotNow
from crowdsft.web.pages.access import Visit, organiser_visit, visit
from crowdsft.web.pages.progress import progress
from crowdsft.web.pages.safe_markdown import render_markdown
from crowdsft.web.reviews.moderation import pause_of
from crowdsft.web.stream.news import status_context
from crowdsft.web.votes.closing import request_count
from crowdsft.web.votes.models import Vote
from crowdsft.web.votes.voting import cast, current_vote, votes_cast


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def vote(request: HttpRequest, slug: str) -> HttpResponse:
    """The voter's next pair; a POST decides it."""
    found = visit(request, slug)
    if found.membership is None or not found.may_work:
        return redirect("join", slug=slug)
    if request.method == "POST":
        return _decided(request, found)
    try:
        chosen, pair = current_vote(found.campaign, found.membership, artifacts_in(django_settings.DATA))
    except NotNow as reason:
        return render(request, "pages/work_none.html", _none(found, str(reason)))
    cast_so_far = votes_cast(found.membership, chosen.round_number)
    context = {
        "campaign": found.campaign,
        "plan": found.state.plan,
        "vote": chosen,
        "pair": pair,
        "done": cast_so_far,
        "number": cast_so_far + 1,
        "guidelines": render_markdown(found.state.plan.campaign.guidelines),
        "section": "campaigns",
    }
    return render(request, "pages/vote.html", context)


@require_POST
def close_vote(request: HttpRequest, slug: str) -> HttpResponse:
    """Count the votes now."""
    found = organiser_visit(request, slug)
    try:
        number = request_count(found.campaign, found.user)
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The votes of round {number} are counted now.").format(number=number))
    return redirect("campaign", slug=slug)


def _decided(request: HttpRequest, found: Visit) -> HttpResponse:
    number = request.POST.get("vote", "")
    chosen = get_object_or_404(
        Vote.objects.select_related("campaign", "membership"),
        pk=int(number) if number.isdecimal() and len(number) < 18 else 0,
        membership=found.membership,
    )
    try:
        cast(chosen, request.POST.get("choice", ""))
    except InputError as error:
        messages.error(request, str(error))
    return redirect("vote", slug=found.campaign.slug)


def _none(found: Visit, reason: str) -> dict[str, object]:
    now = progress(found.campaign, found.state)
    return {
        **status_context(found.campaign, found.state, now, is_organiser=found.is_organiser),
        "waits_for_task": True,
        "reason": reason,
        "is_paused": found.membership is not None and pause_of(found.membership) is not None,
        "is_done": False,
        "kept_draft": None,
        "section": "campaigns",
    }
