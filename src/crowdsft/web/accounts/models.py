"""Accounts and API tokens."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.pseudonyms import new_pseudonym
from crowdsft.web.prepared import Prepared

MOST_TRIES = 200
READ, CONTRIBUTE, ORGANISE = "read", "contribute", "organise"
SCOPES = (READ, CONTRIBUTE, ORGANISE)
LONGEST_DAYS = 3650


class User(AbstractUser):
    """Somebody with an account. The username is private; others see the pseudonym.

    `language` is what pages and mails are written in; empty: what the browser asks for.
    """

    pseudonym = models.CharField(max_length=40, unique=True)
    language = models.CharField(max_length=12, blank=True, default="")

    def __str__(self) -> str:
        return self.pseudonym

    def save(self, *args: Any, **options: Any) -> None:
        """Save; somebody new without a pseudonym gets one that nobody has, also when two sign up at once."""
        if self.pseudonym:
            super().save(*args, **options)
            return
        for _try in range(MOST_TRIES):
            self.pseudonym = new_pseudonym()
            if User.objects.filter(pseudonym=self.pseudonym).exists():
                continue
            try:
                with transaction.atomic():
                    super().save(*args, **options)
                return
            except IntegrityError:
                if not User.objects.filter(pseudonym=self.pseudonym).exists():
                    raise  # something else was taken, such as the username
        raise IntegrityError(f"No free pseudonym was found in {MOST_TRIES} tries.")


class ApiToken(models.Model):
    """A key for the API. Only its SHA-256 is kept; the key itself is shown once.

    `scopes` are words separated by blanks. Changing the password deletes all of one's tokens.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    scopes = models.CharField(max_length=80, default=" ".join(SCOPES))
    expires = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


def issue_token(
    user: User, name: str, *, scopes: Iterable[str] = SCOPES, expires: datetime | None = None
) -> str:
    """A new key for `user`; this is the only moment at which it can be read.

    Raises:
        InputError: when there is no scope or an unknown one.
    """
    chosen = set(scopes)
    if not chosen or not chosen.issubset(SCOPES):
        raise InputError(
            _("The scopes {scopes} cannot be used. Give one or more of {allowed}.").format(
                scopes=sorted(chosen), allowed=", ".join(SCOPES)
            )
        )
    key = "crowdsft_" + secrets.token_urlsafe(32)
    ordered = " ".join(scope for scope in SCOPES if scope in chosen)
    ApiToken.objects.create(user=user, name=name, digest=token_digest(key), scopes=ordered, expires=expires)
    return key


_TOKEN = Prepared(
    lambda digest: ApiToken.objects.select_related("user").filter(digest=digest, user__is_active=True)
)


def find_token(key: str) -> ApiToken | None:
    """The token with this key, if it works: neither run out nor of somebody who may not sign in."""
    found = _TOKEN.first(token_digest(key))
    if found is None or (found.expires is not None and found.expires <= timezone.now()):
        return None
    return found


def token_digest(key: str) -> str:
    """SHA-256 of an API key: long and random, so it needs no salt."""
    return hashlib.sha256(key.encode()).hexdigest()
