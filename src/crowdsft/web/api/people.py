"""Accounts and tokens."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Literal

from allauth.account.adapter import get_adapter
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from ninja.errors import AuthenticationError, HttpError
from pydantic import Field

from crowdsft.core.errors import Fault, SettingsError
from crowdsft.web.accounts.models import LONGEST_DAYS, ApiToken, User, issue_token
from crowdsft.web.api.access import answers, in_person, signed_in
from crowdsft.web.api.errors import NotAllowedError, NotFoundError
from crowdsft.web.api.limits import NEW_TOKEN, SIGN_UP

router = Router(tags=["people"])

TAKEN = "is taken; please choose another"
PSEUDONYM = re.compile(r"[\w][\w .'-]{1,38}[\w.]")


class NewAccount(Schema):
    """Somebody signs up. Without a pseudonym one is made up."""

    username: str = Field(min_length=3, max_length=150)
    password: str = Field(min_length=8, max_length=200)
    pseudonym: str | None = None


Scope = Literal["read", "contribute", "organise"]
EVERYTHING: tuple[Scope, ...] = ("read", "contribute", "organise")


class TokenLimits(Schema):
    """What a token is good for, and for how many days; None: until it is taken back."""

    scopes: tuple[Scope, ...] = Field(default=EVERYTHING, min_length=1)
    days: int | None = Field(default=None, ge=1, le=LONGEST_DAYS)


class Login(TokenLimits):
    """Name and password, to get a new token."""

    username: str = Field(max_length=150)
    password: str = Field(max_length=200)
    token_name: str = Field(default="API", max_length=80)


class NewToken(TokenLimits):
    """What a token is for."""

    name: str = Field(default="API", max_length=80)


class Account(Schema):
    """Who you are; only the pseudonym is public."""

    username: str
    pseudonym: str


class AccountWithToken(Account):
    """The token is shown here once and never again."""

    token: str


class Token(Schema):
    """A token of yours; the key itself cannot be read again."""

    id: int
    name: str
    created: datetime
    scopes: list[str]
    expires: datetime | None


@router.post(
    "/accounts", auth=None, throttle=[SIGN_UP], response=answers(AccountWithToken, 422, 429, status=201)
)
def sign_up(request: HttpRequest, body: NewAccount) -> Status[AccountWithToken]:
    """Make an account and a token for it; everything wrong with what was given is listed together."""
    user = _new_user(body)
    try:
        with transaction.atomic():
            user.save()
            token = issue_token(user, "made at sign-up")
    except IntegrityError:  # somebody else took it in this moment
        raise _refused(Fault("username", f"or the pseudonym {TAKEN}")) from None
    return Status(201, _with_token(user, token))


@router.post("/tokens", auth=None, response=answers(AccountWithToken, 401, 403, 429, status=201))
def log_in(request: HttpRequest, body: Login) -> Status[AccountWithToken]:
    """A new token for an account, for its name and password."""
    try:
        user = get_adapter().authenticate(request, username=body.username, password=body.password)
    except ValidationError:
        raise HttpError(429, "Too many wrong passwords. Please try again in a few minutes.") from None
    if not isinstance(user, User) or not user.is_active:
        raise AuthenticationError(
            message="Username and password do not belong together. Check both and try again."
        )
    if is_mfa_enabled(user):
        raise NotAllowedError(
            "This account has a second factor. Log in with a browser, and make a token with POST /api/me/tokens."
        )
    return Status(201, _with_token(user, _issued(user, body.token_name, body)))


@router.get("/me", response=answers(Account, 401))
def me(request: HttpRequest) -> Account:
    """Who you are."""
    user = signed_in(request)
    return Account(username=user.username, pseudonym=user.pseudonym)


@router.get("/me/tokens", response=answers(list[Token], 401))
def my_tokens(request: HttpRequest) -> list[Token]:
    """Your tokens, newest first."""
    rows = ApiToken.objects.filter(user=signed_in(request)).order_by("-created", "-pk")
    return [
        Token(id=row.pk, name=row.name, created=row.created, scopes=row.scopes.split(), expires=row.expires)
        for row in rows
    ]


@router.post(
    "/me/tokens", throttle=[NEW_TOKEN], response=answers(AccountWithToken, 401, 403, 422, 429, status=201)
)
def new_token(request: HttpRequest, body: NewToken) -> Status[AccountWithToken]:
    """Another token, for whoever is signed in already; a token needs every scope to make more of them."""
    user = in_person(request)
    return Status(201, _with_token(user, _issued(user, body.name, body)))


@router.delete("/me/tokens/{int:token_id}", response=answers(None, 401, 403, 404, status=204))
def take_back_token(request: HttpRequest, token_id: int) -> Status[None]:
    """Take a token back; it stops working at once."""
    deleted, _ = ApiToken.objects.filter(user=in_person(request), pk=token_id).delete()
    if not deleted:
        raise NotFoundError("There is no such token of yours. GET /api/me/tokens lists them.")
    return Status(204, None)


def _issued(user: User, name: str, limits: TokenLimits) -> str:
    expires = None if limits.days is None else timezone.now() + timedelta(days=limits.days)
    return issue_token(user, name, scopes=limits.scopes, expires=expires)


def _with_token(user: User, token: str) -> AccountWithToken:
    return AccountWithToken(username=user.username, pseudonym=user.pseudonym, token=token)


def _new_user(body: NewAccount) -> User:
    """The account to be saved, by the same rules as the page's form.

    Raises:
        SettingsError: with everything that is wrong.
    """
    user = User(username=User.normalize_username(body.username))
    faults = []
    try:
        get_adapter().clean_username(user.username, shallow=True)
    except ValidationError as error:
        faults.append(Fault("username", _sentence(error)))
    if User.objects.filter(username__iexact=user.username).exists():
        faults.append(Fault("username", TAKEN))
    try:
        get_adapter().clean_password(body.password, user)
    except ValidationError as error:
        faults.append(Fault("password", _sentence(error)))
    pseudonym = "" if body.pseudonym is None else _clean_pseudonym(body.pseudonym)
    if body.pseudonym is None:
        pass  # made up while saving
    elif not PSEUDONYM.fullmatch(pseudonym):
        faults.append(Fault("pseudonym", "must have 3 to 40 letters, digits, blanks, dots or dashes"))
    elif User.objects.filter(pseudonym__iexact=pseudonym).exists():
        faults.append(Fault("pseudonym", TAKEN))
    if faults:
        raise _refused(*faults)
    user.pseudonym = pseudonym
    user.set_password(body.password)
    return user


def _refused(*faults: Fault) -> SettingsError:
    return SettingsError(faults, source="the new account")


def _sentence(error: ValidationError) -> str:
    return " ".join(error.messages).rstrip(".")


def _clean_pseudonym(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())
