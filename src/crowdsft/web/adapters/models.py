"""Adapters whose files were dropped, so that pages can say so without asking a storage."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models


class DroppedAdapter(models.Model):
    """An adapter that no campaign needs any more: its digest, and how much room its files took."""

    digest = models.CharField(max_length=64, unique=True)
    size = models.PositiveBigIntegerField()
    dropped = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.digest[:12]


def gone_adapters(digests: Iterable[str]) -> frozenset[str]:
    """Which of these adapters were dropped."""
    asked = set(digests)
    if len(asked) > 500:  # more than some databases take in one question
        return frozenset(DroppedAdapter.objects.values_list("digest", flat=True)) & asked
    return frozenset(DroppedAdapter.objects.filter(digest__in=asked).values_list("digest", flat=True))
