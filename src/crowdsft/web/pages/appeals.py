"""Appeals: writing one, and the trail that its writer and the reviewers read; answered there as well."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from crowdsft.core.errors import InputError
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.pages.access import visit
from crowdsft.web.reviews.appeals import (
    answer,
    appeal_award,
    appeal_pause,
    appeal_rejection,
    contribution_of,
    others_than_decider,
    why_not_answer,
    withdraw,
)
from crowdsft.web.reviews.models import Appeal
from crowdsft.web.reviews.moderation import pause_of, pause_words
from crowdsft.web.reviews.own_work import own_work
from crowdsft.web.reviews.trail import about, outcome, trail


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_appeal(request: HttpRequest, slug: str) -> HttpResponse:
    """The form, with what the appeal is against; a POST writes it.

    `?contribution=ID`, `?award=ROUND`, or neither: against the pause of one's tasks.
    """
    found = visit(request, slug)
    if found.membership is None:
        raise Http404("You have no part in this campaign.")
    sent = request.POST if request.method == "POST" else request.GET
    against = {name: sent.get(name, "") for name in ("contribution", "award")}
    context = {
        "campaign": found.campaign,
        "against": against,
        "words": sent.get("words", ""),
        "section": "campaigns",
        **_shown(found.membership, against),
    }
    if request.method != "POST":
        return render(request, "pages/new_appeal.html", context)
    try:
        written = _write(found.membership, against)(sent.get("words", ""))
    except InputError as error:
        return render(request, "pages/new_appeal.html", {**context, "problem": str(error)}, status=422)
    messages.success(
        request, _("Your appeal is written down. Somebody else than who decided answers it here.")
    )
    return redirect("appeal", slug=slug, appeal_id=written.pk)


def _shown(member: Membership, against: dict[str, str]) -> dict[str, Any]:
    """What the page says about the decision. Raises: Http404 where there is none."""
    if against["contribution"]:
        rows = Contribution.objects.filter(pk=_contribution(member, against["contribution"]).pk)
        (work,) = own_work(member, rows)
        return {"title": _("Appeal against this decision"), "text": work.row.response, "reason": work.reason}
    if against["award"]:
        return {"title": _("Does an award look wrong?"), "award": _number(against["award"])}
    found = pause_of(member)
    if found is None:
        raise Http404("Nothing was decided that could be appealed against.")
    return {"title": _("Appeal against the pause"), "reason": pause_words(found)}


def _write(member: Membership, against: dict[str, str]) -> Callable[[str], Appeal]:
    if against["contribution"]:
        row = _contribution(member, against["contribution"])
        return lambda words: appeal_rejection(row, member, words)
    if against["award"]:
        return lambda words: appeal_award(member, _number(against["award"]), words)
    found = pause_of(member)
    if found is None:
        raise InputError(_("This pause does not hold any more, so there is nothing to appeal."))
    return lambda words: appeal_pause(found, member, words)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: HttpRequest, slug: str, appeal_id: int) -> HttpResponse:
    """The trail, for its writer and the campaign's reviewers; a POST answers or withdraws."""
    found = visit(request, slug)
    rows = Appeal.objects.select_related("membership", "campaign", "answered_by", "review__contribution")
    row = rows.filter(campaign=found.campaign, pk=appeal_id).first()
    reader = found.membership
    if row is None or reader is None or not (row.membership_id == reader.pk or found.is_reviewer):
        raise Http404("There is no such appeal.")
    problem, words = "", request.POST.get("words", "")
    if request.method == "POST":
        try:
            said = _done(row, reader, request.POST.get("do", ""), words)
        except InputError as error:
            problem = str(error)
            row.refresh_from_db()
        else:
            messages.success(request, said)
            return redirect("appeal", slug=slug, appeal_id=row.pk)
    is_open = row.state == Appeal.OPEN
    context = {
        "campaign": found.campaign,
        "appeal": row,
        "title": about(row),
        "trail": trail(row, reader),
        "outcome": outcome(row),
        "contribution": contribution_of(row),
        "is_own": row.membership_id == reader.pk,
        "is_open": is_open,
        "why_not": why_not_answer(row, reader) if is_open else "",
        "is_alone": is_open and not others_than_decider(row).exists(),
        "words": words,
        "problem": problem,
        "visit": found,
        "section": "campaigns",
    }
    return render(request, "pages/appeal.html", context, status=422 if problem else 200)


def _done(row: Appeal, reader: Membership, what: str, words: str) -> str:
    if what == "withdraw":
        withdraw(row, reader)
        return _("Your appeal is withdrawn.")
    if what not in ("grant", "decline"):
        raise InputError(_("Please grant the appeal or decline it."))
    answer(row, reader, grant=what == "grant", words=words)
    return _("Answered. The contributor reads your reasons here.")


def _contribution(member: Membership, text: str) -> Contribution:
    """Raises: Http404 when the member has no such contribution."""
    try:
        row = Contribution.objects.filter(membership=member, pk=uuid.UUID(text)).first()
    except ValueError:
        row = None
    if row is None:
        raise Http404("You have no such contribution.")
    return row


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0
