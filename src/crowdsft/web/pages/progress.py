"""What is going on in a campaign right now, in words: collecting, a step at work, stopped, or finished."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext, pgettext_lazy

from crowdsft.core.campaign import CampaignState, next_step
from crowdsft.web.campaigns.models import Campaign, Step
from crowdsft.web.contributions.work import waiting_contributions
from crowdsft.web.pages.campaign_fields import GROUPING_WORDS
from crowdsft.web.pages.measure import group_letter
from crowdsft.web.pages.step_words import is_waiting, note_words
from crowdsft.web.pages.wording import counted, in_duration
from crowdsft.web.saying import whole
from crowdsft.web.votes.models import decided_votes, voting_opened

STAGES = (
    ("close_round", pgettext_lazy("stage", "Collecting")),
    ("form_groups", pgettext_lazy("stage", "Grouping")),
    ("train", pgettext_lazy("stage", "Training")),
    ("evaluate", pgettext_lazy("stage", "Evaluating")),
    ("award", pgettext_lazy("stage", "Awarding")),
)
STOPPED_WHILE = {
    "close_round": _lazy("while collecting"),
    "form_groups": _lazy("while forming groups"),
    "train": _lazy("while training"),
    "evaluate": _lazy("while evaluating"),
    "award": _lazy("while awarding points"),
}
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
    """How far one model is: "A" for group A's candidate, nothing for the base."""

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
        return Progress("finished", _("Cancelled"), _after_rounds(len(state.rounds)))
    if state.is_paused:
        return Progress("paused", _("Paused"), _("the organiser resumes it; drafts are kept"))
    if due is None:
        return Progress("finished", _("Finished"), _after_rounds(len(state.rounds)))
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
        line = _("the winner of round {number}").format(number=due.round_number)
        return Progress("approval", _("Waits for approval"), line)
    stages = _stages(state, due.name, step)
    current = next(stage for stage in stages if stage.status == "now")
    return Progress(
        "working",
        current.title,
        _("round {number} of {all}").format(number=due.round_number, all=state.plan.rounds.count),
        share=step.progress if step and step.worker else None,
        bar=current.detail,
        stages=stages,
        parts=_parts(step, due.name),
    )


def _after_rounds(count: int) -> str:
    return ngettext("after {count} round", "after {count} rounds", count).format(count=whole(count))


def _parts(step: Step | None, name: str) -> tuple[Part, ...]:
    """What the worker said of each model; while candidates are measured, the base is the first."""
    if step is None or not step.worker:
        return ()
    names = [group_letter(group) for group in range(len(step.parts))]
    if name == "evaluate":
        names = ["", *names]
    return tuple(Part(title, round(100 * part)) for title, part in zip(names, step.parts, strict=False))


def _preparing(state: CampaignState, step: Step | None, name: str) -> Progress:
    words = {
        "measure_target": _("measuring the target"),
        "open_round": _("opening round {number}").format(number=len(state.rounds) + 1),
        "finish_campaign": _("paying what was kept back"),
    }
    line = _worker_words(step) or words.get(name, _("getting ready"))
    return Progress("preparing", _("Getting ready"), line, bar=_note(step))


def _collecting(campaign: Campaign, state: CampaignState, step: Step | None) -> Progress:
    rounds, number = state.plan.rounds, state.current.number
    count = waiting_contributions(campaign)
    badge, bar = _("Round {number} open").format(number=number), counted(count, "contribution")
    if campaign.close_requested_round >= number:
        return Progress("collecting", badge, _waits_for_people(step), bar=bar)
    if rounds.close == "deadline":
        opened = campaign.round_opened or timezone.now()
        closes = opened + timedelta(minutes=rounds.minutes or 0)
        left = (closes - timezone.now()).total_seconds()
        if left > 0:
            return Progress("collecting", badge, in_duration(left), closes=closes, bar=bar)
        return Progress("collecting", badge, _waits_for_people(step), bar=bar)
    if rounds.close == "manual":
        return Progress("collecting", badge, _("the organiser closes the round"), bar=bar)
    size = state.plan.round_size
    if count >= size:
        line = _waits_for_people(step)
    else:
        many = ngettext("closes with {count} contribution", "closes with {count} contributions", size)
        line = many.format(count=whole(size))
    of_all = ngettext("{count} of {all} contribution", "{count} of {all} contributions", size)
    return Progress(
        "collecting",
        badge,
        line,
        share=min(1.0, count / size),
        bar=of_all.format(count=whole(count), all=whole(size)),
    )


def _voting(campaign: Campaign, state: CampaignState) -> Progress:
    """People compare the candidates; the bar shows how many votes there are of those that are enough."""
    plan, number = state.plan.votes, state.current.number
    closes = voting_opened(campaign) + timedelta(minutes=plan.minutes or 0)
    count = decided_votes(campaign, number).count()
    is_closing = campaign.close_requested_vote == number
    left = 0.0 if is_closing else (closes - timezone.now()).total_seconds()
    if plan.enough is None:
        bar = ngettext("{count} vote", "{count} votes", count).format(count=whole(count))
    else:
        bar = ngettext("{count} of {all} vote", "{count} of {all} votes", plan.enough)
        bar = bar.format(count=whole(count), all=whole(plan.enough))
    return Progress(
        "voting",
        _("Vote on round {number}").format(number=number),
        in_duration(left) if left > 0 else _("counting now"),
        closes=closes if left > 0 else None,
        share=None if plan.enough is None else min(1.0, count / plan.enough),
        bar=bar,
    )


def _waits_for_people(step: Step | None) -> str:
    return note_words(step.note) if step and is_waiting(step.note) else _("closing now")


def _stopped(step: Step, state: CampaignState, name: str) -> Progress:
    stages = _stages(state, name, step, stopped=True) if state.rounds and not state.current.finished else ()
    if step.run_after is None:
        line = STOPPED_WHILE.get(STAGE_OF_STEP.get(name, name), _("while getting ready"))
        return Progress("failed", _("Stopped"), str(line), stages=stages, error=step.error)
    seconds = round(max(0.0, step.run_after - time.time()))
    again = _("trying again now")
    if seconds >= 1:
        again = ngettext("trying again in {count} second", "trying again in {count} seconds", seconds)
    return Progress(
        "retrying", _("Trying again"), again.format(count=seconds), stages=stages, error=step.error
    )


def _stages(
    state: CampaignState, name: str, step: Step | None, *, stopped: bool = False
) -> tuple[Stage, ...]:
    names = [key for key, _ in STAGES]
    now = names.index(STAGE_OF_STEP.get(name, name))
    stages = []
    for index, (key, title) in enumerate(STAGES):
        status = "done" if index < now else "todo" if index > now else "stopped" if stopped else "now"
        detail = _running_words(step, state, key) if status == "now" else _stage_words(state, key, status)
        stages.append(Stage(str(title), status, detail))
    return tuple(stages)


def _running_words(step: Step | None, state: CampaignState, key: str) -> str:
    return _worker_words(step) or _note(step) or _stage_words(state, key, "now")


def _stage_words(state: CampaignState, key: str, status: str) -> str:
    current, plan = state.current, state.plan
    groups = plan.groups_in(current.number, len(current.contributors))
    if key == "close_round":
        return _("{contributions} of {contributors}").format(
            contributions=counted(len(current.contributions or ()), "contribution"),
            contributors=counted(len(current.contributors), "contributor"),
        )
    if key == "form_groups":
        how = GROUPING_WORDS.get(plan.rounds.grouping, plan.rounds.grouping)
        return _("{groups}, {how}").format(groups=counted(groups, "group"), how=how)
    if key == "train":
        each = ngettext(
            "one copy of the model for {count} group",
            "one copy of the model for each of {count} groups",
            groups,
        )
        return each.format(count=whole(groups))
    if key == "evaluate":
        samples = plan.evaluation.selection_samples + plan.evaluation.report_samples
        return _("{count} answers of each copy and of the base").format(count=whole(samples))
    return counted(plan.points.budget_per_round, "point")


def _note(step: Step | None) -> str:
    """The worker's own words."""
    note = note_words(step.note) if step else ""
    return note[:1].upper() + note[1:]


def _worker_words(step: Step | None) -> str:
    """What is the matter when nobody works on a step that is due."""
    if step is None or step.run_after is None:
        return ""
    now = time.time()
    if step.worker and step.lease_until < now:
        return _("The worker stopped answering; another one takes over")
    if not step.worker and now - step.run_after > WAITS_LONG_SECONDS:
        return _("Waiting for a worker to be free")
    return ""
