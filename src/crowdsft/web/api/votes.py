"""Votes on a round's candidates: get a pair, decide it."""

from __future__ import annotations

from typing import Literal

from django.conf import settings as django_settings
from django.http import HttpRequest
from ninja import Router, Schema, Status

from crowdsft.rounds.artifacts import artifacts_in
from crowdsft.web.accounts.models import User
from crowdsft.web.api.access import (
    answers,
    contributing,
    find_campaign,
    organising,
    require_contributor,
    require_organiser,
)
from crowdsft.web.api.campaigns import Summary, summary_of
from crowdsft.web.api.errors import NotFoundError
from crowdsft.web.api.limits import WORK
from crowdsft.web.votes.closing import request_count
from crowdsft.web.votes.models import Vote
from crowdsft.web.votes.voting import cast, current_vote

router = Router(tags=["votes"])


class PairOut(Schema):
    """Two responses to one message. Which models they are from is not told."""

    id: int
    campaign: str
    round: int
    number: int
    prompt: str
    left: str
    right: str


class Choice(Schema):
    """Which response is better for the campaign's goal."""

    choice: Literal["left", "same", "right", "skipped"]


@router.post("/campaigns/{slug}/vote", throttle=[WORK], response=answers(PairOut, 401, 403, 404, 409, 429))
def get_pair(request: HttpRequest, slug: str) -> PairOut:
    """The pair that you have not decided yet, or a new one. 409 while there is nothing to vote on."""
    campaign = find_campaign(slug)
    membership = require_contributor(campaign, contributing(request))
    vote, pair = current_vote(campaign, membership, artifacts_in(django_settings.DATA))
    return PairOut(
        id=vote.pk,
        campaign=campaign.slug,
        round=vote.round_number,
        number=vote.number,
        prompt=pair.prompt,
        left=pair.left,
        right=pair.right,
    )


@router.post(
    "/votes/{int:vote_id}", throttle=[WORK], response=answers(None, 401, 403, 404, 422, 429, status=204)
)
def decide(request: HttpRequest, vote_id: int, body: Choice) -> Status[None]:
    """Decide a pair. Sending the same again is safe."""
    vote = _mine(contributing(request), vote_id)
    require_contributor(vote.campaign, contributing(request))
    cast(vote, body.choice)
    return Status(204, None)


@router.post("/campaigns/{slug}/vote/close", response=answers(Summary, 401, 403, 404, 422))
def count_now(request: HttpRequest, slug: str) -> Summary:
    """Close the open vote: what has been voted is counted (organisers)."""
    campaign = find_campaign(slug)
    user = organising(request)
    require_organiser(campaign, user)
    request_count(campaign, user)
    return summary_of(campaign)


def _mine(user: User, vote_id: int) -> Vote:
    vote = (
        Vote.objects.select_related("campaign", "membership")
        .filter(pk=vote_id, membership__user=user)
        .first()
    )
    if vote is None:
        raise NotFoundError("There is no such pair of yours. POST /api/campaigns/SLUG/vote gives you one.")
    return vote
