"""Webhooks of a campaign, for its organisers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status

from crowdsft.web.accounts.models import User
from crowdsft.web.api.access import answers, find_own_campaign, organising
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.webhooks import managing
from crowdsft.web.webhooks.models import Delivery, Webhook

router = Router(tags=["webhooks"])


class NewWebhook(Schema):
    """Where to send what: contribution.created, round.closed, round.finished, points.awarded, campaign.finished."""

    url: str
    events: list[str]


class WebhookOut(NewWebhook):
    """A webhook; its secret cannot be read again."""

    id: int
    created: datetime


class WebhookWithSecret(WebhookOut):
    """The secret that signs what is sent is shown here once and never again."""

    secret: str


class DeliveryOut(Schema):
    """A message. `state`: waiting, delivered or failed; `status` is what the receiver answered last."""

    id: UUID
    webhook: int
    event: str
    state: str
    attempts: int
    status: int | None
    error: str
    created: datetime


@router.get("/campaigns/{slug}/webhooks", response=answers(list[WebhookOut], 401, 403, 404))
def webhooks(request: HttpRequest, slug: str) -> list[WebhookOut]:
    """The campaign's webhooks (organisers)."""
    campaign, _ = _own(request, slug)
    return [_out(hook) for hook in campaign.webhooks.all()]


@router.post(
    "/campaigns/{slug}/webhooks", response=answers(WebhookWithSecret, 401, 403, 404, 422, status=201)
)
def new_webhook(request: HttpRequest, slug: str, body: NewWebhook) -> Status[WebhookWithSecret]:
    """Tell a program of your choice what happens (organisers)."""
    campaign, user = _own(request, slug)
    hook = managing.add_webhook(campaign, user, url=body.url, events=body.events)
    return Status(201, WebhookWithSecret(**_out(hook).dict(), secret=hook.secret))


@router.delete(
    "/campaigns/{slug}/webhooks/{int:webhook_id}", response=answers(None, 401, 403, 404, 422, status=204)
)
def remove_webhook(request: HttpRequest, slug: str, webhook_id: int) -> Status[None]:
    """Remove a webhook with its log (organisers)."""
    campaign, user = _own(request, slug)
    managing.remove_webhook(campaign, user, webhook_id)
    return Status(204, None)


@router.post(
    "/campaigns/{slug}/webhooks/{int:webhook_id}/ping",
    response=answers(DeliveryOut, 401, 403, 404, 422, status=201),
)
def ping(request: HttpRequest, slug: str, webhook_id: int) -> Status[DeliveryOut]:
    """Send a "ping" (organisers)."""
    campaign, _ = _own(request, slug)
    return Status(201, _delivery(managing.try_webhook(campaign, webhook_id)))


@router.get("/campaigns/{slug}/deliveries", response=answers(list[DeliveryOut], 401, 403, 404))
def deliveries(request: HttpRequest, slug: str) -> list[DeliveryOut]:
    """What was sent and how it went, newest first, at most 200 (organisers)."""
    campaign, _ = _own(request, slug)
    return [_delivery(row) for row in Delivery.objects.filter(webhook__campaign=campaign)[:200]]


@router.post(
    "/campaigns/{slug}/deliveries/{uuid:delivery_id}/again",
    response=answers(None, 401, 403, 404, 422, status=204),
)
def send_again(request: HttpRequest, slug: str, delivery_id: UUID) -> Status[None]:
    """Send a message again (organisers)."""
    campaign, _ = _own(request, slug)
    managing.send_again(campaign, str(delivery_id))
    return Status(204, None)


def _own(request: HttpRequest, slug: str) -> tuple[Campaign, User]:
    user = organising(request)
    return find_own_campaign(slug, user), user


def _out(hook: Webhook) -> WebhookOut:
    return WebhookOut(id=hook.pk, url=hook.url, events=hook.event_names, created=hook.created)


def _delivery(row: Delivery) -> DeliveryOut:
    return DeliveryOut(
        id=row.pk,
        webhook=row.webhook.pk,
        event=row.event,
        state=row.state,
        attempts=row.attempts,
        status=row.status,
        error=row.error,
        created=row.created,
    )
