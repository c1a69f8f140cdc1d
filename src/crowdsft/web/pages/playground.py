"""The playground: one message to two models of a campaign, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from crowdsft.core.errors import InputError
from crowdsft.web.pages.access import Visit, visit
from crowdsft.web.pages.measure import measure_of
from crowdsft.web.playground.choices import default_pair, model_choices
from crowdsft.web.playground.models import Exchange
from crowdsft.web.playground.queue import ask
from crowdsft.web.saying import decimal, said


@dataclass(frozen=True, slots=True)
class Side:
    """One model's column: which is chosen, and what it said."""

    name: str
    label: str
    chosen: str
    text: str | None
    facts: str


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def playground(request: HttpRequest, slug: str) -> HttpResponse:
    """The form, with the newest exchange of the reader; a POST asks."""
    found = visit(request, slug)
    assert found.user is not None
    if request.method == "POST":
        fields = {name: request.POST.get(name, "") for name in ("message", "left", "right")}
        try:
            ask(found.campaign, found.user, **fields)
        except InputError as error:
            context = _context(found, None, fields, problem=said(error))
            return render(request, "pages/playground.html", context, status=422)
        return redirect("playground", slug=slug)
    newest = Exchange.objects.filter(campaign=found.campaign, user=found.user).order_by("-created").first()
    return render(request, "pages/playground.html", _context(found, newest, _fields(found, newest)))


@never_cache
@login_required
@require_safe
def replies(request: HttpRequest, slug: str, exchange_id: str) -> HttpResponse:
    """The two replies as they stand; asked for again until both are there."""
    found = visit(request, slug)
    exchange = get_object_or_404(Exchange, pk=exchange_id, campaign=found.campaign, user=found.user)
    if exchange.state in (Exchange.WAITING, Exchange.WORKING):
        return HttpResponse(status=204)
    return render(request, "pages/_replies.html", _context(found, exchange, _fields(found, exchange)))


def _fields(found: Visit, exchange: Exchange | None) -> dict[str, str]:
    if exchange is not None:
        return {"message": exchange.message, "left": exchange.left, "right": exchange.right}
    left, right = default_pair(model_choices(found.state))
    return {"message": "", "left": left, "right": right}


def _context(
    found: Visit, exchange: Exchange | None, fields: dict[str, str], *, problem: str = ""
) -> dict[str, Any]:
    return {
        "campaign": found.campaign,
        "choices": model_choices(found.state),
        "exchange": exchange,
        "message": fields["message"] or found.state.plan.prompts.texts[0],
        "sides": [_side(found, exchange, fields, index) for index in range(2)],
        "problem": problem,
        "is_waiting": exchange is not None and exchange.state in (Exchange.WAITING, Exchange.WORKING),
        "section": "campaigns",
    }


def _side(found: Visit, exchange: Exchange | None, fields: dict[str, str], index: int) -> Side:
    name = ("left", "right")[index]
    label = (_("First model"), _("Second model"))[index]
    answer = exchange.answers[index] if exchange is not None and exchange.state == Exchange.DONE else None
    facts = ""
    if answer is not None:
        parts = [_words(answer["text"]), f"{decimal(answer['seconds'], 1)} s"]
        if answer["utility"] is not None and not found.state.plan.target.hidden:
            measure = measure_of(found.state.plan)
            parts.insert(0, f"{measure.name} {measure.show(answer['utility'])}")
        facts = " · ".join(parts)
    return Side(name, label, fields[name], answer["text"] if answer else None, facts)


def _words(text: str) -> str:
    count = len(text.split())
    return ngettext("%(count)s word", "%(count)s words", count) % {"count": count}
