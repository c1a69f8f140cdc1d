"""The settings of tasks: what contributors are asked to do, within which limits, and questions with known answers."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, field_validator

from crowdsft.core.errors import Fault
from crowdsft.core.sentences import sentence
from crowdsft.core.settings.rounds import RoundsSection
from crowdsft.core.settings.section import NonEmpty, Section, known_name

TASK_KINDS = ("write_response", "correct_response", "choose_response", "rate_response")
DRAFT_KINDS = ("correct_response", "choose_response", "rate_response")
"""Kinds that need the base's own answers at the opening of a round."""
JUDGEMENT_KINDS = ("choose_response", "rate_response")
"""Kinds in which several people are asked about the same texts."""


class TasksSection(Section):
    """What contributors are asked to do, and within which limits.

    `drafts` and `overlap` say how much there is to choose and to rate: about each pair and each single answer `overlap`
    different people are asked, never more.
    """

    kinds: Annotated[tuple[str, ...], Field(min_length=1)] = ("write_response", "correct_response")
    per_contributor: Annotated[int, Field(ge=1, le=10_000)] = 10
    lease_minutes: Annotated[float, Field(gt=0, le=10_080)] = 30.0
    max_characters: Annotated[int, Field(ge=1, le=100_000)] = 4_000
    overlap: Annotated[int, Field(ge=1, le=100)] = 3
    drafts: Annotated[int, Field(ge=2, le=10_000)] = 96

    @field_validator("kinds")
    @classmethod
    def _known_kinds(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            known_name("task", name, TASK_KINDS)
        return tuple(dict.fromkeys(names))

    @property
    def drafts_needed(self) -> int:
        """How many answers of the base a round opens with."""
        return self.drafts if set(self.kinds) & set(DRAFT_KINDS) else 0

    @property
    def judgements_at_most(self) -> int | None:
        """How many answers a round can have; None where somebody can always write."""
        if not set(self.kinds) <= set(JUDGEMENT_KINDS):
            return None
        pairs = self.drafts // 2 if "choose_response" in self.kinds else 0
        singles = self.drafts if "rate_response" in self.kinds else 0
        return self.overlap * (pairs + singles)


class GoldChoice(Section):
    """Two answers to a prompt of which everybody who pays attention chooses `better`."""

    prompt: NonEmpty
    better: NonEmpty
    worse: NonEmpty


class GoldRating(Section):
    """An answer whose rating is known; one more or less is right, too."""

    prompt: NonEmpty
    response: NonEmpty
    rating: Annotated[int, Field(ge=1, le=5)]


class GoldSection(Section):
    """Questions with known answers, mixed in among the tasks by chance.

    They are never contributions. How many of them somebody got right is shown to organisers, to reviewers and to the
    person, and decides nothing by itself.
    """

    share: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    choose: Annotated[tuple[GoldChoice, ...], Field(max_length=1_000)] = ()
    rate: Annotated[tuple[GoldRating, ...], Field(max_length=1_000)] = ()

    def tasks(self, per_contributor: int) -> int:
        """How many of a contributor's tasks in a round are such questions, as long as there are new ones."""
        if not self.choose and not self.rate:
            return 0
        return min(math.ceil(self.share * per_contributor), per_contributor - 1)


def round_size(rounds: RoundsSection, tasks: TasksSection, gold: GoldSection) -> int:
    """How many contributions close a round with close = "size": questions with known answers are none."""
    own = tasks.per_contributor - gold.tasks(tasks.per_contributor)
    return rounds.size or rounds.groups * own


def gold_faults(tasks: TasksSection, gold: GoldSection) -> list[Fault]:
    """What the two sections contradict each other about."""
    faults = [
        Fault(
            f"gold.{name}",
            sentence(
                "contradicts tasks.kinds, which lacks {kind!r}; add it there, or remove these", kind=kind
            ),
        )
        for name, kind, items in (
            ("choose", "choose_response", gold.choose),
            ("rate", "rate_response", gold.rate),
        )
        if items and kind not in tasks.kinds
    ]
    for number, item in enumerate(gold.choose):
        if item.better == item.worse:
            problem = sentence("has the same text as the better and the worse one")
            faults.append(Fault(f"gold.choose.{number}", problem))
    return faults


def supply_faults(tasks: TasksSection, size: int) -> list[Fault]:
    """What is wrong where a round needs more judgements than the base's answers give."""
    most = tasks.judgements_at_most
    if most is None or size <= most:
        return []
    return [
        Fault(
            "tasks.drafts",
            sentence(
                "is {drafts}: with tasks.overlap = {overlap} that gives at most {most} judgements, and a "
                "round closes with {size}. Use more drafts or a larger overlap, or let people write as well",
                drafts=tasks.drafts,
                overlap=tasks.overlap,
                most=most,
                size=size,
            ),
        )
    ]
