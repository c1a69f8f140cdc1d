"""Who may do what through the API."""

from __future__ import annotations

from typing import Any, TypeVar

from django.http import HttpRequest
from ninja.errors import AuthenticationError, HttpError
from ninja.security import HttpBearer, SessionAuth
from ninja.utils import check_csrf

from crowdsft.web.accounts.models import CONTRIBUTE, ORGANISE, READ, SCOPES, ApiToken, User, find_token
from crowdsft.web.api.errors import NotAllowedError, NotFoundError, Problem
from crowdsft.web.campaigns.finding import campaign_at, membership_of
from crowdsft.web.campaigns.models import Campaign, Membership

Found = TypeVar("Found")


class TokenAuth(HttpBearer):
    """`Authorization: Bearer crowdsft_...`"""

    def authenticate(self, request: HttpRequest, token: str) -> User:
        """Raises: AuthenticationError, even where a session would do: a wrong token is never ignored."""
        found = find_token(token)
        if found is None:
            raise AuthenticationError(
                message="This token is unknown here: mistyped, run out, taken back, or of another platform. "
                "Make a new one with POST /api/tokens."
            )
        request.user = found.user
        request.api_token = found  # type: ignore[attr-defined]
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


def signed_in(request: HttpRequest, *scopes: str) -> User:
    """Who asks; the API's authentication has already refused everybody else.

    Args:
        scopes: What the token must be good for; `READ` without any. A browser session is good for everything.

    Raises:
        NotAllowedError: when the token is not good for it.
    """
    assert isinstance(request.user, User)
    held = scopes_of(request)
    missing = [scope for scope in scopes or (READ,) if scope not in held]
    if missing:
        raise NotAllowedError(
            f"This token is good for {', '.join(held)} only, and this needs {' and '.join(missing)}. "
            "Make another one with POST /api/tokens."
        )
    return request.user


def scopes_of(request: HttpRequest) -> tuple[str, ...]:
    """What the caller may do: the token's scopes, everything for a browser session."""
    token: ApiToken | None = getattr(request, "api_token", None)
    return SCOPES if token is None else tuple(token.scopes.split())


def contributing(request: HttpRequest) -> User:
    """As `signed_in`, for doing tasks."""
    return signed_in(request, CONTRIBUTE)


def organising(request: HttpRequest) -> User:
    """As `signed_in`, for deciding about campaigns."""
    return signed_in(request, ORGANISE)


def in_person(request: HttpRequest) -> User:
    """As `signed_in`, for what touches the account itself: a token needs every scope."""
    return signed_in(request, *SCOPES)


def find_campaign(slug: str) -> Campaign:
    """A campaign that is no draft. Raises: NotFoundError."""
    campaign = campaign_at(slug)
    if campaign is None or campaign.life == Campaign.DRAFT:
        raise NotFoundError(f"There is no campaign {slug[:80]!r}. GET /api/campaigns lists all of them.")
    return campaign


def find_own_campaign(slug: str, user: User) -> Campaign:
    """A campaign that `user` organises, drafts included.

    Raises:
        NotFoundError: when there is none, or only a draft of others.
        NotAllowedError: when it is public and others organise it.
    """
    found = campaign_at(slug)
    if found is not None and _roles(found, user, Membership.ORGANISER):
        return found
    require_organiser(find_campaign(slug), user)
    raise AssertionError("unreachable")  # pragma: no cover


def find_membership(campaign: Campaign, user: User) -> Membership:
    """Raises: NotAllowedError when `user` has not joined."""
    membership = membership_of(campaign, user)
    if membership is None:
        raise NotAllowedError(f"You are not part of {campaign.name!r} yet. Join it first.")
    return membership


def require_contributor(campaign: Campaign, user: User) -> Membership:
    """Raises: NotAllowedError when `user` has left or not agreed to the newest consent text."""
    membership = find_membership(campaign, user)
    require_may_work(membership)
    return membership


def require_may_work(membership: Membership) -> None:
    """As `require_contributor`, for a membership that is known with its campaign."""
    if membership.consent and membership.left is None and not membership.may_work:
        raise NotAllowedError(
            "The campaign has a new consent text. Read it with GET /api/campaigns/SLUG/consent, and agree to it by "
            "joining again. What you have written is kept."
        )
    if not membership.may_work:
        raise NotAllowedError(
            "To contribute, join the campaign as a contributor and agree to its consent text."
        )


def require_organiser(campaign: Campaign, user: User) -> None:
    """Raises: NotAllowedError."""
    if not _roles(campaign, user, Membership.ORGANISER):
        raise NotAllowedError(f"Only an organiser of {campaign.name!r} may do this. Ask one of them.")


def require_reviewer(campaign: Campaign, user: User) -> None:
    """Reviewers and organisers. Raises: NotAllowedError."""
    if not _roles(campaign, user, Membership.ORGANISER, Membership.REVIEWER):
        raise NotAllowedError(f"Only organisers and reviewers of {campaign.name!r} may do this.")


def _roles(campaign: Campaign, user: User, *roles: str) -> bool:
    return Membership.objects.filter(campaign=campaign, user=user, role__in=roles, left=None).exists()


def reviewing(request: HttpRequest, slug: str, *, to_read: bool = False) -> tuple[Campaign, Membership]:
    """The campaign and the reviewer's membership. Raises: NotFoundError, NotAllowedError."""
    user, campaign = signed_in(request) if to_read else organising(request), find_campaign(slug)
    require_reviewer(campaign, user)
    return campaign, find_membership(campaign, user)


def may_review(member: Membership) -> bool:
    """Whether the member reviews, and so sees what concerns others as well."""
    return member.left is None and member.role in (Membership.ORGANISER, Membership.REVIEWER)


def there(row: Found | None, what: str) -> Found:
    """`row`. Raises: NotFoundError when it is None."""
    if row is None:
        raise NotFoundError(f"There is no such {what}.")
    return row
