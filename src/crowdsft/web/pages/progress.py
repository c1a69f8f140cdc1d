"""What is going on in a campaign right now, in words: collecting, a step at work, stopped, or finished."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from crowdsft.core.campaign import CampaignState, next_step
from crowdsft.web.campaigns.models import Campaign, Step
from crowdsft.web.contributions.work import waiting_contributions
from crowdsft.web.pages.measure import group_letter
from crowdsft.web.pages.wording import counted, duration_words
from crowdsft.web.votes.models import decided_votes, voting_opened

STAGES = (
    ("close_round", "Collecting"),
    ("form_groups", "Grouping"),
    ("train", "Training"),
    ("evaluate", "Evaluating"),
    ("award", "Awarding"),
)
STAGE_OF_STEP = {
    "select": "evaluate",
    "approve": "evaluate",
    "count_votes": "evaluate",
    "keep_contributions": "form_groups",
    "merge": "evaluate",
    "value_groups": "award",
    "finish_round": "award",
}
WAITS_LONG_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the round: "done", "now", "stopped" or "todo", with a line about it."""

    title: str
    status: str
    detail: str


@dataclass(frozen=True, slots=True)
class Part:
    """How far one model is: "A" for group A's candidate, "Base" for the base."""

    name: str
    percent: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the campaign stands.

    Args:
        kind: "preparing", "collecting", "working", "voting", "approval", "paused", "retrying", "failed" or "finished".
        badge: At most three words.
        line: One line beside the badge.
        closes: When the round closes, where that is known.
        share: Part done, 0 to 1, of what the bar shows; None without a bar.
        bar: What the bar shows.
        stages: The round's stages; empty while nothing is at work.
        error: What went wrong last, for the organiser.
        parts: How far each candidate is, while a worker trains or measures them.
    """

    kind: str
    badge: str
    line: str
    closes: datetime | None = None
    share: float | None = None
    bar: str = ""
    stages: tuple[Stage, ...] = ()
    error: str = ""
    parts: tuple[Part, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether something may still change."""
        return self.kind != "finished"

    @property
    def percent(self) -> int | None:
        """`share` in whole per cent."""
        return None if self.share is None else round(100 * self.share)


def progress(campaign: Campaign, state: CampaignState) -> Progress:
    """Where the campaign stands now."""
    due = next_step(state)
    if state.is_cancelled:
        return Progress("finished", "Cancelled", f"after {counted(len(state.rounds), 'round')}")
    if state.is_paused:
        return Progress("paused", "Paused", "the organiser resumes it; drafts are kept")
    if due is None:
        return Progress("finished", "Finished", f"after {counted(len(state.rounds), 'round')}")
    step: Step | None = getattr(campaign, "step", None)
    if step is not None and step.error and not step.worker:
        return _stopped(step, state, due.name)
    if due.name == "close_round":
        return _collecting(campaign, state, step)
    if due.round_number == 0 or due.name in ("open_round", "finish_campaign"):
        return _preparing(state, step, due.name)
    if due.name == "count_votes":
        return _voting(campaign, state)
    if due.name == "approve":
        return Progress("approval", "Waits for approval", f"the winner of round {due.round_number}")
    stages = _stages(state, due.name, step)
    current = next(stage for stage in stages if stage.status == "now")
    return Progress(
        "working",
        current.title,
        f"round {due.round_number} of {state.plan.rounds.count}",
        share=step.progress if step and step.worker else None,
        bar=current.detail,
        stages=stages,
        parts=_parts(step, due.name),
    )


def _parts(step: Step | None, name: str) -> tuple[Part, ...]:
    """What the worker said of each model; while candidates are measured, the base is the first."""
    if step is None or not step.worker:
        return ()
    names = [group_letter(group) for group in range(len(step.parts))]
    if name == "evaluate":
        names = ["Base", *names]
    return tuple(Part(title, round(100 * part)) for title, part in zip(names, step.parts, strict=False))


def _preparing(state: CampaignState, step: Step | None, name: str) -> Progress:
    words = {
        "measure_target": "measuring the target",
        "open_round": f"opening round {len(state.rounds) + 1}",
        "finish_campaign": "paying what was kept back",
    }
    waiting = _worker_words(step)
    return Progress(
        "preparing", "Getting ready", waiting or words.get(name, "getting ready"), bar=_note(step)
    )


def _collecting(campaign: Campaign, state: CampaignState, step: Step | None) -> Progress:
    rounds, number = state.plan.rounds, state.current.number
    count = waiting_contributions(campaign)
    badge = f"Round {number} open"
    if campaign.close_requested_round >= number:
        line = step.note if step and step.note.startswith("waiting") else "closing now"
        return Progress("collecting", badge, line, bar=counted(count, "contribution"))
    if rounds.close == "deadline":
        opened = campaign.round_opened or timezone.now()
        closes = opened + timedelta(minutes=rounds.minutes or 0)
        left = (closes - timezone.now()).total_seconds()
        line = f"in {duration_words(left)}" if left > 0 else _waits_for_people(step)
        return Progress(
            "collecting", badge, line, closes=closes if left > 0 else None, bar=counted(count, "contribution")
        )
    if rounds.close == "manual":
        return Progress(
            "collecting", badge, "the organiser closes the round", bar=counted(count, "contribution")
        )
    size = state.plan.round_size
    line = f"closes with {counted(size, 'contribution')}" if count < size else _waits_for_people(step)
    return Progress(
        "collecting",
        badge,
        line,
        share=min(1.0, count / size),
        bar=f"{count:,} of {counted(size, 'contribution')}",
    )


def _voting(campaign: Campaign, state: CampaignState) -> Progress:
    """People compare the candidates; the bar shows how many votes there are of those that are enough."""
    plan, number = state.plan.votes, state.current.number
    closes = voting_opened(campaign) + timedelta(minutes=plan.minutes or 0)
    count = decided_votes(campaign, number).count()
    is_closing = campaign.close_requested_vote == number
    left = 0.0 if is_closing else (closes - timezone.now()).total_seconds()
    return Progress(
        "voting",
        f"Vote on round {number}",
        f"in {duration_words(left)}" if left > 0 else "counting now",
        closes=closes if left > 0 else None,
        share=None if plan.enough is None else min(1.0, count / plan.enough),
        bar=counted(count, "vote") if plan.enough is None else f"{count:,} of {counted(plan.enough, 'vote')}",
    )


def _waits_for_people(step: Step | None) -> str:
    return step.note if step and step.note.startswith("waiting") else "closing now"


def _stopped(step: Step, state: CampaignState, name: str) -> Progress:
    stage = next((title for key, title in STAGES if key == STAGE_OF_STEP.get(name, name)), "Getting ready")
    stages = _stages(state, name, step, stopped=True) if state.rounds and not state.current.finished else ()
    if step.run_after is None:
        return Progress("failed", "Stopped", f"at {stage.lower()}", stages=stages, error=step.error)
    seconds = max(0.0, step.run_after - time.time())
    again = f"trying again in {round(seconds)} seconds" if seconds >= 1 else "trying again now"
    return Progress("retrying", "Trying again", again, stages=stages, error=step.error)


def _stages(
    state: CampaignState, name: str, step: Step | None, *, stopped: bool = False
) -> tuple[Stage, ...]:
    names = [key for key, _ in STAGES]
    now = names.index(STAGE_OF_STEP.get(name, name))
    stages = []
    for index, (key, title) in enumerate(STAGES):
        status = "done" if index < now else "todo" if index > now else "stopped" if stopped else "now"
        detail = _running_words(step, state, key) if status == "now" else _stage_words(state, key, status)
        stages.append(Stage(title, status, detail))
    return tuple(stages)


def _running_words(step: Step | None, state: CampaignState, key: str) -> str:
    return _worker_words(step) or _note(step) or _stage_words(state, key, "now")


def _stage_words(state: CampaignState, key: str, status: str) -> str:
    current, plan = state.current, state.plan
    groups = plan.groups_in(current.number, len(current.contributors))
    if key == "close_round":
        count = len(current.contributions or ())
        return f"{counted(count, 'contribution')} of {counted(len(current.contributors), 'contributor')}"
    if key == "form_groups":
        return f"{counted(groups, 'group')}, {plan.rounds.grouping.replace('_', ' ')}"
    if key == "train":
        return f"one copy of the model for each of {counted(groups, 'group')}"
    if key == "evaluate":
        samples = plan.evaluation.selection_samples + plan.evaluation.report_samples
        return f"{samples:,} answers of each copy and of the base"
    return f"{plan.points.budget_per_round:,} points"


def _note(step: Step | None) -> str:
    """The worker's own words, with groups named by their letters."""
    if step is None or not step.note:
        return ""
    note = re.sub(r"\bgroup (\d+)\b", lambda found: f"group {group_letter(int(found[1]) - 1)}", step.note)
    return note[:1].upper() + note[1:]


def _worker_words(step: Step | None) -> str:
    """What is the matter when nobody works on a step that is due."""
    if step is None or step.run_after is None:
        return ""
    now = time.time()
    if step.worker and step.lease_until < now:
        return "The worker stopped answering; another one takes over"
    if not step.worker and now - step.run_after > WAITS_LONG_SECONDS:
        return "Waiting for a worker to be free"
    return ""
