"""Adapters whose files were dropped, so that pages can say so without asking a storage."""

from __future__ import annotations

from django.db import models


class DroppedAdapter(models.Model):
    """An adapter that no campaign needs any more: its digest, and how much room its files took."""

    digest = models.CharField(max_length=64, unique=True)
    size = models.PositiveBigIntegerField()
    dropped = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.digest[:12]
