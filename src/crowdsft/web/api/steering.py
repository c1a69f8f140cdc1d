"""The life of a campaign, for its organisers: draft, open, pause, finish, cancel, roll back, approve, archive."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from crowdsft.core.errors import InputError
from crowdsft.core.settings import parse_settings
from crowdsft.web.accounts.models import User
from crowdsft.web.api.access import (
    answers,
    find_campaign,
    find_own_campaign,
    organising,
    require_organiser,
    require_reviewer,
)
from crowdsft.web.api.campaigns import Summary, summary_of
from crowdsft.web.campaigns import steering
from crowdsft.web.campaigns.create import change_draft, open_draft
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.campaigns.toml_text import settings_as_toml

router = Router(tags=["organising"])
DECISION = answers(Summary, 401, 403, 404, 422)


class Settings(Schema):
    """A campaign's settings, as JSON and as the text of a campaign file."""

    settings: dict[str, Any]
    toml: str


class NewSettings(Schema):
    """What a campaign file holds, as JSON."""

    settings: dict[str, Any]


class Why(Schema):
    """The reason, which the audit log keeps."""

    reason: str = Field(default="", max_length=400)


class Back(Why):
    """To the model that this round left; 0 is the first base."""

    to_round: int = Field(ge=0)


@router.get("/campaigns/{slug}/settings", response=answers(Settings, 401, 403, 404))
def settings(request: HttpRequest, slug: str) -> Settings:
    """The settings of your campaign, to be used again."""
    campaign = find_own_campaign(slug, organising(request))
    return Settings(settings=campaign.plan, toml=settings_as_toml(campaign.settings))


@router.put("/campaigns/{slug}/settings", response=DECISION)
def change_settings(request: HttpRequest, slug: str, body: NewSettings) -> Summary:
    """Change a draft; all faults are listed together."""
    campaign = find_own_campaign(slug, organising(request))
    change_draft(campaign, parse_settings(body.settings))
    return summary_of(campaign)


@router.post("/campaigns/{slug}/open", response=DECISION)
def open_campaign(request: HttpRequest, slug: str) -> Summary:
    """Open a draft (organisers)."""
    campaign = find_own_campaign(slug, organising(request))
    open_draft(campaign)
    return summary_of(campaign)


@router.post("/campaigns/{slug}/remove", response=answers(None, 401, 403, 404, 422, status=204))
def remove_draft(request: HttpRequest, slug: str) -> Status[None]:
    """Remove a draft (organisers). Campaigns that were opened can be cancelled, not removed."""
    campaign = find_own_campaign(slug, organising(request))
    if campaign.life != Campaign.DRAFT:
        raise InputError("Only drafts can be removed. Cancel the campaign, then archive it.")
    steering.cancel(campaign, None)
    return Status(204, None)


@router.post("/campaigns/{slug}/pause", response=DECISION)
def pause(request: HttpRequest, slug: str, body: Why) -> Summary:
    """Pause: no new tasks, no new step; a step under way is brought to its end (organisers)."""
    campaign, user = _own(request, slug)
    steering.pause(campaign, user, body.reason)
    return summary_of(campaign)


@router.post("/campaigns/{slug}/resume", response=DECISION)
def resume(request: HttpRequest, slug: str) -> Summary:
    """Go on after a pause (organisers)."""
    campaign, user = _own(request, slug)
    steering.resume(campaign, user)
    return summary_of(campaign)


@router.post("/campaigns/{slug}/finish", response=DECISION)
def finish(request: HttpRequest, slug: str, body: Why) -> Summary:
    """Finish early: an open round is given up, a closed one ends, then all is paid (organisers)."""
    campaign, user = _own(request, slug)
    steering.finish(campaign, user, body.reason)
    return summary_of(campaign)


@router.post("/campaigns/{slug}/cancel", response=DECISION)
def cancel(request: HttpRequest, slug: str, body: Why) -> Summary:
    """Stop at once and for good; what was paid stays paid (organisers)."""
    campaign, user = _own(request, slug)
    steering.cancel(campaign, user, body.reason)
    return summary_of(campaign)


@router.post("/campaigns/{slug}/rollback", response=DECISION)
def roll_back(request: HttpRequest, slug: str, body: Back) -> Summary:
    """Make an earlier model the base again; points stay paid (organisers)."""
    campaign, user = _own(request, slug)
    steering.roll_back(campaign, user, body.to_round, body.reason)
    return summary_of(campaign)


@router.post("/campaigns/{slug}/approve", response=DECISION)
def approve(request: HttpRequest, slug: str, body: Why) -> Summary:
    """Let the winner become the next base (organisers and reviewers)."""
    return _review(request, slug, body, approve=True)


@router.post("/campaigns/{slug}/decline", response=DECISION)
def decline(request: HttpRequest, slug: str, body: Why) -> Summary:
    """Keep the base; a reason is needed, and the round's points are carried over (organisers and reviewers)."""
    return _review(request, slug, body, approve=False)


@router.post("/campaigns/{slug}/archive", response=DECISION)
def archive(request: HttpRequest, slug: str) -> Summary:
    """Take a finished or cancelled campaign out of the lists; it stays readable (organisers)."""
    campaign, user = _own(request, slug)
    steering.archive(campaign, user)
    return summary_of(campaign)


@router.post("/campaigns/{slug}/unarchive", response=DECISION)
def unarchive(request: HttpRequest, slug: str) -> Summary:
    """Put it back into the lists (organisers)."""
    campaign, user = _own(request, slug)
    steering.archive(campaign, user, is_archived=False)
    return summary_of(campaign)


def _own(request: HttpRequest, slug: str) -> tuple[Campaign, User]:
    user, campaign = organising(request), find_campaign(slug)
    require_organiser(campaign, user)
    return campaign, user


def _review(request: HttpRequest, slug: str, body: Why, *, approve: bool) -> Summary:
    user, campaign = organising(request), find_campaign(slug)
    require_reviewer(campaign, user)
    steering.review_winner(campaign, user, approve=approve, reason=body.reason)
    return summary_of(campaign)
