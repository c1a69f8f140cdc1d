"""Who is looking: the campaign behind an address, the reader's membership, and what the reader may do."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from crowdsft.core.campaign import CampaignState
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.finding import campaign_at, membership_of
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.journal_django import campaign_state

CONTRIBUTES = (Q(role=Membership.CONTRIBUTOR) | ~Q(consent="")) & Q(left=None)


@dataclass(frozen=True, slots=True)
class Visit:
    """A campaign as one reader meets it; `user` and `membership` are None for strangers."""

    campaign: Campaign
    state: CampaignState
    user: User | None
    membership: Membership | None

    @property
    def is_contributor(self) -> bool:
        """Whether the reader ever agreed to consent and licence, and so may have contributions and points."""
        return self.membership is not None and bool(self.membership.consent)

    @property
    def may_work(self) -> bool:
        """Whether the reader agreed to the newest consent text and has not left."""
        return self.membership is not None and self.membership.may_work

    @property
    def is_organiser(self) -> bool:
        """Whether the reader may decide about the campaign."""
        return self._has_role(Membership.ORGANISER)

    @property
    def is_reviewer(self) -> bool:
        """Whether the reader may approve winners and read the log, as reviewers and organisers may."""
        return self._has_role(Membership.ORGANISER, Membership.REVIEWER)

    def _has_role(self, *roles: str) -> bool:
        return self.membership is not None and self.membership.left is None and self.membership.role in roles

    @property
    def contributor(self) -> str | None:
        """The reader's identifier in the journal."""
        return self.membership.contributor if self.membership else None


def signed_in(user: User | AnonymousUser) -> User | None:
    """The account, or None for somebody without one."""
    return user if isinstance(user, User) else None


def visit(request: HttpRequest, slug: str) -> Visit:
    """The open or closed campaign `slug` for who asks.

    Raises:
        Http404: when there is none, or only a draft.
    """
    found = visit_any(request, slug)
    if found.campaign.life == Campaign.DRAFT:
        raise Http404("This campaign is a draft.")
    return found


def visit_any(request: HttpRequest, slug: str) -> Visit:
    """As `visit`, drafts included; the state of a draft is empty.

    Raises:
        Http404: when there is no such campaign.
    """
    campaign = campaign_at(slug)
    if campaign is None:
        raise Http404("There is no such campaign.")
    user = signed_in(request.user)
    membership = membership_of(campaign, user) if user is not None else None
    return Visit(campaign, campaign_state(campaign), user, membership)


def organiser_visit(request: HttpRequest, slug: str) -> Visit:
    """As `visit`, for the campaign's organiser only.

    Raises:
        PermissionDenied: for everybody else.
    """
    found = visit(request, slug)
    if not found.is_organiser:
        raise PermissionDenied(_("Only the organiser of this campaign can do this."))
    return found


def draft_visit(request: HttpRequest, slug: str) -> Visit:
    """As `organiser_visit`, for a draft.

    Raises:
        Http404: when it is no draft or not the reader's: others cannot know that it exists.
    """
    found = visit_any(request, slug)
    if found.campaign.life != Campaign.DRAFT or not found.is_organiser:
        raise Http404("There is no such draft.")
    return found


def reviewer_visit(request: HttpRequest, slug: str) -> Visit:
    """As `visit`, for the campaign's reviewers and organisers.

    Raises:
        PermissionDenied: for everybody else.
    """
    found = visit(request, slug)
    if not found.is_reviewer:
        raise PermissionDenied(_("Only organisers and reviewers of this campaign can see this."))
    return found


def is_htmx(request: HttpRequest) -> bool:
    """Whether a script asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"
