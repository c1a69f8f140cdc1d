"""What a campaign will take before it is opened: answers, training steps, time of people and of the machine.

Speeds are those of the newest rounds that this platform ran with the same base model and backend. Before the
first one, only the built-in model has a stated default; for others the amounts are told and the time is not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median

from django.db.models import F

from crowdsft.core.settings import CampaignSettings
from crowdsft.web.campaigns.models import Campaign, JournalEvent
from crowdsft.web.contributions.models import Contribution

ROUNDS_LOOKED_AT = 40
TASKS_LOOKED_AT = 400
MINUTES_FOR_A_TASK = 2.0
GROUPS_OF = 3  # contributors whom a group has, unless the organiser says how many are expected


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds of one training step and of one generated answer; `rounds` measured (0: a stated default)."""

    step_seconds: float
    answer_seconds: float
    rounds: int


TINY_DEFAULT = Speed(step_seconds=0.03, answer_seconds=0.001, rounds=0)  # one core of a small server, 2026


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a campaign takes.

    Args:
        contributors: Expected in each round.
        contributions: In each round.
        steps: Training steps in each round, over all groups.
        answers: Generated in each round, over all groups, the base and the drafts.
        people_hours: Of all contributors, over all rounds.
        task_minutes: What one task takes; `is_task_measured` on this platform.
        machine_hours: Over all rounds; None when nothing is known about the model.
        speed: Where that comes from.
        budget: Points of all rounds.
    """

    contributors: int
    contributions: int
    steps: int
    answers: int
    people_hours: float
    task_minutes: float
    is_task_measured: bool
    machine_hours: float | None
    speed: Speed | None
    budget: int


def estimate(settings: CampaignSettings, *, expected: int | None = None) -> Estimate:
    """What `settings` will take with `expected` contributors in each round."""
    rounds, tasks = settings.rounds, settings.tasks
    people = max(expected or GROUPS_OF * rounds.groups, rounds.groups)
    most = people * tasks.per_contributor
    contributions = min(settings.round_size, most) if rounds.close == "size" else most
    steps = rounds.groups * _steps_of_a_group(settings, contributions)
    samples = settings.evaluation.selection_samples + settings.evaluation.report_samples
    answers = (rounds.groups + 1) * samples + tasks.drafts_needed
    speed = measured_speed(settings)
    minutes, is_measured = task_minutes()
    seconds = None if speed is None else steps * speed.step_seconds + answers * speed.answer_seconds
    return Estimate(
        contributors=people,
        contributions=contributions,
        steps=steps,
        answers=answers,
        people_hours=rounds.count * contributions * minutes / 60,
        task_minutes=minutes,
        is_task_measured=is_measured,
        machine_hours=None if seconds is None else rounds.count * seconds / 3600,
        speed=speed,
        budget=rounds.count * settings.points.budget_per_round,
    )


def measured_speed(settings: CampaignSettings) -> Speed | None:
    """The median speed of the newest rounds with the same base and backend; a default for the built-in model."""
    alike = Campaign.objects.filter(
        plan__model__base=settings.model.base, plan__training__backend=settings.training.backend
    )
    newest = JournalEvent.objects.filter(campaign__in=alike).order_by("-created", "-pk")
    trained = [
        row.payload["seconds"] / row.payload["steps"]
        for row in newest.filter(kind="CandidateTrained")[:ROUNDS_LOOKED_AT]
        if row.payload["steps"]
    ]
    measured = [
        row.payload["generate_seconds"]
        / (len(row.payload["selection"]["utilities"]) + len(row.payload["report"]["utilities"]))
        for row in newest.filter(kind="CandidateEvaluated", payload__group=None)[:ROUNDS_LOOKED_AT]
    ]
    if trained and measured:
        return Speed(median(trained), median(measured), rounds=len(measured))
    return TINY_DEFAULT if settings.model.base == "builtin:tiny" else None


def task_minutes() -> tuple[float, bool]:
    """How long people take for a task, as the median here, and whether that is measured."""
    people = Contribution.objects.filter(task__isnull=False, campaign__plan__campaign__simulated=False)
    rows = people.order_by("-created").values_list(F("created"), F("task__created"))[:TASKS_LOOKED_AT]
    minutes = [(done - begun).total_seconds() / 60 for done, begun in rows]
    return (median(minutes), True) if len(minutes) >= 20 else (MINUTES_FOR_A_TASK, False)


def _steps_of_a_group(settings: CampaignSettings, contributions: int) -> int:
    share = math.ceil(contributions / settings.rounds.groups)
    return math.ceil(share / settings.training.batch_size) * settings.training.passes
