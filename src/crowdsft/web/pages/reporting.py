"""Reporting a text that one was shown: in a task, in a vote, or as a reviewer."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
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
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.pages.access import visit
from crowdsft.web.reviews.models import Report
from crowdsft.web.reviews.reasons import REPORT
from crowdsft.web.reviews.reports import (
    may_report,
    report_contribution,
    report_task,
    report_vote,
    task_text,
    vote_text,
)
from crowdsft.web.votes.models import Vote


@dataclass(frozen=True, slots=True)
class Subject:
    """What is reported, how to do it, and where the reporter came from."""

    text: str
    write: Callable[..., Report]
    back: str


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, slug: str) -> HttpResponse:
    """The form, with the text that it is about; a POST writes the report."""
    found = visit(request, slug)
    if found.membership is None:
        raise Http404("You have no such text.")
    sent = request.POST if request.method == "POST" else request.GET
    subject = _subject(found.membership, lambda name: sent.get(name, ""))
    context: dict[str, Any] = {
        "campaign": found.campaign,
        "text": subject.text,
        "reasons": REPORT.items(),
        "sent": {
            name: sent.get(name, "") for name in ("task", "vote", "contribution", "part", "reason", "words")
        },
        "back": subject.back,
        "section": "campaigns",
    }
    if request.method != "POST":
        return render(request, "pages/report.html", context)
    try:
        subject.write(reason=sent.get("reason", ""), words=sent.get("words", ""))
    except InputError as error:
        return render(request, "pages/report.html", {**context, "problem": str(error)}, status=422)
    messages.success(
        request, _("Thank you. Reviewers look at it. You can go on, or skip this one; nothing else changes.")
    )
    return redirect(subject.back, slug=slug)


def _subject(member: Membership, sent: Callable[[str], str]) -> Subject:
    """What the reader was shown and reports. Raises: Http404 for everything else."""
    part = sent("part")
    try:
        if sent("task"):
            tasks = Task.objects.select_related("campaign", "membership")
            task = tasks.filter(membership=member, pk=_number(sent("task"))).first()
            if task is not None:
                return Subject(task_text(task, part), _bound(report_task, task, part), "work")
        elif sent("vote"):
            votes = Vote.objects.select_related("campaign", "membership")
            vote = votes.filter(membership=member, pk=_number(sent("vote"))).first()
            if vote is not None:
                return Subject(vote_text(vote, part), _bound(report_vote, vote, part), "vote")
        elif row := _contribution(member, sent("contribution")):
            return Subject(row.response, _bound(report_contribution, row, member), "review")
    except InputError as error:
        raise Http404(str(error)) from None
    raise Http404("You have no such text.")


def _bound(write: Callable[..., Report], *arguments: object) -> Callable[..., Report]:
    return lambda **said: write(*arguments, **said)


def _contribution(member: Membership, text: str) -> Contribution | None:
    try:
        number = uuid.UUID(text)
    except ValueError:
        return None
    rows = Contribution.objects.select_related("campaign", "membership")
    row = rows.filter(campaign=member.campaign, pk=number).first()
    return row if row is not None and may_report(row, member) else None


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 18 else 0
