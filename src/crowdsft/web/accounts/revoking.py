"""A new password takes every API token back: whoever had the old one may have made some."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from django.dispatch import receiver

from crowdsft.web.accounts.models import ApiToken, User


@receiver([password_changed, password_reset, password_set])
def take_tokens_back(sender: object, user: User, **rest: Any) -> None:
    """Delete all of `user`'s tokens."""
    ApiToken.objects.filter(user=user).delete()
