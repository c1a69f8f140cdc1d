"""Questions to two models of a campaign, waiting for a worker or answered."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from crowdsft.web.campaigns.models import Campaign


class Exchange(models.Model):
    """One message and what two models answer; seen by whoever asked, and forgotten after a day.

    `left` and `right` name models as `choices.ModelChoice.key` does.
    """

    WAITING, WORKING, DONE, FAILED = "waiting", "working", "done", "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="exchanges")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="exchanges")
    message = models.TextField()
    left = models.CharField(max_length=24)
    right = models.CharField(max_length=24)
    state = models.CharField(max_length=8, default=WAITING)
    lease_until = models.FloatField(default=0.0)
    answers = models.JSONField(default=list)
    error = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = (models.Index(fields=["state", "created"], name="exchange_waiting"),)

    def __str__(self) -> str:
        return self.message[:60]
