"""One campaign: what it is for, how the model gets on, who has points; closing and retrying."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from crowdsft.core.errors import InputError
from crowdsft.core.settings import CampaignSettings
from crowdsft.web.campaigns.create import request_close
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.charts import distance_chart
from crowdsft.web.contributions.work import tasks_done, waiting_contributions
from crowdsft.web.journal_django import retry as retry_step
from crowdsft.web.pages.access import CONTRIBUTES, Visit, organiser_visit, visit
from crowdsft.web.pages.agreement_story import agreement_story
from crowdsft.web.pages.campaign_fields import POLICY_WORDS
from crowdsft.web.pages.emotion_words import emotion_words
from crowdsft.web.pages.judging_story import judging_story
from crowdsft.web.pages.lineage_story import lineage_story
from crowdsft.web.pages.measure import latest_score, measure_of, share_of_the_way, start_score
from crowdsft.web.pages.progress import Progress, progress
from crowdsft.web.pages.reviews_story import reviews_context
from crowdsft.web.pages.rounds_story import candidate_table, chart_data, decided_rounds, round_rows
from crowdsft.web.pages.safe_markdown import render_markdown
from crowdsft.web.pages.standings import standings
from crowdsft.web.pages.votes_story import voted_rows
from crowdsft.web.saying import whole
from crowdsft.web.stream.hub import Topic
from crowdsft.web.stream.news import status_context
from crowdsft.web.stream.watching import allow_stream
from crowdsft.web.votes.models import decided_votes
from crowdsft.web.votes.voting import is_voting, votes_cast


@require_safe
def campaign(request: HttpRequest, slug: str) -> HttpResponse:
    """The page of a campaign."""
    found = visit(request, slug)
    return render(request, "pages/campaign.html", _context(found))


@never_cache
@require_safe
def live(request: HttpRequest, slug: str) -> HttpResponse:
    """What has changed since `status` and `results` were shown: nothing, the state, or the results as well.

    286 tells htmx that nothing more will come. `page=work` is asked where somebody waits for a task.
    """
    found = visit(request, slug)
    now = progress(found.campaign, found.state)
    status = _status_context(found, now)
    is_new = request.GET.get("results") != status["results_version"]
    if not is_new and request.GET.get("status") == status["status_version"]:
        return HttpResponse(status=204 if now.is_live else 286)
    parts, context = ["status", "doing"], status
    if is_new:
        context = _context(found)
        parts += ["again"] if request.GET.get("page") == "work" else ["actions", "results"]
    context["is_swap"] = True
    return HttpResponse(
        "".join(render_to_string(f"pages/_campaign_{part}.html", context, request) for part in parts)
    )


@require_safe
def events(request: HttpRequest, slug: str) -> HttpResponse:
    """The campaign's live news as server-sent events, where the server can keep streams open."""
    found = visit(request, slug)
    language = get_language() or "en"
    return allow_stream(request, Topic(found.campaign.pk, language, found.is_organiser))


@require_POST
def close_round(request: HttpRequest, slug: str) -> HttpResponse:
    """Close the open round now."""
    found = organiser_visit(request, slug)
    try:
        request_close(found.campaign, found.user)
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            _("Round {number} closes as soon as every group can have a contributor.").format(
                number=found.campaign.round_number
            ),
        )
    return redirect("campaign", slug=slug)


@require_POST
def retry(request: HttpRequest, slug: str) -> HttpResponse:
    """Try the step again that has failed for good."""
    found = organiser_visit(request, slug)
    retry_step(found.campaign)
    messages.success(request, _("We try again. Nothing that was handed in is lost."))
    return redirect("campaign", slug=slug)


def _status_context(found: Visit, now: Progress) -> dict[str, Any]:
    return status_context(found.campaign, found.state, now, is_organiser=found.is_organiser)


def _context(found: Visit) -> dict[str, Any]:
    state, now = found.state, progress(found.campaign, found.state)
    measure, data = measure_of(state.plan), chart_data(found.state, found.contributor)
    start, latest = start_score(state), latest_score(state)
    titles, candidates = candidate_table(state, found.contributor)
    done = tasks_done(found.membership, found.campaign.round_number) if found.membership else 0
    return {
        **_status_context(found, now),
        "section": "campaigns",
        "visit": found,
        "guidelines": render_markdown(state.plan.campaign.guidelines),
        "goal": _goal(state.plan),
        "policy": POLICY_WORDS.get(state.plan.points.policy, state.plan.points.policy),
        "measure": measure,
        "chart": distance_chart(data) if data else None,
        "has_own_group": data is not None and any(current.own is not None for current in data.rounds),
        "has_rollback": bool(data and data.backs),
        "has_base_kept": any(current.winner is None for current in decided_rounds(state)),
        "confidence": round(100 * state.plan.evaluation.confidence),
        "start_value": measure.show(start.mean_utility) if start else None,
        "latest_value": measure.show(latest.mean_utility) if latest else None,
        "way": share_of_the_way(state),
        "contributors": Membership.objects.filter(CONTRIBUTES, campaign=found.campaign).count(),
        "rounds": round_rows(state, found.contributor),
        "candidate_titles": titles,
        "candidates": candidates,
        "lineage": lineage_story(state, found.contributor),
        "agreement": agreement_story(state, found.contributor),
        "judging": judging_story(state),
        "standings": standings(found.campaign, state, found.contributor),
        "votes_left": _votes_left(found),
        "votes_in": _votes_in(found) if now.kind == "voting" and found.is_organiser else None,
        "voted": voted_rows(state),
        "task_number": done + 1,
        "is_done": done >= state.plan.tasks.per_contributor,
        "waiting": waiting_contributions(found.campaign) if found.is_organiser else 0,
        **reviews_context(found),
    }


def _votes_in(found: Visit) -> int | None:
    """How many votes would be counted if the organiser closed the vote now; None once it is being closed."""
    number = found.state.current.number
    if found.campaign.close_requested_vote == number:
        return None
    return decided_votes(found.campaign, number).count()


def _goal(plan: CampaignSettings) -> str:
    """Where the model shall go: an emotion, a mix of them, or where experts' examples lie."""
    target = plan.target
    if target.emotion:
        return emotion_words(target.emotion)
    if target.examples:
        count = len(target.examples)
        return ngettext("{count} expert example", "{count} expert examples", count).format(count=whole(count))
    parts = target.vector or {}
    return ", ".join(f"{emotion_words(name)} {number_format(f'{part:.3g}')}" for name, part in parts.items())


def _votes_left(found: Visit) -> int:
    """How many more pairs the reader may vote on."""
    if found.membership is None or not is_voting(found.state):
        return 0
    return found.state.plan.votes.per_voter - votes_cast(found.membership, found.state.current.number)
