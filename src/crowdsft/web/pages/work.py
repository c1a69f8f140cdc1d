"""The work loop: one task at a time, its draft kept on the server, handed in or skipped."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.conf import settings as django_settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from crowdsft.core.errors import InputError
from crowdsft.rounds.artifacts import artifacts_in
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.models import Task
from crowdsft.web.contributions.work import (
    NotNow,
    clean_text,
    current_task,
    hand_in,
    save_draft,
    skip,
    tasks_done,
)
from crowdsft.web.pages.access import Visit, is_htmx, visit
from crowdsft.web.pages.progress import progress
from crowdsft.web.pages.safe_markdown import render_markdown
from crowdsft.web.pages.word_diff import word_diff
from crowdsft.web.reviews.moderation import pause_of
from crowdsft.web.stream.news import status_context

SKIP_REASONS = (
    "I cannot answer this well",
    "It is unclear or broken",
    "It is hurtful or private",
    "I have no time now",
)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def work(request: HttpRequest, slug: str) -> HttpResponse:
    """The contributor's task; a POST hands it in."""
    found = visit(request, slug)
    if found.membership is None or not found.may_work:
        if request.method == "POST":
            _keep_what_was_sent(request, found)
        return redirect("join", slug=slug)
    if request.method == "POST":
        return _hand_in(request, found)
    try:
        task = current_task(found.campaign, found.membership, artifacts_in(django_settings.DATA))
    except NotNow as reason:
        return render(request, "pages/work_none.html", _none_context(found, str(reason)))
    return render(request, "pages/work.html", _context(found, task))


@require_POST
def draft(request: HttpRequest, slug: str, task_id: int) -> HttpResponse:
    """Keep what has been typed; answers with words for the status line and the difference so far."""
    if not request.user.is_authenticated:
        return HttpResponse("signed out", status=401)
    found, task = _own_task(request, slug, task_id)
    text = request.POST.get("response", "")
    try:
        save_draft(task, text)
    except InputError as error:
        if is_htmx(request):
            return render(request, "pages/_draft.html", {"problem": str(error)}, status=422)
        return render(
            request, "pages/work.html", _context(found, task, text=text, problem=str(error)), status=422
        )
    if is_htmx(request):
        return render(request, "pages/_draft.html", {"task": task, "pieces": _pieces(task, text)})
    messages.success(request, "Your draft is saved.")
    return redirect("work", slug=slug)


@login_required
@require_POST
def start_over(request: HttpRequest, slug: str, task_id: int) -> HttpResponse:
    """Put the model's own response back into the editor."""
    _, task = _own_task(request, slug, task_id)
    if task.state == Task.OPEN:
        save_draft(task, task.model_response)
    return redirect("work", slug=slug)


@login_required
@require_POST
def skip_task(request: HttpRequest, slug: str, task_id: int) -> HttpResponse:
    """Put the task aside, with the reason."""
    _, task = _own_task(request, slug, task_id)
    skip(task, request.POST.get("reason", ""))
    messages.success(request, "Skipped. Here is another task.")
    return redirect("work", slug=slug)


def _hand_in(request: HttpRequest, found: Visit) -> HttpResponse:
    _, task = _own_task(request, found.campaign.slug, _whole_number(request.POST.get("task", "")))
    text = request.POST.get("response", "")
    try:
        hand_in(task, text)
    except InputError as error:
        task.refresh_from_db()
        if task.state == Task.OPEN:
            return render(
                request, "pages/work.html", _context(found, task, text=text, problem=str(error)), status=422
            )
        messages.error(request, str(error))
        return redirect("work", slug=found.campaign.slug)
    done = tasks_done(task.membership, task.round_number)
    messages.success(request, f"Thank you, that is task {done}. Points come when the round is decided.")
    return redirect("work", slug=found.campaign.slug)


def _keep_what_was_sent(request: HttpRequest, found: Visit) -> None:
    """Save a text as a draft that cannot be accepted before its writer agrees to the new consent text."""
    number = _whole_number(request.POST.get("task", ""))
    task = Task.objects.select_related("campaign", "membership").filter(
        pk=number, membership=found.membership
    )
    mine = task.first() if found.membership is not None else None
    if mine is not None:
        with suppress(InputError):  # too long, and kept all the same
            save_draft(mine, request.POST.get("response", ""))


def _own_task(request: HttpRequest, slug: str, task_id: int) -> tuple[Visit, Task]:
    """The task, which must be the reader's own.

    Raises:
        Http404: when the reader has no such task here; whether somebody else has is not told.
    """
    found = visit(request, slug)
    if found.membership is None:
        raise Http404("You have no such task.")
    mine = Task.objects.select_related("campaign", "membership").filter(membership=found.membership)
    return found, get_object_or_404(mine, pk=task_id)


def _whole_number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 18 else 0


def _context(found: Visit, task: Task, *, text: str | None = None, problem: str = "") -> dict[str, Any]:
    plan = found.state.plan
    done = tasks_done(task.membership, task.round_number)
    shown = task.draft if text is None else text
    return {
        "campaign": found.campaign,
        "plan": plan,
        "task": task,
        "text": shown,
        "problem": problem,
        "number": done + 1,
        "done": done,
        "pieces": _pieces(task, shown),
        "guidelines": render_markdown(plan.campaign.guidelines),
        "skip_reasons": SKIP_REASONS,
        "lease_seconds": round(60 * plan.tasks.lease_minutes),
        "kept_draft": _kept_draft(task.membership, task),
        "section": "campaigns",
    }


def _none_context(found: Visit, reason: str) -> dict[str, Any]:
    assert found.membership is not None
    now = progress(found.campaign, found.state)
    return {
        **status_context(found.campaign, found.state, now, is_organiser=found.is_organiser),
        "waits_for_task": True,
        "reason": reason,
        "is_paused": pause_of(found.membership) is not None,
        "is_done": found.campaign.is_collecting,
        "kept_draft": _kept_draft(found.membership, None),
        "section": "campaigns",
    }


def _kept_draft(membership: Membership, task: Task | None) -> Task | None:
    """The newest text that its round overtook, unless it was handed in since."""
    rows = Task.objects.filter(membership=membership, state=Task.EXPIRED).exclude(draft="")
    if task is not None:
        rows = rows.exclude(pk=task.pk)
    newest = rows.order_by("-round_number", "-number").first()
    if newest is None or clean_text(newest.draft) == clean_text(newest.model_response):
        return None
    return newest


def _pieces(task: Task, text: str) -> list[Any]:
    if task.kind != "correct_response":
        return []
    before, after = clean_text(task.model_response), clean_text(text)
    return [] if before == after else list(word_diff(before, after))
