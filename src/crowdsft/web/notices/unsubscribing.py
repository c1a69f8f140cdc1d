"""Ending all mails by a link that needs no account: it is signed, and good for nothing else."""

from __future__ import annotations

from django.conf import settings
from django.core.signing import BadSignature, Signer

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.models import User
from crowdsft.web.notices.kinds import KINDS, NEVER
from crowdsft.web.notices.reading import choose_mail

_signer = Signer(salt="crowdsft.notices.unsubscribe")


def unsubscribe_address(user: User) -> str:
    """The whole address of the link for `user`."""
    return f"{settings.ADDRESS}/notices/unsubscribe/{_signer.sign(str(user.pk))}/"


def unsubscribe(token: str) -> None:
    """End all mails of whoever the token is for; doing it again, or after the account was deleted, changes nothing.

    Raises:
        InputError: when it is not one of ours.
    """
    user = User.objects.filter(pk=_person(token)).first()
    if user is not None:
        choose_mail(user, dict.fromkeys(KINDS, NEVER))


def check_token(token: str) -> None:
    """Raises: InputError when it is not one of ours."""
    _person(token)


def _person(token: str) -> int:
    try:
        return int(_signer.unsign(token))
    except BadSignature:
        raise InputError(
            "This link is not complete. Copy it again from the mail, or choose what is mailed under "
            "My account, Notices."
        ) from None
