"""Tasks on lease, with their drafts, and the contributions that come out of them."""

from __future__ import annotations

import uuid

from django.db import models

from crowdsft.web.campaigns.models import Campaign, Membership


class Task(models.Model):
    """One thing to do, leased to one contributor; `draft` is what has been typed so far.

    `number` counts a contributor's tasks in a round and decides, with the campaign's seed, what is asked. Who writes
    or corrects meets the same tasks however many others are at work. Who judges an `item` takes one of its seats, 0 to
    overlap - 1; the database has each seat once, so that nobody's answer can be one too many. A seat is given up when
    the task is skipped or its round closes, and may be taken once the lease has run out.

    `verdict` is what was answered about the item, `expected` the right answer of a question whose answer is known.
    A task is NEXT while it is prepared for somebody who still works on the one before.
    """

    NEXT, OPEN, DONE, SKIPPED, EXPIRED = "next", "open", "done", "skipped", "expired"
    UNFINISHED = (NEXT, OPEN)

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="tasks")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="tasks")
    round_number = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=30)
    prompt = models.TextField()
    model_response = models.TextField(blank=True)
    options = models.JSONField(default=list)
    item = models.CharField(max_length=32, blank=True)
    seat = models.PositiveSmallIntegerField(null=True)
    verdict = models.SmallIntegerField(null=True)
    expected = models.SmallIntegerField(null=True)
    state = models.CharField(max_length=10, default=OPEN)
    lease_until = models.DateTimeField()
    draft = models.TextField(blank=True)
    skip_reason = models.CharField(max_length=200, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["membership", "round_number", "number"], name="one_task_per_number"
            ),
            models.UniqueConstraint(
                fields=["membership"], condition=models.Q(state="open"), name="one_open_task_per_member"
            ),
            models.UniqueConstraint(
                fields=["membership"], condition=models.Q(state="next"), name="one_next_task_per_member"
            ),
            models.UniqueConstraint(fields=["campaign", "item", "seat"], name="one_task_per_seat"),
            models.UniqueConstraint(
                fields=["membership", "item"],
                condition=~models.Q(item=""),
                name="one_task_per_item_and_member",
            ),
        )
        indexes = (
            models.Index(
                fields=["campaign", "round_number"],
                condition=models.Q(seat__isnull=False),
                name="seats_of_round",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.number} of round {self.round_number}"


class Contribution(models.Model):
    """An accepted prompt and response. `round_number` is set when its round closes.

    `digest` is the SHA-256 of prompt, response and weight; the same person cannot contribute the same twice. `weight`
    is how much it counts in training: 1 for what somebody wrote, corrected or chose, less for what was rated lower.
    `standing` is what reviewers made of it; rounds that have closed keep what they took.
    """

    WAITING, ACCEPTED, RETURNED = "waiting", "accepted", "returned"
    REJECTED, EXCLUDED = "rejected", "excluded"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="contributions")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="contributions")
    task = models.OneToOneField(Task, null=True, on_delete=models.SET_NULL)
    kind = models.CharField(max_length=30)
    prompt = models.TextField()
    response = models.TextField()
    model_response = models.TextField(blank=True)
    digest = models.CharField(max_length=64)
    weight = models.FloatField(default=1.0)
    planned_round = models.PositiveIntegerField(null=True)
    round_number = models.PositiveIntegerField(null=True)
    standing = models.CharField(max_length=10, default=WAITING)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["membership", "digest"], name="one_contribution_per_text"),
        )
        indexes = (models.Index(fields=["campaign", "round_number"], name="contribution_of_round"),)

    def __str__(self) -> str:
        return self.response[:60]
