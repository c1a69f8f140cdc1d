"""A campaign's rows: its members, its journal, its one due step, and its ledger.

The journal is the truth. `Step` holds the claim and the timer of what the journal says is due; `LedgerRow`
holds what the journal's awards say, in a form that is easy to list.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _lazy

from crowdsft.core.settings import CampaignSettings, parse_settings


def new_salt() -> str:
    """Random salt of a campaign's contributor identifiers."""
    return secrets.token_hex(16)


class Campaign(models.Model):
    """What an organiser set up. `salt` makes contributors' identifiers; with it gone they lead to nobody.

    `life` repeats what the journal says, for lists; `core.life` says what may follow what. `consent` is the digest
    of the newest consent text and licence.
    """

    DRAFT, OPEN, PAUSED, FINISHED, CANCELLED = "draft", "open", "paused", "finished", "cancelled"

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=80)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="owned_campaigns"
    )
    plan = models.JSONField()
    salt = models.CharField(max_length=64, default=new_salt)
    created = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True)
    round_number = models.PositiveIntegerField(default=0)
    round_opened = models.DateTimeField(null=True)
    is_collecting = models.BooleanField(default=False)
    close_requested_round = models.PositiveIntegerField(default=0)
    close_requested_vote = models.PositiveIntegerField(default=0)
    is_supplied = models.BooleanField(default=False)
    life = models.CharField(max_length=10, default=OPEN)
    archived = models.DateTimeField(null=True)
    consent = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return self.name

    @property
    def settings(self) -> CampaignSettings:
        """The plan, parsed."""
        return parse_settings(self.plan)

    def contributor_id(self, name: str) -> str:
        """The identifier under which the journal and the ledger know `name`: a salted digest."""
        return hashlib.sha256(f"{self.salt}\x1f{name}".encode()).hexdigest()[:20]


class Membership(models.Model):
    """Somebody in a campaign. `user` is empty for contributors from a file, and after an account was deleted.

    `consent` is the digest of the text agreed to last; `left` is when somebody left, and empty again after
    joining anew.
    """

    ORGANISER, REVIEWER, CONTRIBUTOR = "organiser", "reviewer", "contributor"
    ROLES = (
        (ORGANISER, _lazy("organiser")),
        (REVIEWER, _lazy("reviewer")),
        (CONTRIBUTOR, _lazy("contributor")),
    )

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="memberships"
    )
    contributor = models.CharField(max_length=20)
    pseudonym = models.CharField(max_length=200)
    role = models.CharField(max_length=12, choices=ROLES)
    consent = models.CharField(max_length=64, blank=True)
    joined = models.DateTimeField(auto_now_add=True)
    left = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["campaign", "contributor"], name="one_membership_per_contributor"
            ),
            models.UniqueConstraint(fields=["campaign", "user"], name="one_membership_per_user"),
        )

    def __str__(self) -> str:
        return f"{self.pseudonym} in {self.campaign}"

    @property
    def may_work(self) -> bool:
        """Whether tasks may be done: agreed to the newest consent text, and not left."""
        return self.left is None and bool(self.consent) and self.consent == self.campaign.consent


class ConsentVersion(models.Model):
    """A consent text with its licence, as published at a time; number 1 is the one of the campaign's settings."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="consent_versions")
    number = models.PositiveIntegerField()
    licence = models.CharField(max_length=80)
    text = models.TextField()
    digest = models.CharField(max_length=64)
    published = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["campaign", "number"], name="one_consent_per_number"),)
        ordering = ("number",)

    def __str__(self) -> str:
        return f"version {self.number} of {self.campaign}"


class Agreement(models.Model):
    """A member agreed to a version of the consent text, at a time."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="agreements")
    version = models.ForeignKey(ConsentVersion, on_delete=models.CASCADE, related_name="agreements")
    agreed = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("agreed", "pk")

    def __str__(self) -> str:
        return f"{self.membership} agreed to {self.version}"


class Example(models.Model):
    """What the first base and that of `round_number` answer to one message; empty where no message will do.

    `source` names both samples, so that a worker sees when the base has changed.
    """

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="example")
    source = models.CharField(max_length=140)
    round_number = models.PositiveIntegerField()
    prompt = models.TextField(blank=True)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"example of round {self.round_number}"


class AuditLine(models.Model):
    """Who decided what about a campaign, and when. Lines are only ever added."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="audit")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    what = models.CharField(max_length=40)
    detail = models.CharField(max_length=500, blank=True)
    happened = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-happened", "-pk")

    def __str__(self) -> str:
        return f"{self.what} {self.detail}".strip()


class Invitation(models.Model):
    """A link that gives a role. Only the SHA-256 of its key is kept; `uses_left` is None without a limit."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=12, choices=Membership.ROLES)
    digest = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True)
    uses_left = models.PositiveIntegerField(null=True)
    uses = models.PositiveIntegerField(default=0)
    revoked = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created", "-pk")

    def __str__(self) -> str:
        return f"{self.role} of {self.campaign}"


class JournalEvent(models.Model):
    """One event of a campaign's journal; the unique key refuses a second writer at a position."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="journal")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=40)
    payload: models.JSONField[Any, Any] = models.JSONField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["campaign", "position"], name="one_event_per_position"),
        )
        ordering = ("position",)

    def __str__(self) -> str:
        return f"{self.position} {self.kind}"


class Step(models.Model):
    """The campaign's due step: who works on it, until when, and when it may run.

    `progress` is the share of the step that is done, `parts` the same for each model where they are told apart.
    `fence` grows with every claim. `error` is what went wrong last; a step without `run_after` waits for a
    person to try again.
    """

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="step")
    name = models.CharField(max_length=20)
    round_number = models.PositiveIntegerField()
    run_after = models.FloatField(null=True)
    worker = models.CharField(max_length=40, blank=True)
    lease_until = models.FloatField(default=0.0)
    fence = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    note = models.TextField(blank=True)
    error = models.TextField(blank=True)
    progress = models.FloatField(default=0.0)
    parts: models.JSONField[Any, Any] = models.JSONField(default=list)

    class Meta:
        indexes = (models.Index(fields=["run_after", "lease_until"], name="step_due"),)

    def __str__(self) -> str:
        return f"{self.name} of round {self.round_number}"


class LedgerRow(models.Model):
    """A `core.ledger.LedgerEntry`."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="ledger")
    position = models.PositiveIntegerField()
    round_number = models.PositiveIntegerField()
    contributor = models.CharField(max_length=20)
    amount = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["campaign", "position"], name="one_ledger_row_per_position"),
        )
        indexes = (models.Index(fields=["campaign", "contributor"], name="ledger_of_contributor"),)
        ordering = ("position",)

    def __str__(self) -> str:
        return f"{self.amount} to {self.contributor}"
