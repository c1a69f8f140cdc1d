"""Payouts and their lines. What was fixed never changes; only how far each line is does."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from crowdsft.core.payout import amount_text
from crowdsft.web.campaigns.models import Campaign


class Payout(models.Model):
    """A sum that was divided by the points of some rounds, as the ledger stood then.

    It covers every entry of rounds `first_round` to `last_round` at a position below `head_position` that no earlier
    payout covers. Amounts are in the smallest unit, of which 10 ** `places` make one `currency`. `digest` is the
    SHA-256 over all of it and the lines; `voided` gives its points back.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="payouts")
    number = models.PositiveIntegerField()
    currency = models.CharField(max_length=20)
    places = models.PositiveSmallIntegerField()
    budget = models.BigIntegerField()
    minimum = models.BigIntegerField()
    first_round = models.PositiveIntegerField()
    last_round = models.PositiveIntegerField()
    head_position = models.PositiveIntegerField()
    head_hash = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    fixed = models.DateTimeField(auto_now_add=True)
    fixed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    voided = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["campaign", "number"], name="one_payout_per_number"),)
        ordering = ("-number",)

    def __str__(self) -> str:
        return f"payout {self.number} of {self.campaign}"

    def shown(self, units: int) -> str:
        """An amount with its currency: "12.50 EUR"."""
        return f"{amount_text(units, self.places)} {self.currency}"


class PayoutLine(models.Model):
    """What a payout means for one contributor: a `core.payout.Share`, and how far it is.

    A line of which nothing is paid now is `owed`: it waits for a later payout.
    """

    DUE, PAID, FAILED, OWED = "due", "paid", "failed", "owed"

    payout = models.ForeignKey(Payout, on_delete=models.CASCADE, related_name="lines")
    contributor = models.CharField(max_length=20)
    points = models.BigIntegerField()
    share = models.BigIntegerField()
    owed_before = models.BigIntegerField()
    amount = models.BigIntegerField()
    owed_after = models.BigIntegerField()
    state = models.CharField(max_length=10)
    reference = models.CharField(max_length=120, blank=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["payout", "contributor"], name="one_line_per_contributor"),
        )
        indexes = (
            models.Index(fields=["payout", "state"], name="lines_by_state"),
            models.Index(fields=["contributor"], name="lines_of_contributor"),
        )
        ordering = ("-points", "pk")

    def __str__(self) -> str:
        return f"{self.payout.shown(self.amount)} to {self.contributor}"
