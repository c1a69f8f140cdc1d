"""What reviewers are shown beside a contribution: signals, never verdicts. Contributors never see them.

A worker notices flags and near texts (`reviews.checkups`); how quickly something was written, and how earlier work
of the same writer fared, is read from the rows themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from crowdsft.web.contributions.models import Contribution
from crowdsft.web.reviews.models import Checkup, NearText, Report, Review

FAST_PER_SECOND = 15.0  # characters; the fastest typists write about ten
LEAST_CHARACTERS = 60  # what is shorter says nothing about how it was written
MOST_NEAR = 3


@dataclass(frozen=True, slots=True)
class NearOther:
    """Somebody else's text that is nearly the same; `is_earlier` when it was handed in first."""

    response: str
    percent: int
    is_earlier: bool


@dataclass(frozen=True, slots=True)
class Signals:
    """What was noticed about one contribution.

    Args:
        is_checked: Whether a worker has looked for flags and near texts yet.
        flags: By kind, the words that led to each.
        near: Texts of others, likest first.
        seconds: From the task's start to its end; None where that is not known.
        is_fast: Whether hardly anybody types that quickly: the text may have been pasted.
        reports: Open reports about it.
        rejected, reviewed: How many of the writer's contributions were rejected, of how many reviewed.
    """

    is_checked: bool
    flags: dict[str, list[str]]
    near: tuple[NearOther, ...]
    seconds: int | None
    is_fast: bool
    reports: tuple[Report, ...]
    rejected: int
    reviewed: int

    @property
    def is_any(self) -> bool:
        """Whether there is something to show besides the history."""
        return bool(self.flags or self.near or self.is_fast or self.reports)


def signals_of(row: Contribution) -> Signals:
    """Everything that was noticed about `row`."""
    checkup = Checkup.objects.filter(contribution=row).first()
    seconds = _seconds(row)
    reviews = Review.objects.filter(contribution__membership=row.membership, undone=None)
    reviews = reviews.exclude(verdict="").exclude(contribution=row)
    return Signals(
        is_checked=checkup is not None,
        flags=dict(checkup.flags) if checkup is not None else {},
        near=_near(row),
        seconds=seconds,
        is_fast=_is_fast(row, seconds),
        reports=tuple(Report.objects.filter(contribution=row, state=Report.OPEN)),
        rejected=reviews.filter(verdict=Review.REJECTED).values("contribution").distinct().count(),
        reviewed=reviews.values("contribution").distinct().count(),
    )


def _near(row: Contribution) -> tuple[NearOther, ...]:
    pairs = NearText.objects.filter(Q(first=row) | Q(second=row)).select_related("first", "second")
    found = []
    for pair in pairs.order_by("-likeness")[:MOST_NEAR]:
        other = pair.second if pair.first_id == row.pk else pair.first
        if other.response:  # its writer has not taken it back
            found.append(NearOther(other.response, round(100 * pair.likeness), other.created <= row.created))
    return tuple(found)


def _seconds(row: Contribution) -> int | None:
    if row.task is None:
        return None
    return max(0, round((row.created - row.task.created).total_seconds()))


def _is_fast(row: Contribution, seconds: int | None) -> bool:
    written = len(row.response) if not row.model_response else len(row.response) - len(row.model_response)
    return seconds is not None and written >= LEAST_CHARACTERS and written > FAST_PER_SECOND * max(1, seconds)
