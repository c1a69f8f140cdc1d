"""Accounts and tokens."""

from __future__ import annotations

import re
import unicodedata

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.models import User, issue_token
from crowdsft.web.api.access import NotAllowedError, signed_in

router = Router(tags=["people"])

PSEUDONYM = re.compile(r"[\w][\w .'-]{1,38}[\w.]")


class NewAccount(Schema):
    """Somebody signs up. Without a pseudonym one is made up."""

    username: str = Field(min_length=3, max_length=150, pattern=r"^[\w.@+-]+$")
    password: str = Field(min_length=8, max_length=200)
    pseudonym: str | None = None


class Login(Schema):
    """Name and password, to get a new token."""

    username: str
    password: str
    token_name: str = "API"


class Account(Schema):
    """Who you are; only the pseudonym is public."""

    username: str
    pseudonym: str


class AccountWithToken(Account):
    """The token is shown here once and never again."""

    token: str


@router.post("/accounts", auth=None, response={201: AccountWithToken})
def sign_up(request: HttpRequest, body: NewAccount) -> tuple[int, AccountWithToken]:
    """Make an account and a token for it."""
    user = User(username=body.username)
    if body.pseudonym is not None:
        user.pseudonym = _checked_pseudonym(body.pseudonym)
    try:
        validate_password(body.password, user)
    except ValidationError as error:
        raise InputError(" ".join(error.messages)) from None
    user.set_password(body.password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise InputError("This username or pseudonym is taken. Please choose another.") from None
    token = issue_token(user, "made at sign-up")
    return 201, AccountWithToken(username=user.username, pseudonym=user.pseudonym, token=token)


@router.post("/tokens", auth=None, response={201: AccountWithToken})
def log_in(request: HttpRequest, body: Login) -> tuple[int, AccountWithToken]:
    """A new token for an account."""
    user = authenticate(request, username=body.username, password=body.password)
    if not isinstance(user, User):
        raise NotAllowedError("Username and password do not belong together.")
    token = issue_token(user, body.token_name[:80])
    return 201, AccountWithToken(username=user.username, pseudonym=user.pseudonym, token=token)


@router.get("/me", response=Account)
def me(request: HttpRequest) -> Account:
    """Who you are."""
    user = signed_in(request)
    return Account(username=user.username, pseudonym=user.pseudonym)


def _checked_pseudonym(text: str) -> str:
    clean = unicodedata.normalize("NFC", text).strip()
    if not PSEUDONYM.fullmatch(clean):
        raise InputError(
            "A pseudonym has 3 to 40 letters, digits, blanks, dots or dashes. Please choose another."
        )
    return clean
