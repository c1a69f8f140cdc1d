"""Blind votes on pairs of outputs."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone

from crowdsft.web.campaigns.models import Campaign, JournalEvent, Membership


class Vote(models.Model):
    """Two models' outputs for one prompt, shown to one voter; `choice` is empty until the voter has chosen.

    Models are numbered as in `core.votes`: 0 is the base, group g's candidate is g + 1. `row` is the place of the
    prompt in the reporting sample.
    """

    LEFT, SAME, RIGHT, SKIPPED = "left", "same", "right", "skipped"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="votes")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="votes")
    round_number = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    row = models.PositiveIntegerField()
    left = models.PositiveIntegerField()
    right = models.PositiveIntegerField()
    choice = models.CharField(max_length=8, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["membership", "round_number", "number"], name="one_vote_per_number"
            ),
        )
        indexes = (models.Index(fields=["campaign", "round_number"], name="votes_of_round"),)

    def __str__(self) -> str:
        return f"vote {self.number} of round {self.round_number}"


RESULTS = {Vote.LEFT: 1, Vote.SAME: 0, Vote.RIGHT: -1}


def decided_votes(campaign: Campaign, round_number: int) -> models.QuerySet[Vote]:
    """The votes of a round that count: decided, and not skipped."""
    return Vote.objects.filter(campaign=campaign, round_number=round_number, choice__in=RESULTS)


def voting_opened(campaign: Campaign) -> datetime:
    """When there was something to vote on: the newest evaluation's last event, or now before there is one."""
    events = JournalEvent.objects.filter(campaign=campaign, kind="CandidateEvaluated")
    last = events.order_by("position").last()
    return last.created if last else timezone.now()
