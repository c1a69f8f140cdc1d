"""Who may do what through the API."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.security import HttpBearer

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.models import ApiToken, User, token_digest
from crowdsft.web.campaigns.models import Campaign, Membership


class NotFoundError(InputError):
    """There is no such thing, or it is not for you to see."""


class NotAllowedError(InputError):
    """You are known, but this is not yours to do."""


class TokenAuth(HttpBearer):
    """`Authorization: Bearer crowdsft_...`"""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        found = ApiToken.objects.select_related("user").filter(digest=token_digest(token)).first()
        if found is None or not found.user.is_active:
            return None
        request.user = found.user
        return found.user


def signed_in(request: HttpRequest) -> User:
    """Who asks; the API's authentication has already refused everybody else."""
    assert isinstance(request.user, User)
    return request.user


def find_campaign(slug: str) -> Campaign:
    """Raises: NotFoundError."""
    campaign = Campaign.objects.filter(slug=slug).first()
    if campaign is None:
        raise NotFoundError(f"There is no campaign {slug!r}.")
    return campaign


def find_membership(campaign: Campaign, user: User) -> Membership:
    """Raises: NotAllowedError when `user` has not joined."""
    membership = Membership.objects.filter(campaign=campaign, user=user).first()
    if membership is None:
        raise NotAllowedError(f"You are not part of {campaign.name!r} yet. Join it first.")
    return membership


def require_contributor(campaign: Campaign, user: User) -> Membership:
    """Raises: NotAllowedError when `user` has not agreed to the campaign's consent text."""
    membership = find_membership(campaign, user)
    if not membership.consent:
        raise NotAllowedError(
            "To contribute, join the campaign as a contributor and agree to its consent text."
        )
    return membership


def require_organiser(campaign: Campaign, user: User) -> Membership:
    """Raises: NotAllowedError."""
    membership = find_membership(campaign, user)
    if membership.role != Membership.ORGANISER:
        raise NotAllowedError("Only an organiser of the campaign may do this.")
    return membership
