"""What a worker sends beside its steps: messages to webhooks, and mails."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager

from django.conf import settings

from crowdsft.web.notices import forgetting, mailing
from crowdsft.web.outgoing import sender
from crowdsft.web.webhooks import sending as webhooks

logger = logging.getLogger(__name__)


def sending() -> AbstractContextManager[None]:
    """Send everything that is due, in a thread of its own, as long as the context lasts."""
    if settings.SMTP and not settings.ADDRESS:
        logger.warning(
            "notices are not mailed: CROWDSFT_SMTP is set, but CROWDSFT_ADDRESS, which links in mails need, is not"
        )
    return sender([webhooks.send_due, mailing.send_due, forgetting.forget_due])
