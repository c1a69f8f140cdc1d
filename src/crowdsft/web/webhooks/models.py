"""Where to send what, and how each delivery went."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _lazy

from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.outgoing import Outgoing

EVENTS = (
    ("contribution.created", _lazy("a contribution is accepted")),
    ("contribution.reviewed", _lazy("a contribution is reviewed")),
    ("report.written", _lazy("somebody reports a text")),
    ("appeal.written", _lazy("somebody appeals")),
    ("round.closed", _lazy("a round closes")),
    ("round.finished", _lazy("a round is over")),
    ("points.awarded", _lazy("points are paid")),
    ("campaign.finished", _lazy("the campaign ends")),
)
EVENT_NAMES = tuple(name for name, _ in EVENTS)
PING = "ping"


class Webhook(models.Model):
    """An address that wants to know. The secret signs what is sent, so it is kept as it is."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=500)
    events = models.CharField(max_length=200)
    secret = models.CharField(max_length=80)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.url

    @property
    def event_names(self) -> list[str]:
        """What it wants to know."""
        return self.events.split()


class Delivery(Outgoing):
    """One message to one webhook."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=40)
    body: models.JSONField[Any, Any] = models.JSONField()
    status = models.PositiveIntegerField(null=True)

    class Meta:
        indexes = (models.Index(fields=["state", "next_try"], name="delivery_due"),)
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook}"
