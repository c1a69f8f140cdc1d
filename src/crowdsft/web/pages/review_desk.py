"""The desk of reviewers: what waits for a review, reports, appeals, paused tasks, and what can still be excluded."""

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
from django.views.decorators.http import require_POST, require_safe

from crowdsft.core.errors import InputError
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.pages.access import Visit, reviewer_visit
from crowdsft.web.reviews.appeals import open_appeals, why_not_answer
from crowdsft.web.reviews.models import Moderation, Report
from crowdsft.web.reviews.moderation import exclude, lift, pause, pauses
from crowdsft.web.reviews.queue import to_review
from crowdsft.web.reviews.reasons import EXCLUSION, PAUSE, REPORT, meaning
from crowdsft.web.reviews.reports import settle
from crowdsft.web.reviews.trail import about

REPORTS_SHOWN = 50
ACCEPTED_SHOWN = 30

Sent = Callable[[str], str]


@never_cache
@login_required
@require_safe
def desk(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything that reviewers and organisers look after."""
    return render(request, "pages/review_desk.html", _context(reviewer_visit(request, slug)))


def _context(found: Visit) -> dict[str, Any]:
    campaign, reader = found.campaign, found.membership
    assert reader is not None
    reports = Report.objects.filter(campaign=campaign, state=Report.OPEN).select_related("contribution")
    accepted = Contribution.objects.filter(
        campaign=campaign, round_number=None, standing=Contribution.ACCEPTED
    ).exclude(membership=reader)
    appeals = open_appeals(campaign)
    return {
        "campaign": campaign,
        "plan": found.state.plan,
        "visit": found,
        "waiting": to_review(campaign, reader),
        "reports": [
            (report, meaning(REPORT, report.reason), _may_exclude(report.contribution, reader))
            for report in reports[:REPORTS_SHOWN]
        ],
        "more_reports": max(0, reports.count() - REPORTS_SHOWN),
        "appeals": [(appeal, about(appeal), why_not_answer(appeal, reader)) for appeal in appeals],
        "paused": [(row, meaning(PAUSE, row.reason)) for row in pauses(campaign)],
        "excluded": [
            (row, meaning(EXCLUSION, row.reason))
            for row in Moderation.objects.filter(
                campaign=campaign, kind=Moderation.EXCLUSION, lifted=None, contribution__round_number=None
            ).select_related("contribution")[:ACCEPTED_SHOWN]
        ],
        "accepted": accepted.order_by("-created")[:ACCEPTED_SHOWN],
        "exclusions": EXCLUSION.items(),
        "section": "campaigns",
    }


def _may_exclude(row: Contribution | None, reader: Membership) -> bool:
    return (
        row is not None
        and row.round_number is None
        and row.standing != Contribution.EXCLUDED
        and row.membership_id != reader.pk
    )


# What can be done. Each takes the visit and what was sent, and returns what to say.


def _settle(found: Visit, reader: Membership, sent: Sent) -> str:
    report = Report.objects.filter(campaign=found.campaign, pk=_number(sent("report"))).first()
    if report is None:
        raise InputError(_("There is no such report in this campaign."))
    settle(report, reader, sent("outcome"))
    return _("The report is settled.")


def _exclude(found: Visit, reader: Membership, sent: Sent) -> str:
    exclude(_contribution(found, sent), reader, reason=sent("reason"), words=sent("words"))
    return _("Excluded from the round. Its writer reads the reason, and can appeal.")


def _pause(found: Visit, reader: Membership, sent: Sent) -> str:
    days = sent("days")
    if days and not (days.isdecimal() and len(days) < 6):
        raise InputError(_("The number of days must be a whole number, or empty for no end."))
    member = _contribution(found, sent).membership
    pause(member, reader, reason=sent("reason"), words=sent("words"), days=int(days) if days else None)
    return _("Their tasks are paused. They read the reason, and can appeal.")


def _lift(found: Visit, reader: Membership, sent: Sent) -> str:
    decided = Moderation.objects.filter(campaign=found.campaign, pk=_number(sent("moderation"))).first()
    if decided is None:
        raise InputError(_("There is no such decision in this campaign."))
    lift(decided, reader, sent("why"))
    return _("Lifted.")


ACTIONS: dict[str, Callable[[Visit, Membership, Sent], str]] = {
    "settle": _settle,
    "exclude": _exclude,
    "pause": _pause,
    "lift": _lift,
}


@login_required
@require_POST
def act(request: HttpRequest, slug: str, action: str) -> HttpResponse:
    """Do one of the things above."""
    if action not in ACTIONS:
        raise Http404
    found = reviewer_visit(request, slug)
    assert found.membership is not None
    try:
        said = ACTIONS[action](found, found.membership, lambda name: request.POST.get(name, "").strip())
    except InputError as error:
        messages.error(request, _with_words(str(error), request))
    else:
        messages.success(request, said)
    return redirect("review" if request.POST.get("back") == "review" else "review_desk", slug=slug)


def _with_words(problem: str, request: HttpRequest) -> str:
    """The problem, and what was written, so that it can be copied from there."""
    written = next((request.POST[name] for name in ("words", "outcome", "why") if request.POST.get(name)), "")
    return (
        _("%(problem)s You wrote: %(written)s") % {"problem": problem, "written": written}
        if written
        else problem
    )


def _contribution(found: Visit, sent: Sent) -> Contribution:
    try:
        number = uuid.UUID(sent("contribution"))
    except ValueError:
        raise InputError(_("There is no such contribution in this campaign.")) from None
    rows = Contribution.objects.select_related("membership", "campaign")
    row = rows.filter(campaign=found.campaign, pk=number).first()
    if row is None:
        raise InputError(_("There is no such contribution in this campaign."))
    return row


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 18 else 0
