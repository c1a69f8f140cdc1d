"""Reviews, what a worker noticed about contributions, reports, moderation and appeals.

Decisions are never changed: `undone` and `lifted` say since when one does not hold any more, and an appeal why.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.votes.models import Vote


class Review(models.Model):
    """One reviewer's place at one contribution: reserved until `lease_until`, then decided with a `verdict`.

    A contribution has as many places (`slot`) as the campaign asks for reviews, so that two people never do the
    same one. Once `undone` (granted appeal, changed text, skipped), the place is free again.
    """

    ACCEPTED, REJECTED, RETURNED, SKIPPED = "accepted", "rejected", "returned", "skipped"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="reviews")
    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="reviews")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="reviews")
    slot = models.PositiveIntegerField()
    lease_until = models.DateTimeField()
    verdict = models.CharField(max_length=10, blank=True)
    reason = models.CharField(max_length=30, blank=True)
    words = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)
    decided = models.DateTimeField(null=True)
    undone = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["contribution", "slot"], condition=Q(undone=None), name="one_review_per_slot"
            ),
            models.UniqueConstraint(
                fields=["contribution", "membership"],
                condition=Q(undone=None),
                name="one_review_per_reviewer",
            ),
        )
        indexes = (models.Index(fields=["membership", "verdict"], name="reviews_of_reviewer"),)

    def __str__(self) -> str:
        return f"{self.verdict or 'reserved'}: {self.contribution}"


class Checkup(models.Model):
    """What a worker noticed about a contribution: `flags` by kind, each with the words that led to it."""

    contribution = models.OneToOneField(Contribution, on_delete=models.CASCADE, related_name="checkup")
    flags: models.JSONField[Any, Any] = models.JSONField(default=dict)
    checked = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{', '.join(self.flags) or 'nothing'} in {self.contribution}"


class TextHash(models.Model):
    """One of the smallest hashes of a contribution's shingles: texts that share one are compared."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE)
    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="hashes")
    value = models.BigIntegerField()

    class Meta:
        indexes = (models.Index(fields=["campaign", "value"], name="texts_with_hash"),)

    def __str__(self) -> str:
        return f"{self.value} of {self.contribution}"


class NearText(models.Model):
    """Two people's texts are nearly the same; `likeness` is the shared share of all shingles, 0 to 1."""

    first = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="near_later")
    second = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="near_earlier")
    likeness = models.FloatField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["first", "second"], name="one_likeness_per_pair"),)

    def __str__(self) -> str:
        return f"{self.likeness:.2f}: {self.first} / {self.second}"


class Report(models.Model):
    """Somebody who saw a text says that something is wrong with it.

    What is reported is a contribution, or `text` that a model or the campaign showed in a task or a vote.
    """

    OPEN, SETTLED = "open", "settled"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="reports")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="reports")
    contribution = models.ForeignKey(
        Contribution, null=True, on_delete=models.CASCADE, related_name="reports"
    )
    task = models.ForeignKey(Task, null=True, on_delete=models.SET_NULL, related_name="reports")
    vote = models.ForeignKey(Vote, null=True, on_delete=models.SET_NULL, related_name="reports")
    part = models.CharField(max_length=10)
    text = models.TextField(blank=True)
    reason = models.CharField(max_length=30)
    words = models.TextField(blank=True)
    state = models.CharField(max_length=10, default=OPEN)
    created = models.DateTimeField(auto_now_add=True)
    settled = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(Membership, null=True, on_delete=models.SET_NULL, related_name="+")
    outcome = models.TextField(blank=True)

    class Meta:
        ordering = ("created", "pk")
        indexes = (models.Index(fields=["campaign", "state"], name="reports_by_state"),)

    def __str__(self) -> str:
        return f"{self.reason} ({self.state})"


class Moderation(models.Model):
    """A decision about a person's work beyond a review: a contribution excluded, or all tasks paused.

    `actor` is who decided. A pause holds until `until`, or without it until it is lifted.
    """

    EXCLUSION, PAUSE = "exclusion", "pause"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="moderations")
    kind = models.CharField(max_length=10)
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="moderations")
    contribution = models.ForeignKey(
        Contribution, null=True, on_delete=models.CASCADE, related_name="moderations"
    )
    actor = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="decided_moderations")
    reason = models.CharField(max_length=30)
    words = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField(null=True)
    lifted = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(Membership, null=True, on_delete=models.SET_NULL, related_name="+")
    lifted_why = models.TextField(blank=True)

    class Meta:
        ordering = ("-created", "-pk")
        indexes = (models.Index(fields=["membership", "kind", "lifted"], name="moderations_of_member"),)

    def __str__(self) -> str:
        return f"{self.kind} of {self.membership}: {self.reason}"


class Appeal(models.Model):
    """Somebody objects to a rejection, a moderation, or an award; somebody else than who decided answers."""

    OPEN, ANSWERED, WITHDRAWN = "open", "answered", "withdrawn"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="appeals")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="appeals")
    review = models.ForeignKey(Review, null=True, on_delete=models.CASCADE, related_name="appeals")
    moderation = models.ForeignKey(Moderation, null=True, on_delete=models.CASCADE, related_name="appeals")
    award_round = models.PositiveIntegerField(null=True)
    words = models.TextField()
    state = models.CharField(max_length=10, default=OPEN)
    created = models.DateTimeField(auto_now_add=True)
    granted = models.BooleanField(null=True)
    answer = models.TextField(blank=True)
    answered = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(Membership, null=True, on_delete=models.SET_NULL, related_name="+")
    is_same_person = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["review"], condition=~Q(state="withdrawn"), name="one_appeal_per_review"
            ),
            models.UniqueConstraint(
                fields=["moderation"], condition=~Q(state="withdrawn"), name="one_appeal_per_moderation"
            ),
            models.UniqueConstraint(
                fields=["membership", "award_round"],
                condition=~Q(state="withdrawn") & Q(award_round__isnull=False),
                name="one_appeal_per_award",
            ),
        )
        ordering = ("created", "pk")
        indexes = (models.Index(fields=["campaign", "state"], name="appeals_by_state"),)

    def __str__(self) -> str:
        return f"appeal of {self.membership} ({self.state})"
