"""Files that organisers bring: what became of them, and their bytes until then."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from crowdsft.web.campaigns.models import Campaign


class Import(models.Model):
    """A file of contributions or prompts, from its upload to what was taken from it.

    A worker checks it (`waiting` -> `checked`), an organiser confirms (`confirmed`), a worker writes all of its good
    lines at once (`done`). `report` has a line for each line that was refused: its number, a tab, why.
    """

    CONTRIBUTIONS, PROMPTS = "contributions", "prompts"
    WAITING, CHECKED, CONFIRMED, DONE, FAILED, DISCARDED = (
        "waiting", "checked", "confirmed", "done", "failed", "discarded",
    )  # fmt: skip
    PENDING = (WAITING, CHECKED, CONFIRMED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="imports")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    kind = models.CharField(max_length=20)
    replaces = models.BooleanField(default=False)
    name = models.CharField(max_length=200)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, default=WAITING)
    lease_until = models.FloatField(default=0.0)
    error = models.TextField(blank=True)
    accepted = models.PositiveIntegerField(default=0)
    contributors = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    preview: models.JSONField[Any, Any] = models.JSONField(default=list)
    report = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = (models.Index(fields=["state", "lease_until"], name="import_due"),)
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.name} for {self.campaign}"

    @property
    def refused_lines(self) -> list[tuple[int, str]]:
        """The lines that were refused, with the reason."""
        lines = (line.split("\t", 1) for line in self.report.splitlines())
        return [(int(number), why) for number, why in lines]


class ImportPart(models.Model):
    """A part of the file's bytes; removed when the import is done or given up."""

    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["of", "number"], name="one_part_per_number"),)
        ordering = ("number",)

    def __str__(self) -> str:
        return f"part {self.number} of {self.of}"
