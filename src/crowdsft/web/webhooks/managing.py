"""Setting webhooks up and taking them down, trying them, sending again what did not arrive."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.audit import note
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.webhooks.addresses import checked_url
from crowdsft.web.webhooks.models import EVENT_NAMES, PING, Delivery, Webhook
from crowdsft.web.webhooks.outbox import write

MOST = 20


def add_webhook(campaign: Campaign, actor: User | None, *, url: str, events: Iterable[str]) -> Webhook:
    """A new webhook; its secret is to be shown this once.

    Raises:
        InputError: for an address or an event that cannot be, and for too many webhooks.
    """
    chosen = [name for name in EVENT_NAMES if name in set(events)]
    if not chosen or not set(events) <= set(EVENT_NAMES):
        raise InputError(_("Choose one or more events of: {allowed}.").format(allowed=", ".join(EVENT_NAMES)))
    checked_url(url)
    if campaign.webhooks.count() >= MOST:
        raise InputError(_("A campaign has at most {most} webhooks. Remove one first.").format(most=MOST))
    with transaction.atomic():
        hook = Webhook.objects.create(
            campaign=campaign,
            url=url.strip(),
            events=" ".join(chosen),
            secret="whsec_" + secrets.token_urlsafe(32),
        )
        note(campaign, actor, "added a webhook", hook.url)
    return hook


def remove_webhook(campaign: Campaign, actor: User | None, webhook_id: int) -> None:
    """Raises: InputError when there is none."""
    hook = find_webhook(campaign, webhook_id)
    with transaction.atomic():
        note(campaign, actor, "removed a webhook", hook.url)
        hook.delete()


def try_webhook(campaign: Campaign, webhook_id: int) -> Delivery:
    """Send a "ping", whatever events are wanted. Raises: InputError when there is no such webhook."""
    return write(find_webhook(campaign, webhook_id), PING, {"text": "Hello from crowdsft."})


def send_again(campaign: Campaign, delivery_id: str) -> None:
    """Send a message again that was delivered or given up. Raises: InputError when there is none."""
    try:
        number = uuid.UUID(delivery_id)
    except ValueError:
        raise InputError(_("There is no such delivery.")) from None
    again = Delivery.objects.filter(webhook__campaign=campaign, pk=number).exclude(state=Delivery.WAITING)
    if not again.update(state=Delivery.WAITING, attempts=0, next_try=time.time(), error=""):
        raise InputError(_("There is no such delivery that could be sent again."))


def find_webhook(campaign: Campaign, webhook_id: int) -> Webhook:
    """Raises: InputError when the campaign has none with this number."""
    hook = campaign.webhooks.filter(pk=webhook_id).first()
    if hook is None:
        raise InputError(_("There is no such webhook of this campaign."))
    return hook
