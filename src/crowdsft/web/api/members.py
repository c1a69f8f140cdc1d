"""Who takes part and on what terms: leaving, consent texts, roles, invitation links, the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.models import User
from crowdsft.web.api.access import (
    answers,
    contributing,
    find_campaign,
    find_membership,
    find_own_campaign,
    organising,
    require_reviewer,
    signed_in,
)
from crowdsft.web.api.errors import NotFoundError
from crowdsft.web.api.limits import WORK
from crowdsft.web.campaigns import invitations
from crowdsft.web.campaigns.consent import publish_consent
from crowdsft.web.campaigns.leaving import leave
from crowdsft.web.campaigns.models import Campaign, ConsentVersion, Invitation, Membership

router = Router(tags=["members"])
Role = Literal["organiser", "reviewer", "contributor"]


class Leaving(Schema):
    """Whether texts that nothing was trained on yet are taken back."""

    withdraw: bool = False


class Left(Schema):
    """How many contributions were taken back."""

    withdrawn: int


class ConsentText(Schema):
    """A consent text and its licence."""

    licence: str
    text: str


class PublishedConsent(ConsentText):
    """A version of the consent text. `digest` is the SHA-256 of licence, U+001F and text."""

    number: int
    digest: str
    published: datetime


class MyCampaign(Schema):
    """A campaign that you are in; `life`: draft, open, paused, finished or cancelled."""

    slug: str
    name: str
    life: str
    role: str
    archived: bool
    left: datetime | None


class Member(Schema):
    """Somebody in a campaign."""

    id: int
    pseudonym: str
    role: str
    joined: datetime
    left: datetime | None


class NewRole(Schema):
    """The role to have."""

    role: Role


class NewInvitation(Schema):
    """A link that gives a role; `days` and `uses` of None are without limit."""

    role: Role
    days: int | None = Field(default=14, ge=1, le=invitations.LONGEST_DAYS)
    uses: int | None = Field(default=None, ge=1, le=invitations.MOST_USES)


class InvitationOut(Schema):
    """An invitation; its key cannot be read again."""

    id: int
    role: str
    created: datetime
    expires: datetime | None
    uses: int
    uses_left: int | None
    revoked: datetime | None


class InvitationWithKey(InvitationOut):
    """The key and the page's address are shown here once and never again."""

    key: str
    address: str


class RoleGiven(Schema):
    """Your role now; to contribute, join the campaign and agree to its consent text."""

    campaign: str
    role: str


class AuditOut(Schema):
    """Who decided what; `actor` is None for an account that was deleted."""

    happened: datetime
    actor: str | None
    what: str
    detail: str


@router.get("/me/campaigns", response=answers(list[MyCampaign], 401))
def my_campaigns(request: HttpRequest) -> list[MyCampaign]:
    """The campaigns that you are in, your drafts included, newest first."""
    rows = Membership.objects.filter(user=signed_in(request)).select_related("campaign").order_by("-pk")
    return [
        MyCampaign(
            slug=row.campaign.slug,
            name=row.campaign.name,
            life=row.campaign.life,
            role=row.role,
            archived=row.campaign.archived is not None,
            left=row.left,
        )
        for row in rows
    ]


@router.post("/campaigns/{slug}/leave", response=answers(Left, 401, 403, 404, 422))
def leave_campaign(request: HttpRequest, slug: str, body: Leaving) -> Left:
    """Leave: no more tasks, points stay. Joining again is possible."""
    membership = find_membership(find_campaign(slug), contributing(request))
    return Left(withdrawn=leave(membership, withdraw=body.withdraw))


@router.get("/campaigns/{slug}/consent", auth=None, response=answers(list[PublishedConsent], 404))
def consent_versions(request: HttpRequest, slug: str) -> list[PublishedConsent]:
    """Every version of the consent text and licence, oldest first."""
    return [_consent(row) for row in find_campaign(slug).consent_versions.all()]


@router.post("/campaigns/{slug}/consent", response=answers(PublishedConsent, 401, 403, 404, 422, status=201))
def new_consent(request: HttpRequest, slug: str, body: ConsentText) -> Status[PublishedConsent]:
    """Publish a new version: everybody is asked again before the next task (organisers)."""
    campaign, user = _own(request, slug)
    return Status(201, _consent(publish_consent(campaign, licence=body.licence, text=body.text, actor=user)))


@router.get("/campaigns/{slug}/members", response=answers(list[Member], 401, 403, 404))
def members(request: HttpRequest, slug: str) -> list[Member]:
    """Everybody with an account in the campaign (organisers)."""
    campaign, _ = _own(request, slug)
    return [_member(row) for row in campaign.memberships.filter(user__isnull=False).order_by("joined", "pk")]


@router.put("/campaigns/{slug}/members/{int:member_id}", response=answers(Member, 401, 403, 404, 422))
def change_role(request: HttpRequest, slug: str, member_id: int, body: NewRole) -> Member:
    """Give a member another role (organisers)."""
    campaign, user = _own(request, slug)
    return _member(invitations.change_role(campaign, user, member_id, body.role))


@router.get("/campaigns/{slug}/invitations", response=answers(list[InvitationOut], 401, 403, 404))
def list_invitations(request: HttpRequest, slug: str) -> list[InvitationOut]:
    """The campaign's invitation links, newest first (organisers)."""
    campaign, _ = _own(request, slug)
    return [InvitationOut(**_invitation(row)) for row in campaign.invitations.all()]


@router.post(
    "/campaigns/{slug}/invitations", response=answers(InvitationWithKey, 401, 403, 404, 422, status=201)
)
def invite(request: HttpRequest, slug: str, body: NewInvitation) -> Status[InvitationWithKey]:
    """Make a link that gives a role (organisers)."""
    campaign, user = _own(request, slug)
    row, key = invitations.invite(campaign, user, body.role, days=body.days, uses=body.uses)
    address = request.build_absolute_uri(f"/invitations/{key}/")
    return Status(201, InvitationWithKey(**_invitation(row), key=key, address=address))


@router.delete(
    "/campaigns/{slug}/invitations/{int:invitation_id}",
    response=answers(None, 401, 403, 404, 422, status=204),
)
def take_back_invitation(request: HttpRequest, slug: str, invitation_id: int) -> Status[None]:
    """Make a link stop working (organisers)."""
    campaign, user = _own(request, slug)
    invitations.take_back(campaign, user, invitation_id)
    return Status(204, None)


@router.post("/invitations/{key}", throttle=[WORK], response=answers(RoleGiven, 401, 403, 404, 422, 429))
def accept_invitation(request: HttpRequest, key: str) -> RoleGiven:
    """Take the role that an invitation gives."""
    user = contributing(request)
    try:
        found = invitations.find_invitation(key)
    except InputError as error:
        raise NotFoundError(str(error)) from None
    membership = invitations.accept(found, user)
    return RoleGiven(campaign=found.campaign.slug, role=membership.role)


@router.get("/campaigns/{slug}/audit", response=answers(list[AuditOut], 401, 403, 404))
def audit(request: HttpRequest, slug: str) -> list[AuditOut]:
    """Who decided what about the campaign, newest first, at most 500 (organisers and reviewers)."""
    campaign = find_campaign(slug)
    require_reviewer(campaign, signed_in(request))
    return [
        AuditOut(
            happened=row.happened,
            actor=row.actor.pseudonym if row.actor else None,
            what=row.what,
            detail=row.detail,
        )
        for row in campaign.audit.select_related("actor")[:500]
    ]


def _own(request: HttpRequest, slug: str) -> tuple[Campaign, User]:
    user = organising(request)
    return find_own_campaign(slug, user), user


def _consent(row: ConsentVersion) -> PublishedConsent:
    return PublishedConsent(
        number=row.number, licence=row.licence, text=row.text, digest=row.digest, published=row.published
    )


def _member(row: Membership) -> Member:
    return Member(id=row.pk, pseudonym=row.pseudonym, role=row.role, joined=row.joined, left=row.left)


def _invitation(row: Invitation) -> dict[str, Any]:
    return {
        "id": row.pk,
        "role": row.role,
        "created": row.created,
        "expires": row.expires,
        "uses": row.uses,
        "uses_left": row.uses_left,
        "revoked": row.revoked,
    }
