"""A campaign as a fold of its journal: `state = fold(events)`, `next_step(state)` says what is due.

`apply` accepts an event only where it may happen, so that a journal which folds is a campaign that could
have been.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Literal

import numpy as np

from crowdsft.core.errors import JournalError
from crowdsft.core.events import (
    CampaignCancelled,
    CampaignFinished,
    CampaignOpened,
    CampaignPaused,
    CampaignResumed,
    CandidateEvaluated,
    CandidatesMerged,
    CandidateTrained,
    ContributionRef,
    ContributionsKept,
    ContributionsWithdrawn,
    Event,
    FinishCalled,
    GroupsFormed,
    GroupsValued,
    PointsAwarded,
    RolledBack,
    RoundClosed,
    RoundFinished,
    RoundOpened,
    TargetMeasured,
    VotesCounted,
    WinnerReviewed,
    WinnerSelected,
)
from crowdsft.core.evidence import RoundRecord
from crowdsft.core.ledger import LedgerEntry, LedgerHead, chain
from crowdsft.core.rewards.base import Award
from crowdsft.core.settings import CampaignSettings, parse_settings

StepName = Literal[
    "measure_target", "open_round", "close_round", "keep_contributions", "form_groups", "train", "evaluate", "merge",
    "count_votes", "select", "approve", "value_groups", "award", "finish_round", "finish_campaign",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """Something due: its name and the round it belongs to (0 before the first round)."""

    name: StepName
    round_number: int


@dataclass(frozen=True, slots=True)
class RoundState:
    """One round so far; what has not happened yet is None or empty.

    `starts_from` is the round whose model this one starts from after a rollback (0: the first base), None where
    it starts from what the round before left. `model_after` is the lineage that the finished round left.
    """

    number: int
    drafts: str | None
    lineage: tuple[str, ...]
    contributions: tuple[ContributionRef, ...] | None = None
    groups: tuple[tuple[str, ...], ...] = ()
    candidates: tuple[CandidateTrained, ...] = ()
    base_evaluation: CandidateEvaluated | None = None
    evaluations: tuple[CandidateEvaluated, ...] = ()
    votes: VotesCounted | None = None
    selected: WinnerSelected | None = None
    points: PointsAwarded | None = None
    finished: bool = False
    review: WinnerReviewed | None = None
    starts_from: int | None = None
    model_after: tuple[str, ...] | None = None
    valued: GroupsValued | None = None
    kept: ContributionsKept | None = None
    merges: tuple[CandidatesMerged, ...] = ()
    merge_evaluations: tuple[CandidateEvaluated, ...] = ()

    @property
    def contributors(self) -> tuple[str, ...]:
        """Everybody with a contribution in the round, sorted."""
        return tuple(sorted({ref.contributor for ref in self.contributions or ()}))

    @property
    def winner(self) -> int | None:
        """The winning group, or None when the base stayed, the winner was declined or nothing is decided yet.

        A merge that won has the number of groups plus its place among the merges.
        """
        return self.selected.winner if self.selected and not self.is_declined else None

    @property
    def contenders(self) -> tuple[CandidateEvaluated, ...]:
        """Everything that could win, as it was measured: the groups' candidates, then the merges."""
        return (*self.evaluations, *self.merge_evaluations)

    @property
    def adapters(self) -> tuple[str, ...]:
        """The contenders' adapters."""
        trained = [candidate.adapter for candidate in self.candidates]
        return (*trained, *(merge.adapter for merge in self.merges))

    @property
    def left(self) -> CandidateEvaluated | None:
        """The model that a decided round leaves, as it was measured: the winner, or the base."""
        return self.base_evaluation if self.winner is None else self.contenders[self.winner]

    @property
    def won_by_merge(self) -> CandidatesMerged | None:
        """The merge that won, if one did."""
        number = self.winner
        return None if number is None or number < len(self.groups) else self.merges[number - len(self.groups)]

    @property
    def is_declined(self) -> bool:
        """Whether a winner was selected and somebody declined it, so that the base stays."""
        return self.review is not None and not self.review.approved


@dataclass(frozen=True, slots=True)
class CampaignState:
    """Everything that the journal says, up to `position` (the number of events applied)."""

    position: int = 0
    campaign: str = ""
    settings: CampaignSettings | None = None
    target: TargetMeasured | None = None
    rounds: tuple[RoundState, ...] = ()
    lineage: tuple[str, ...] = ()
    balances: dict[str, int] = field(default_factory=dict)
    ledger_head: LedgerHead = field(default_factory=LedgerHead)
    closing_awards: tuple[Award, ...] | None = None
    is_paused: bool = False
    is_ending: bool = False
    is_cancelled: bool = False
    starts_from: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen any more: finished or cancelled."""
        return self.is_finished or self.is_cancelled

    @property
    def base_round(self) -> int:
        """The round that left the base as it is now; 0 for the first base."""
        if self.starts_from is not None:
            return self.starts_from
        done = [past for past in self.rounds if past.finished]
        if self.rounds and not self.current.finished and self.current.starts_from is not None:
            return self.current.starts_from
        return done[-1].number if done else 0

    @property
    def current(self) -> RoundState:
        """The newest round."""
        if not self.rounds:
            raise JournalError("The campaign has no round yet.")
        return self.rounds[-1]

    @property
    def is_finished(self) -> bool:
        """Whether the campaign's last event has happened."""
        return self.closing_awards is not None

    @property
    def plan(self) -> CampaignSettings:
        """The settings; an error before the campaign was opened."""
        if self.settings is None:
            raise JournalError("The campaign was never opened: its journal is empty.")
        return self.settings


def fold(events: Iterable[Event], state: CampaignState | None = None) -> CampaignState:
    """The state after `events`, starting from `state` (default: an empty journal)."""
    return reduce(apply, events, state or CampaignState())


def next_step(state: CampaignState) -> Step | None:
    """What is due, or None while the campaign is paused and when it is over."""
    return None if state.is_paused else _due_step(state)


def _due_step(state: CampaignState) -> Step | None:
    """What would be due without a pause: a step that was under way when the pause came may still be written."""
    if state.is_over:
        return None
    if state.target is None:
        return Step("measure_target", 0)
    if not state.rounds or state.current.finished:
        done = len(state.rounds)
        goes_on = done < state.plan.rounds.count and not state.is_ending
        return Step("open_round", done + 1) if goes_on else Step("finish_campaign", done)
    return Step(_due_in_round(state.current, state.plan), state.current.number)


def _due_in_round(current: RoundState, plan: CampaignSettings) -> StepName:
    if current.contributions is None:
        return "close_round"
    if plan.is_filtered(current.number) and current.kept is None:
        return "keep_contributions"
    if not current.groups:
        return "form_groups"
    if len(current.candidates) < len(current.groups):
        return "train"
    if current.base_evaluation is None or len(current.evaluations) < len(current.groups):
        return "evaluate"
    if len(current.merge_evaluations) < len(plan.rounds.merges):
        return "merge"
    if plan.votes.minutes is not None and current.votes is None:
        return "count_votes"
    if current.selected is None:
        return "select"
    if plan.rounds.approval and current.selected.winner is not None and current.review is None:
        return "approve"
    if plan.points.policy == "in_run_split" and current.valued is None:
        return "value_groups"
    if current.points is None:
        return "award"
    return "finish_round"


def apply(state: CampaignState, event: Event) -> CampaignState:
    """The state after one more event.

    Raises:
        JournalError: when the event cannot happen in this state.
    """
    match event:
        case CampaignOpened():
            changed = _opened(state, event)
        case TargetMeasured():
            _due(state, event, "measure_target")
            changed = replace(state, target=event)
        case RoundOpened():
            _due(state, event, "open_round", event.round_number)
            opened = RoundState(
                event.round_number, event.drafts, state.lineage, starts_from=state.starts_from
            )
            changed = replace(state, rounds=(*state.rounds, opened), starts_from=None)
        case RoundFinished():
            _due(state, event, "finish_round", event.round_number)
            finished = replace(state.current, finished=True, model_after=event.lineage)
            changed = replace(state, rounds=(*state.rounds[:-1], finished), lineage=event.lineage)
        case PointsAwarded():
            _due(state, event, "award", event.round_number)
            changed = _paid(_in_round(state, replace(state.current, points=event)), event)
        case CampaignFinished():
            _due(state, event, "finish_campaign")
            changed = _paid(replace(state, closing_awards=event.closing_awards), event)
        case ContributionsWithdrawn():
            changed = _in_round(state, _without(state, event))
            changed = _without_open_round(changed) if state.is_ending else changed
        case CampaignPaused() | CampaignResumed() | FinishCalled() | CampaignCancelled() | RolledBack():
            changed = _steered(state, event)
        case _:
            changed = _in_round(state, _round_after(state, event))
    return replace(changed, position=state.position + 1)


def _opened(state: CampaignState, event: CampaignOpened) -> CampaignState:
    if state.position != 0:
        raise JournalError("The campaign is open already; CampaignOpened can only be the first event.")
    settings = parse_settings(event.settings, source="the settings in the journal")
    return replace(state, campaign=event.campaign, settings=settings)


def _steered(
    state: CampaignState,
    event: CampaignPaused | CampaignResumed | FinishCalled | CampaignCancelled | RolledBack,
) -> CampaignState:
    """The state after somebody's decision about the whole campaign."""
    if not state.position or state.is_over:
        raise JournalError(f"{type(event).__name__} cannot happen: the campaign is not running.")
    match event:
        case CampaignPaused():
            _allow(event, not state.is_paused, "the campaign is paused already")
            return replace(state, is_paused=True)
        case CampaignResumed():
            _allow(event, state.is_paused, "the campaign is not paused")
            return replace(state, is_paused=False)
        case CampaignCancelled():
            return replace(state, is_cancelled=True, is_paused=False)
        case FinishCalled():
            _allow(event, not state.is_ending, "the campaign is about to finish already")
            return _without_open_round(replace(state, is_ending=True, is_paused=False))
        case RolledBack():
            return _rolled_back(state, event)


def _without_open_round(state: CampaignState) -> CampaignState:
    """Give up a round that still collects; the base stays what it was."""
    if not state.rounds or state.current.contributions is not None:
        return state
    return replace(state, rounds=state.rounds[:-1], starts_from=state.current.starts_from)


def _rolled_back(state: CampaignState, event: RolledBack) -> CampaignState:
    """The base is an earlier one; a round that is open keeps its contributions and starts from that base.

    Groups, candidates and measurements of a round that is not paid yet belong to the base that was given up.
    """
    left = {0: ()} | {past.number: past.model_after for past in state.rounds if past.model_after is not None}
    _allow(event, event.to_round in left, f"round {event.to_round} has left no model yet")
    _allow(event, event.to_round != state.base_round, "this is the base already")
    lineage = left[event.to_round]
    if not state.rounds or state.current.finished:
        return replace(state, lineage=lineage, starts_from=event.to_round)
    current = state.current
    _allow(event, current.points is None, "the round is being paid; wait until it has finished")
    kept = RoundState(current.number, current.drafts, lineage, current.contributions)
    changed = replace(kept, starts_from=event.to_round)
    return replace(state, lineage=lineage, rounds=(*state.rounds[:-1], changed))


def _without(state: CampaignState, event: ContributionsWithdrawn) -> RoundState:
    """The closed round without contributions that nothing was trained on yet."""
    current = state.current
    _allow(event, not state.is_over and not current.finished, "no round is open")
    _allow(event, event.round_number == current.number, f"round {current.number} is the newest")
    _allow(event, not current.candidates, "the round's candidates are trained already")
    known = {ref.id for ref in current.contributions or ()}
    _allow(event, bool(event.ids) and known.issuperset(event.ids), "the round has no such contributions")
    rest = tuple(ref for ref in current.contributions or () if ref.id not in event.ids)
    is_enough = len({ref.contributor for ref in rest}) >= state.plan.rounds.groups
    return replace(current, contributions=rest if is_enough else None, groups=(), kept=None)


def _allow(event: Event, condition: bool, why_not: str) -> None:
    if not condition:
        raise JournalError(f"{type(event).__name__} cannot happen: {why_not}.")


def _round_after(
    state: CampaignState,
    event: RoundClosed
    | ContributionsKept
    | GroupsFormed
    | CandidateTrained
    | CandidateEvaluated
    | CandidatesMerged
    | VotesCounted
    | WinnerSelected
    | WinnerReviewed
    | GroupsValued,
) -> RoundState:
    current = state.current
    match event:
        case RoundClosed():
            _due(state, event, "close_round", event.round_number)
            return replace(current, contributions=event.contributions)
        case ContributionsKept():
            _due(state, event, "keep_contributions", event.round_number)
            return replace(current, kept=event)
        case GroupsFormed():
            _due(state, event, "form_groups", event.round_number)
            _check_partition(current, event, state.plan.groups_in(current.number, len(current.contributors)))
            return replace(current, groups=event.groups)
        case CandidateTrained():
            _due(state, event, "train", event.round_number)
            _in_order(event, event.group, len(current.candidates))
            return replace(current, candidates=(*current.candidates, event))
        case CandidateEvaluated(group=None):
            _due(state, event, "evaluate", event.round_number)
            return replace(current, base_evaluation=event)
        case CandidatesMerged():
            _due(state, event, "merge", event.round_number)
            _in_order(event, event.number, len(current.groups) + len(current.merges))
            return replace(current, merges=(*current.merges, event))
        case CandidateEvaluated():
            is_merge = len(current.evaluations) == len(current.groups) > 0
            _due(state, event, "merge" if is_merge else "evaluate", event.round_number)
            _in_order(event, event.group if event.group is not None else -1, len(current.contenders))
            if is_merge:
                return replace(current, merge_evaluations=(*current.merge_evaluations, event))
            return replace(current, evaluations=(*current.evaluations, event))
        case VotesCounted():
            _due(state, event, "count_votes", event.round_number)
            return replace(current, votes=event)
        case WinnerSelected():
            _due(state, event, "select", event.round_number)
            if event.winner is not None and not 0 <= event.winner < len(current.contenders):
                raise JournalError(
                    f"Group {event.winner} cannot win: the round has {len(current.groups)} groups and "
                    f"{len(current.merges)} merges of them."
                )
            return replace(current, selected=event)
        case WinnerReviewed():
            _due(state, event, "approve", event.round_number)
            return replace(current, review=event)
        case GroupsValued():
            _due(state, event, "value_groups", event.round_number)
            if len(event.values) != len(current.groups):
                raise JournalError(
                    f"{len(event.values)} values cannot be those of the round's {len(current.groups)} groups."
                )
            return replace(current, valued=event)


def _in_round(state: CampaignState, current: RoundState) -> CampaignState:
    return replace(state, rounds=(*state.rounds[:-1], current))


def _due(state: CampaignState, event: Event, name: StepName, round_number: int | None = None) -> None:
    due = _due_step(state) if state.position else None
    wanted = due.round_number if due and round_number is None else round_number
    if due is None or due.name != name or due.round_number != wanted:
        found = f"{due.name} of round {due.round_number}" if due else "nothing"
        raise JournalError(
            f"{type(event).__name__} of round {round_number} cannot happen at position "
            f"{state.position}: due is {found}."
        )


def _in_order(event: Event, group: int, expected: int) -> None:
    if group != expected:
        raise JournalError(f"{type(event).__name__} names group {group}, but group {expected} is due.")


def _check_partition(current: RoundState, event: GroupsFormed, groups: int) -> None:
    members = [contributor for group in event.groups for contributor in group]
    if len(event.groups) != groups or not all(event.groups) or tuple(sorted(members)) != current.contributors:
        raise JournalError(
            f"The groups of round {event.round_number} are not a partition of its contributors into {groups} groups."
        )


def ledger_entries(state: CampaignState, event: PointsAwarded | CampaignFinished) -> tuple[LedgerEntry, ...]:
    """The ledger entries that `event` makes when it happens in `state`."""
    return _chained(state, event)[0]


def _chained(
    state: CampaignState, event: PointsAwarded | CampaignFinished
) -> tuple[tuple[LedgerEntry, ...], LedgerHead]:
    if isinstance(event, PointsAwarded):
        awards, round_number, reason = (
            event.awards,
            event.round_number,
            f"award of round {event.round_number}",
        )
    else:
        awards, round_number, reason = event.closing_awards, len(state.rounds), "closing award"
    return chain(
        state.ledger_head,
        [(award.contributor, award.points) for award in awards],
        campaign=state.campaign,
        round_number=round_number,
        reason=reason,
    )


def _paid(state: CampaignState, event: PointsAwarded | CampaignFinished) -> CampaignState:
    entries, head = _chained(state, event)
    totals = dict(state.balances)
    for entry in entries:
        totals[entry.contributor] = totals.get(entry.contributor, 0) + entry.amount
    return replace(state, balances=totals, ledger_head=head)


def round_record(current: RoundState) -> RoundRecord:
    """The evidence of a round whose winner is selected.

    A contribution that repeats somebody else's earlier one weighs for its author, who so belongs to the round
    even when absent from it; a contributor with nothing but such contributions has weight 0. So has one of whose
    work nothing was trained on, where only the best is; and who has a part by earlier rounds' work belongs to it.
    """
    if current.base_evaluation is None or current.selected is None:
        raise JournalError(f"Round {current.number} is not evaluated yet; it is no evidence.")
    authorship = _authorship(current)
    others = [other for candidate in current.candidates for other in candidate.others]
    contributors = tuple(
        sorted(
            {
                *current.contributors,
                *(author for own in authorship.values() for author in own),
                *(other.contributor for other in others),
            }
        )
    )
    column = {contributor: index for index, contributor in enumerate(contributors)}
    weights = np.zeros((len(current.groups), len(contributors)))
    earned = np.zeros(weights.shape)
    for row, (group, candidate) in enumerate(zip(current.groups, current.candidates, strict=True)):
        credited = candidate.credits or (0.0,) * len(group)
        for contributor, weight, credit in zip(group, candidate.weights, credited, strict=True):
            for author, part in authorship[contributor].items():
                weights[row, column[author]] += weight * part
                earned[row, column[author]] += credit * part
        for other in candidate.others:
            weights[row, column[other.contributor]] += other.weight
            earned[row, column[other.contributor]] += other.credit
    reports = [evaluation.report for evaluation in current.evaluations]
    return RoundRecord(
        round_number=current.number,
        contributors=contributors,
        weights=weights,
        base_value=current.base_evaluation.report.mean_utility,
        values=np.array([report.mean_utility for report in reports]),
        winner=None if current.won_by_merge else current.winner,
        significant=current.winner is not None,
        starts_from=current.starts_from,
        base_embedding=np.array(current.base_evaluation.report.embedding),
        embeddings=np.array([report.embedding for report in reports]),
        value_errors=np.array([report.gain_error for report in reports]),
        group_values=None if current.valued is None else np.array(current.valued.values),
        merged=None if current.won_by_merge is None else np.array(current.won_by_merge.weights),
        credits=earned if all(candidate.credits for candidate in current.candidates) else None,
    )


def _authorship(current: RoundState) -> dict[str, dict[str, float]]:
    """For each contributor of the round, which part of the contributions is whose.

    Where only the best contributions are trained on, weights are counted by author to begin with.
    """
    if current.kept is not None:
        return {contributor: {contributor: 1.0} for contributor in current.contributors}
    counts: dict[str, Counter[str]] = {}
    for ref in current.contributions or ():
        counts.setdefault(ref.contributor, Counter())[ref.author or ref.contributor] += 1
    return {
        contributor: {author: count / own.total() for author, count in own.items()}
        for contributor, own in counts.items()
    }


def history(state: CampaignState) -> tuple[RoundRecord, ...]:
    """The evidence of all rounds whose winner is selected, oldest first.

    Where voters decide, values are what they thought: a candidate's log odds against its base, on top of what that
    base had gained over the first one.
    """
    decided = [current for current in state.rounds if current.selected is not None]
    records = [round_record(current) for current in decided]
    if not state.plan.votes.decide:
        return tuple(records)
    levels, before = {0: 0.0}, 0
    for place, current in enumerate(decided):
        base = before if current.starts_from is None else current.starts_from
        records[place] = _by_votes(records[place], current, level=levels[base])
        won = records[place].winner
        levels[current.number] = levels[base] if won is None else float(records[place].values[won])
        before = current.number
    return tuple(records)


def _by_votes(record: RoundRecord, current: RoundState, *, level: float) -> RoundRecord:
    """The record with voters' values instead of the evaluator's."""
    assert current.votes is not None
    voted = [row for row in current.votes.strengths if row.group is not None]
    return replace(
        record,
        base_value=level,
        values=level + np.array([row.gain for row in voted]),
        value_errors=np.array([row.error for row in voted]),
        base_embedding=None,
        embeddings=None,
    )
