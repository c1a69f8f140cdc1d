"""The models of a campaign: where each comes from, how near it is, and its files to download."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings as django_settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.errors import CrowdsftError, InputError
from crowdsft.publishing.archive import zip_pieces
from crowdsft.publishing.card import shown_base
from crowdsft.rounds.artifacts import artifacts_in
from crowdsft.web.adapters.catalogue import Model, decided, files_of, find_model, models_of
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.pages.access import visit
from crowdsft.web.pages.measure import Change, Measure, group_of, measure_of, model_name, start_score
from crowdsft.web.pages.rounds_story import why_base_stayed
from crowdsft.web.pages.wording import number
from crowdsft.web.saying import said

ROUNDS_A_PAGE = 10


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A contender as it is listed."""

    model: Model
    name: str
    value: str
    interval: str
    change: Change
    is_own: bool


@dataclass(frozen=True, slots=True)
class RoundModels:
    """A decided round: what it started from, its contenders, and why the base stayed, if it did."""

    number: int
    base: str
    rows: list[ModelRow]
    why_kept: str


@never_cache
@require_safe
def models(request: HttpRequest, slug: str) -> HttpResponse:
    """The first base, then the contenders of each decided round, newest round first."""
    found = visit(request, slug)
    page = Paginator(decided(found.state), ROUNDS_A_PAGE).get_page(request.GET.get("page"))
    context = _context(found.campaign, found.state) | {
        "page": page,
        "rounds": [_round(found.state, past, found.contributor) for past in page.object_list],
        "visit": found,
    }
    return render(request, "pages/models.html", context)


@never_cache
@require_safe
def download(request: HttpRequest, slug: str, key: str) -> HttpResponseBase:
    """A model's card and adapters as a zip file."""
    found = visit(request, slug)
    try:
        return zip_response(request, found.campaign, find_model(found.state, key))
    except CrowdsftError as error:
        context = _context(found.campaign, found.state) | {"problem": said(error)}
        return render(request, "pages/model_missing.html", context, status=404 if is_unknown(error) else 503)


def is_unknown(error: CrowdsftError) -> bool:
    """Whether there is no such model, rather than that its files cannot be reached just now."""
    return isinstance(error, InputError)


def zip_response(request: HttpRequest, campaign: Campaign, model: Model) -> HttpResponseBase:
    """The zip file, made while it is sent.

    Raises:
        CrowdsftError: when an adapter is missing or damaged.
    """
    files = files_of(campaign, model, artifacts_in(django_settings.DATA))
    name = f"{campaign.slug}-round-{model.past.number}-{model.number + 1}.zip"
    response: HttpResponseBase = (
        HttpResponse() if request.method == "HEAD" else StreamingHttpResponse(zip_pieces(files))
    )
    response["Content-Type"] = "application/zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _context(campaign: Campaign, state: CampaignState) -> dict[str, Any]:
    plan, measure, start = state.plan, measure_of(state.plan), start_score(state)
    return {
        "campaign": campaign,
        "section": "campaigns",
        "measure": measure,
        "base": shown_base(plan.model.base),
        "revision": plan.model.revision or "",
        "is_on_hub": "/" in plan.model.base and shown_base(plan.model.base) == plan.model.base,
        "start": "" if start is None else measure.show(start.mean_utility),
        "licence": plan.campaign.licence,
        "confidence": round(100 * plan.evaluation.confidence),
    }


def _round(state: CampaignState, past: RoundState, contributor: str | None) -> RoundModels:
    measure, own = measure_of(state.plan), group_of(past, contributor)
    assert past.base_evaluation is not None
    before = past.base_evaluation.report.mean_utility
    return RoundModels(
        number=past.number,
        base=_base_words(state, past),
        rows=[_row(model, measure, before, own) for model in models_of([past])],
        why_kept="" if past.winner is not None else why_base_stayed(past),
    )


def _base_words(state: CampaignState, past: RoundState) -> str:
    """From which model the round's candidates started: the start, or an earlier round's winner."""
    if not past.lineage:
        return _("the start")
    from_round = next(
        other.number
        for other in state.rounds
        if other.winner is not None
        and (*other.lineage, other.adapters[other.winner]) == past.lineage
        and other.number < past.number
    )
    return _("the winner of round {number}").format(number=from_round)


def _row(model: Model, measure: Measure, before: float, own: int | None) -> ModelRow:
    low, high = measure.interval(model.score)
    return ModelRow(
        model=model,
        name=model_name(model.past, model.number, is_first_word=True),
        value=measure.show(model.score.mean_utility),
        interval=_("{low} to {high}").format(low=number(low), high=number(high)),
        change=measure.change(before, model.score.mean_utility),
        is_own=model.number == own,
    )
