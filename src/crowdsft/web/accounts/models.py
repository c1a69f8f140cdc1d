"""Accounts and API tokens."""

from __future__ import annotations

import hashlib
import secrets

from django.contrib.auth.models import AbstractUser
from django.db import models

from crowdsft.web.accounts.pseudonyms import new_pseudonym


class User(AbstractUser):
    """Somebody with an account. The username is private; others see the pseudonym."""

    pseudonym = models.CharField(max_length=40, unique=True, default=new_pseudonym)

    def __str__(self) -> str:
        return self.pseudonym


class ApiToken(models.Model):
    """A key for the API. Only its SHA-256 is kept; the key itself is shown once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


def issue_token(user: User, name: str) -> str:
    """A new key for `user`; this is the only moment at which it can be read."""
    key = "crowdsft_" + secrets.token_urlsafe(32)
    ApiToken.objects.create(user=user, name=name, digest=token_digest(key))
    return key


def token_digest(key: str) -> str:
    """SHA-256 of an API key: long and random, so it needs no salt."""
    return hashlib.sha256(key.encode()).hexdigest()
