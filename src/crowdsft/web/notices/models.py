"""Notices, and how each person wants them mailed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import override

from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.notices.kinds import NEVER
from crowdsft.web.notices.wording import filled
from crowdsft.web.outgoing import Outgoing


class Mail(Outgoing):
    """A mail to one person that tells their notices. `gathered` is when it was made, in seconds since the epoch.

    It holds no address and no text: both are looked up when it is sent.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mails")
    is_digest = models.BooleanField()
    gathered = models.FloatField()

    class Meta:
        indexes = (
            models.Index(fields=["state", "next_try"], name="mail_due"),
            models.Index(fields=["user", "gathered"], name="mails_of_user"),
        )
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"mail {self.pk} to {self.user}"


class Notice(models.Model):
    """Something that one person should know.

    `text` is a sentence of the code's, `values` fill it; both are kept apart, so that whoever reads it does so in
    their own language. `mailed` is how it is to be mailed, as chosen when it was written; `mail` is the mail that
    told it.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20)
    text = models.CharField(max_length=500)
    values: models.JSONField[Any, Any] = models.JSONField(default=dict)
    link = models.CharField(max_length=300, blank=True)
    happened = models.DateTimeField(auto_now_add=True)
    read = models.DateTimeField(null=True)
    mailed = models.CharField(max_length=10, default=NEVER)
    mail = models.ForeignKey(Mail, null=True, on_delete=models.SET_NULL, related_name="notices")

    class Meta:
        indexes = (
            models.Index(
                fields=["happened"],
                condition=Q(read=None, mail=None) & ~Q(mailed=NEVER),
                name="notices_to_mail",
            ),
            models.Index(fields=["user", "-id"], name="notices_of_user"),
            models.Index(fields=["user"], condition=Q(read=None), name="notices_unread"),
        )
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.sentence

    @property
    def sentence(self) -> str:
        """What it says, in the language of whoever reads it now."""
        return filled(self.text, self.values)

    def sentence_in(self, language: str) -> str:
        """What it says in `language`; in the platform's own where that is empty."""
        with override(language or settings.LANGUAGE_CODE):
            return self.sentence


class MailChoice(models.Model):
    """How somebody wants one kind of notices mailed, where that is not the default."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mail_choices")
    kind = models.CharField(max_length=20)
    mailed = models.CharField(max_length=10)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "kind"], name="one_mail_choice_per_kind"),)

    def __str__(self) -> str:
        return f"{self.kind}: {self.mailed}"
