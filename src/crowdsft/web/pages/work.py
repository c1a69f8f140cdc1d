"""The work loop: one task at a time, its draft kept on the server, handed in or skipped, the next one at hand."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.conf import settings as django_settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from crowdsft.core.errors import InputError
from crowdsft.core.settings.tasks import JUDGEMENT_KINDS
from crowdsft.rounds.artifacts import artifacts_in
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.contributions.repeating import nearly_said
from crowdsft.web.contributions.work import (
    NotNow,
    current_task,
    hand_in,
    next_task,
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
from crowdsft.web.task_types import TASK_TYPES
from crowdsft.web.task_types.texts import clean_text

SKIP_REASONS = (
    gettext_lazy("I cannot answer this well"),
    gettext_lazy("It is unclear or broken"),
    gettext_lazy("It is hurtful or private"),
    gettext_lazy("I have no time now"),
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


@never_cache
@require_POST
def task_ahead(request: HttpRequest, slug: str) -> HttpResponse:
    """The task after the open one, as a part of a page that a script shows when the open one is sent."""
    if not request.user.is_authenticated:
        return HttpResponse("signed out", status=401)
    found = visit(request, slug)
    if found.membership is None or not found.may_work:
        return HttpResponse(status=204)
    try:
        task = next_task(found.campaign, found.membership, artifacts_in(django_settings.DATA))
    except NotNow:
        return HttpResponse(status=204)
    return render(request, "pages/_work.html", _context(found, task) | {"is_ahead": True})


@require_POST
def draft(request: HttpRequest, slug: str, task_id: int) -> HttpResponse:
    """Keep what has been typed or chosen; answers with words for the status line and the difference so far."""
    if not request.user.is_authenticated:
        return HttpResponse("signed out", status=401)
    found, task = _own_task(request, slug, task_id)
    answer = _answer(request, task)
    try:
        save_draft(task, answer)
    except InputError as error:
        if is_htmx(request):
            return render(request, "pages/_draft.html", {"problem": str(error)}, status=422)
        return render(
            request, "pages/work.html", _context(found, task, answer=answer, problem=str(error)), status=422
        )
    if is_htmx(request):
        context = {"task": task, "pieces": _pieces(task, answer), "repeated": nearly_said(task, answer)}
        return render(request, "pages/_draft.html", context)
    messages.success(request, _("Your draft is saved."))
    return redirect("work", slug=slug)


@login_required
@require_POST
def start_over(request: HttpRequest, slug: str, task_id: int) -> HttpResponse:
    """Put the model's own response back into the editor."""
    _found, task = _own_task(request, slug, task_id)
    if task.state == Task.OPEN:
        save_draft(task, task.model_response)
    return redirect("work", slug=slug)


@login_required
@require_POST
def skip_task(request: HttpRequest, slug: str, task_id: int) -> HttpResponse:
    """Put the task aside, with the reason."""
    _found, task = _own_task(request, slug, task_id)
    skip(task, request.POST.get("reason", ""))
    messages.success(request, _("Skipped. Here is another task."))
    return redirect("work", slug=slug)


def _hand_in(request: HttpRequest, found: Visit) -> HttpResponse:
    """Hand in; a script that shows the next task already (`ahead`) is told only how it went."""
    ahead = _whole_number(request.POST.get("ahead", ""))
    _found, task = _own_task(request, found.campaign.slug, _whole_number(request.POST.get("task", "")))
    answer = _answer(request, task)
    try:
        contribution = hand_in(task, answer)
    except InputError as error:
        task.refresh_from_db()
        kept_at = _kept_at(task)
        if ahead:
            status = 422 if task.state == Task.OPEN else 409
            context = {"problem": str(error), "kept_at": kept_at}
            return render(request, "pages/_handed_in.html", context, status=status)
        if task.state == Task.OPEN:
            return render(
                request,
                "pages/work.html",
                _context(found, task, answer=answer, problem=str(error)),
                status=422,
            )
        messages.error(request, str(error))
        return redirect(kept_at or reverse("work", args=[found.campaign.slug]))
    thanks = _thanks(task, contribution)
    if ahead and _is_open_now(found, ahead):
        return render(request, "pages/_handed_in.html", {"thanks": thanks})
    messages.success(request, thanks)
    if ahead:
        return HttpResponse(status=205)  # what the script shows is not the next task after all
    return redirect("work", slug=found.campaign.slug)


def _kept_at(task: Task) -> str:
    """Where the text of a task that its writer closed before can be read; the next task shows all others."""
    if task.state not in (Task.DONE, Task.SKIPPED) or task.kind in JUDGEMENT_KINDS:
        return ""
    return f"{reverse('my_contributions', args=[task.campaign.slug])}#kept"


def _is_open_now(found: Visit, task_id: int) -> bool:
    """Whether the prepared task, and no other one, is the contributor's open task now."""
    assert found.membership is not None
    try:
        return (
            current_task(found.campaign, found.membership, artifacts_in(django_settings.DATA)).pk == task_id
        )
    except NotNow:
        return False


def _thanks(task: Task, contribution: Contribution | None) -> str:
    done = tasks_done(task.membership, task.round_number)
    if contribution is None and task.expected is None:
        return _(
            "Thank you, that is task %(done)s. Your answer is noted; there is nothing in it to train on."
        ) % {"done": done}
    return _("Thank you, that is task %(done)s. Points come when the round is decided.") % {"done": done}


def _answer(request: HttpRequest, task: Task) -> str:
    return TASK_TYPES.make(task.kind).write(dict(request.POST.lists()))


def _keep_what_was_sent(request: HttpRequest, found: Visit) -> None:
    """Save a text as a draft that cannot be accepted before its writer agrees to the new consent text."""
    number = _whole_number(request.POST.get("task", ""))
    task = Task.objects.select_related("campaign", "membership").filter(
        pk=number, membership=found.membership
    )
    mine = task.first() if found.membership is not None else None
    if mine is not None:
        with suppress(InputError):  # too long, and kept all the same
            save_draft(mine, _answer(request, mine))


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


def _context(found: Visit, task: Task, *, answer: str | None = None, problem: str = "") -> dict[str, Any]:
    plan, task_type = found.state.plan, TASK_TYPES.make(task.kind)
    done = tasks_done(task.membership, task.round_number) + (task.state == Task.NEXT)
    shown = task.draft if answer is None else answer
    return {
        "campaign": found.campaign,
        "plan": plan,
        "task": task,
        "type": task_type,
        "answer": task_type.show(shown),
        "has_draft": shown not in ("", task.model_response),
        "problem": problem,
        "number": done + 1,
        "done": done,
        "pieces": _pieces(task, shown),
        "repeated": nearly_said(task, shown),
        "guidelines": render_markdown(plan.campaign.guidelines),
        "skip_reasons": (*task_type.skip_reasons, *SKIP_REASONS),
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
    rows = rows.exclude(kind__in=JUDGEMENT_KINDS)
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
