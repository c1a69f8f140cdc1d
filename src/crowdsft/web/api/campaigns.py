"""Campaigns: create, look at, join, close a round; their rounds, standings, points and ledger."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.credit.archive import kept_of
from crowdsft.core.errors import InputError
from crowdsft.core.settings import parse_settings
from crowdsft.rounds.result import campaign_result, distance_before, final_distance
from crowdsft.web.api.access import (
    answers,
    contributing,
    find_campaign,
    find_membership,
    organising,
    require_organiser,
    signed_in,
)
from crowdsft.web.api.limits import NEW_CAMPAIGN
from crowdsft.web.campaigns.consent import current_consent, last_agreement
from crowdsft.web.campaigns.create import create_campaign, join, request_close
from crowdsft.web.campaigns.models import Campaign, Step
from crowdsft.web.campaigns.periods import Period, points_in
from crowdsft.web.contributions.work import tasks_done, waiting_contributions
from crowdsft.web.journal_django import campaign_state, ledger, retry

router = Router(tags=["campaigns"])


class NewCampaign(Schema):
    """`settings` is what a campaign file holds, as JSON. A `draft` is seen by its organisers only, until opened."""

    settings: dict[str, Any]
    draft: bool = False


class Consent(Schema):
    """Agreement to the campaign's consent text and licence; name the version that was read to be sure of it."""

    agree: bool
    consent_version: int | None = None


class Summary(Schema):
    """A campaign at a glance.

    `state`: draft, preparing, collecting, training, approval (a winner waits for it), paused, stuck, finished or
    cancelled.
    """

    slug: str
    name: str
    description: str
    state: str
    doing: str
    simulated: bool
    round: int
    rounds: int
    contributors: int
    contributions_waiting: int
    round_size: int | None
    distance_at_start: float | None
    distance: float | None
    licence: str
    consent: str
    consent_version: int
    archived: bool


class Membership(Schema):
    """You in a campaign. `may_work`: you agreed to the newest consent text (its number is asked for again if not)."""

    campaign: str
    pseudonym: str
    role: str
    may_work: bool
    agreed_version: int | None
    agreed: datetime | None
    left: datetime | None
    points: int
    tasks_done: int
    tasks_per_round: int


class Standing(Schema):
    """A row of the leaderboard."""

    rank: int
    contributor: str
    points: int


class AwardOut(Schema):
    """One of your awards; estimate and interval are in points, None where the policy makes no estimates.

    `kept` of your `handed_in` contributions so far were chosen for the round; None where it was trained on all its own.
    """

    round: int
    points: int
    group: int | None
    group_gain: float | None
    winner: bool
    estimate: float | None
    low: float | None
    high: float | None
    for_rounds: list[int]
    kept: int | None
    handed_in: int | None


@router.get("/campaigns", auth=None, response=list[Summary])
def list_campaigns(request: HttpRequest, archived: bool = False) -> list[Summary]:
    """All campaigns, newest first; drafts never, archived ones only with `?archived=true`."""
    shown = Campaign.objects.exclude(life=Campaign.DRAFT).order_by("-created")
    return [summary_of(campaign) for campaign in shown.filter(archived__isnull=not archived)]


@router.post("/campaigns", throttle=[NEW_CAMPAIGN], response=answers(Summary, 401, 403, 422, 429, status=201))
def new_campaign(request: HttpRequest, body: NewCampaign) -> Status[Summary]:
    """Open a campaign; all faults of its settings are listed together."""
    user = organising(request)
    settings = parse_settings(body.settings)
    return Status(201, summary_of(create_campaign(settings, owner=user, is_draft=body.draft)))


@router.get("/campaigns/{slug}", auth=None, response=answers(Summary, 404))
def one_campaign(request: HttpRequest, slug: str) -> Summary:
    """One campaign."""
    return summary_of(find_campaign(slug))


@router.post("/campaigns/{slug}/join", response=answers(Membership, 401, 403, 404, 422))
def join_campaign(request: HttpRequest, slug: str, body: Consent) -> Membership:
    """Become a contributor."""
    campaign = find_campaign(slug)
    if not body.agree:
        raise InputError("To join you have to agree to the campaign's consent text and licence.")
    join(campaign, contributing(request), consent_version=body.consent_version)
    return _membership(campaign, request)


@router.get("/campaigns/{slug}/me", response=answers(Membership, 401, 403, 404))
def my_membership(request: HttpRequest, slug: str) -> Membership:
    """You in this campaign."""
    return _membership(find_campaign(slug), request)


@router.get("/campaigns/{slug}/standings", auth=None, response=answers(list[Standing], 404, 422))
def standings(
    request: HttpRequest,
    slug: str,
    period: Period = "all",
    first: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int | None, Query(ge=1, le=10**9)] = None,
) -> list[Standing]:
    """Everybody's points, most first; equal points share a rank.

    Of all rounds, or those paid in the last 30 days (`month`) or by the newest round that paid (`round`); all of the
    list, or `limit` rows from row `first` on, counted from 0.
    """
    campaign = find_campaign(slug)
    names = dict(campaign.memberships.exclude(consent="").values_list("contributor", "pseudonym"))
    names |= dict(campaign.memberships.filter(user=None).values_list("contributor", "pseudonym"))
    points = points_in(campaign, campaign_state(campaign), period).points
    rows = sorted((-points.get(key, 0), name) for key, name in names.items())
    order = [minus_points for minus_points, _ in rows]
    return [
        Standing(rank=1 + bisect_left(order, minus_points), contributor=name, points=-minus_points)
        for minus_points, name in rows[first : None if limit is None else first + limit]
    ]


@router.get("/campaigns/{slug}/points", response=answers(list[AwardOut], 401, 403, 404))
def my_points(request: HttpRequest, slug: str) -> list[AwardOut]:
    """Your awards, round by round."""
    campaign = find_campaign(slug)
    membership = find_membership(campaign, signed_in(request))
    rounds = campaign_state(campaign).rounds
    return [
        award for current in rounds if (award := _award(rounds, current, membership.contributor)) is not None
    ]


@router.get("/campaigns/{slug}/result", auth=None, response=answers(dict[str, Any], 404))
def result(request: HttpRequest, slug: str) -> dict[str, Any]:
    """What `crowdsft run --json` prints, as far as the campaign has come."""
    campaign = find_campaign(slug)
    names = dict(campaign.memberships.values_list("contributor", "pseudonym"))
    until = campaign.finished
    seconds = (until - campaign.created).total_seconds() if until else 0.0
    return campaign_result(
        campaign_state(campaign), ledger(campaign), names=names, total_seconds=seconds, peak_memory_bytes=0
    )


@router.post("/campaigns/{slug}/close", response=answers(Summary, 401, 403, 404, 422))
def close_round_now(request: HttpRequest, slug: str) -> Summary:
    """Close the open round (organisers)."""
    campaign = find_campaign(slug)
    user = organising(request)
    require_organiser(campaign, user)
    request_close(campaign, user)
    return summary_of(campaign)


@router.post("/campaigns/{slug}/retry", response=answers(Summary, 401, 403, 404, 422))
def try_again(request: HttpRequest, slug: str) -> Summary:
    """Try a step again that has failed for good (organisers)."""
    campaign = find_campaign(slug)
    require_organiser(campaign, organising(request))
    if not retry(campaign):
        raise InputError("No step has failed for good, so there is nothing to try again.")
    return summary_of(campaign)


def summary_of(campaign: Campaign) -> Summary:
    """The campaign at a glance, as it is now."""
    campaign.refresh_from_db()
    state = campaign_state(campaign)
    settings = campaign.settings if campaign.life == Campaign.DRAFT else state.plan
    consent = None if campaign.life == Campaign.DRAFT else current_consent(campaign)
    measured = _measured(state)
    status, doing = campaign_status(campaign)
    return Summary(
        slug=campaign.slug,
        name=campaign.name,
        description=settings.campaign.description,
        state=status,
        doing=doing,
        simulated=settings.campaign.simulated,
        round=campaign.round_number,
        rounds=settings.rounds.count,
        contributors=campaign.memberships.exclude(consent="").filter(left=None).count(),
        contributions_waiting=waiting_contributions(campaign),
        round_size=settings.round_size if settings.rounds.close == "size" else None,
        distance_at_start=distance_before(measured) if measured else None,
        distance=final_distance(state) if measured else None,
        licence=consent.licence if consent else settings.campaign.licence,
        consent=consent.text if consent else settings.campaign.consent,
        consent_version=consent.number if consent else 0,
        archived=campaign.archived is not None,
    )


def campaign_status(campaign: Campaign) -> tuple[str, str]:
    """The campaign's state in one word, and what is being done or went wrong."""
    if campaign.life in (Campaign.DRAFT, Campaign.PAUSED, Campaign.FINISHED, Campaign.CANCELLED):
        return campaign.life, ""
    step = Step.objects.filter(campaign=campaign).first()
    if step is not None and step.run_after is None:
        return "stuck", step.error
    if step is not None and step.name == "approve":
        return "approval", step.note
    if campaign.is_collecting:
        return "collecting", step.note if step else ""
    return ("training" if campaign.round_number else "preparing"), step.note if step else ""


def _measured(state: CampaignState) -> list[RoundState]:
    return [current for current in state.rounds if current.points is not None]


def _membership(campaign: Campaign, request: HttpRequest) -> Membership:
    found = find_membership(campaign, signed_in(request))
    state, agreement = campaign_state(campaign), last_agreement(found)
    return Membership(
        campaign=campaign.slug,
        pseudonym=found.pseudonym,
        role=found.role,
        may_work=found.may_work,
        agreed_version=agreement.version.number if agreement else None,
        agreed=agreement.agreed if agreement else None,
        left=found.left,
        points=state.balances.get(found.contributor, 0),
        tasks_done=tasks_done(found, campaign.round_number),
        tasks_per_round=state.plan.tasks.per_contributor,
    )


def _award(rounds: Sequence[RoundState], current: RoundState, contributor: str) -> AwardOut | None:
    mine = [
        award
        for award in (current.points.awards if current.points else ())
        if award.contributor == contributor
    ]
    if not mine:
        return None
    group = next((index for index, members in enumerate(current.groups) if contributor in members), None)
    counts = kept_of(rounds, current.number, contributor)
    return AwardOut(
        round=current.number,
        points=mine[0].points,
        group=group,
        group_gain=current.evaluations[group].report.gain if group is not None else None,
        winner=group is not None and group == current.winner,
        estimate=mine[0].estimate,
        low=mine[0].low,
        high=mine[0].high,
        for_rounds=list(mine[0].for_rounds),
        kept=None if counts is None else counts[0],
        handed_in=None if counts is None else counts[1],
    )
