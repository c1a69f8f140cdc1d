"""Who is looking: the campaign behind an address, the reader's membership, and what the reader may do."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from crowdsft.core.campaign import CampaignState
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.journal_django import campaign_state

CONTRIBUTES = Q(role=Membership.CONTRIBUTOR) | ~Q(consent="")


@dataclass(frozen=True, slots=True)
class Visit:
    """A campaign as one reader meets it; `user` and `membership` are None for strangers."""

    campaign: Campaign
    state: CampaignState
    user: User | None
    membership: Membership | None

    @property
    def is_contributor(self) -> bool:
        """Whether the reader agreed to consent and licence and may therefore work."""
        return self.membership is not None and bool(self.membership.consent)

    @property
    def is_organiser(self) -> bool:
        """Whether the campaign is the reader's own."""
        return self.user is not None and self.campaign.owner_id == self.user.pk

    @property
    def contributor(self) -> str | None:
        """The reader's identifier in the journal."""
        return self.membership.contributor if self.membership else None


def signed_in(user: User | AnonymousUser) -> User | None:
    """The account, or None for somebody without one."""
    return user if isinstance(user, User) else None


def visit(request: HttpRequest, slug: str) -> Visit:
    """The campaign `slug` for who asks.

    Raises:
        Http404: when there is none.
    """
    campaign = get_object_or_404(Campaign.objects.select_related("step"), slug=slug)
    user = signed_in(request.user)
    membership = Membership.objects.filter(campaign=campaign, user=user).first() if user is not None else None
    return Visit(campaign, campaign_state(campaign), user, membership)


def organiser_visit(request: HttpRequest, slug: str) -> Visit:
    """As `visit`, for the campaign's organiser only.

    Raises:
        PermissionDenied: for everybody else.
    """
    found = visit(request, slug)
    if not found.is_organiser:
        raise PermissionDenied("Only the organiser of this campaign can do this.")
    return found


def is_htmx(request: HttpRequest) -> bool:
    """Whether a script asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"
