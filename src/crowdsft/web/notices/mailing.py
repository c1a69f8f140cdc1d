"""Mailing notices: never twice. What a server has refused is tried again; what nobody can know is not.

A mail whose connection broke after its text was on the way may have arrived, so it is given up: the notice stands on
the page in any case.
"""

from __future__ import annotations

import smtplib
import time
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils.translation import override

from crowdsft.web.notices.gathering import gather
from crowdsft.web.notices.kinds import NEVER
from crowdsft.web.notices.letter import letter
from crowdsft.web.notices.models import Mail, Notice
from crowdsft.web.notices.reading import mail_choices
from crowdsft.web.notices.unsubscribing import unsubscribe_address
from crowdsft.web.outgoing import claimed, settle

UNCLEAR = "the connection broke while it was sent; it may have arrived, so it is not sent again"


@dataclass(frozen=True, slots=True)
class Attempt:
    """How sending went; `error` is empty when the server took the mail."""

    error: str = ""
    is_final: bool = False


def send_due(*, now: float | None = None) -> int:
    """Make the mails that are due and send them. Returns how many were tried; none where no mail is set up."""
    if not settings.MAILS_NOTICES:
        return 0
    moment, tried = time.time() if now is None else now, 0
    gather(now=moment)
    _give_up_unclear(moment)
    for mail in claimed(Mail.objects.select_related("user"), now=moment, into=Mail.SENDING):
        tried += 1
        message = _message(mail)
        if message is None:
            mail.delete()
        else:
            attempt = _sent(message)
            settle(mail, attempt.error, now=moment, is_final=attempt.is_final)
    return tried


def _give_up_unclear(now: float) -> None:
    """Mails whose worker died while it sent them."""
    Mail.objects.filter(state=Mail.SENDING, next_try__lt=now).update(state=Mail.FAILED, error=UNCLEAR)


def _message(mail: Mail) -> EmailMessage | None:
    """The mail as it is to be sent, or None when there is nothing to tell any more or nowhere to send it."""
    confirmed = EmailAddress.objects.filter(user=mail.user, verified=True).order_by("-primary", "pk").first()
    notices = _still_to_tell(mail)
    if confirmed is None or not notices:
        return None
    stop = unsubscribe_address(mail.user)
    with override(mail.user.language or settings.LANGUAGE_CODE):
        subject, body = letter(mail.user, notices, stop=stop)
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    headers = {
        "Message-ID": f"<notices-{mail.pk}-{int(mail.gathered)}@{host}>",
        "Auto-Submitted": "auto-generated",
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL, [confirmed.email], headers=headers)


def _still_to_tell(mail: Mail) -> list[Notice]:
    """Without those that were read or unsubscribed from meanwhile, oldest first."""
    choices = mail_choices(mail.user)
    rows = mail.notices.filter(read=None).order_by("pk")
    return [notice for notice in rows if choices.get(notice.kind) != NEVER]


def _sent(message: EmailMessage) -> Attempt:
    with_server = get_connection()
    try:
        with_server.open()
    except (OSError, smtplib.SMTPException) as error:
        return Attempt(f"the mail server cannot be reached: {type(error).__name__}")
    try:
        with_server.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        return _refused(max(code for code, _ in error.recipients.values()))
    except smtplib.SMTPResponseException as error:
        return _refused(error.smtp_code)
    except (OSError, smtplib.SMTPException):
        return Attempt(UNCLEAR, is_final=True)
    finally:
        with suppress(OSError, smtplib.SMTPException):  # a goodbye that fails takes nothing back
            with_server.close()
    return Attempt()


def _refused(code: int) -> Attempt:
    """A code of 5xx is for good, 4xx for now."""
    return Attempt(f"the mail server answered {code}", is_final=code >= 500)
