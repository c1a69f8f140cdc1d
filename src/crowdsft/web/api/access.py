"""Who may do what through the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.errors import AuthenticationError, HttpError
from ninja.security import HttpBearer, SessionAuth
from ninja.utils import check_csrf

from crowdsft.web.accounts.models import ApiToken, User, token_digest
from crowdsft.web.api.errors import NotAllowedError, NotFoundError, Problem
from crowdsft.web.campaigns.models import Campaign, Membership


class TokenAuth(HttpBearer):
    """`Authorization: Bearer crowdsft_...`"""

    def authenticate(self, request: HttpRequest, token: str) -> User:
        """Raises: AuthenticationError, even where a session would do: a wrong token is never ignored."""
        found = ApiToken.objects.select_related("user").filter(digest=token_digest(token)).first()
        if found is None or not found.user.is_active:
            raise AuthenticationError(
                message="This token is unknown here: mistyped, taken back, or of another platform. "
                "Make a new one with POST /api/tokens."
            )
        request.user = found.user
        return found.user


class SignedIn(SessionAuth):
    """A browser session; unsafe methods need the CSRF token."""

    def __call__(self, request: HttpRequest) -> User | None:
        """Who has the session. A request without one is no forgery: it is told to sign in."""
        if not isinstance(request.user, User) or not request.user.is_active:
            return None
        if check_csrf(request) is not None:
            raise HttpError(
                403,
                "The CSRF token is missing or wrong. Send the csrftoken cookie's value as X-CSRFToken, "
                "or use an API token, which needs none.",
            )
        return request.user


def answers(success: Any, *problems: int, status: int = 200) -> dict[Any, Any]:
    """What an operation may answer, for `response=` and so for the OpenAPI document."""
    return {status: success, frozenset(problems): Problem} if problems else {status: success}


def signed_in(request: HttpRequest) -> User:
    """Who asks; the API's authentication has already refused everybody else."""
    assert isinstance(request.user, User)
    return request.user


def find_campaign(slug: str) -> Campaign:
    """Raises: NotFoundError."""
    campaign = Campaign.objects.filter(slug=slug).first() if slug.isprintable() else None
    if campaign is None:
        raise NotFoundError(f"There is no campaign {slug[:80]!r}. GET /api/campaigns lists all of them.")
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


def require_organiser(campaign: Campaign, user: User) -> None:
    """Raises: NotAllowedError."""
    if not Membership.objects.filter(campaign=campaign, user=user, role=Membership.ORGANISER).exists():
        raise NotAllowedError(f"Only an organiser of {campaign.name!r} may do this. Ask one of them.")
