"""What happened in a campaign's rounds, as rows for the chart and the tables."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.web.charts import Back, ChartData, ChartRound
from crowdsft.web.pages.measure import (
    Change,
    Measure,
    group_letter,
    group_of,
    measure_of,
    model_name,
    score_after,
    start_score,
)

ROUNDS_SHOWN = 60
GROUP_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class RoundRow:
    """One decided round. `points` is what the reader got in it: None when the reader took no part."""

    number: int
    winner: str | None
    value: str
    change: Change
    outcome: str
    points: int | None
    is_carried: bool
    own_group: str | None


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """The shown values of one round's candidates; `winner` and `own` are columns."""

    number: int
    cells: tuple[tuple[str, bool, bool], ...]


def decided_rounds(state: CampaignState) -> tuple[RoundState, ...]:
    """The rounds whose winner is known, oldest first."""
    return tuple(current for current in state.rounds if current.selected is not None)


def round_change(current: RoundState, measure: Measure) -> Change:
    """From the base to the winner; when the base stayed, in words why."""
    base = current.base_evaluation
    assert base is not None
    if current.winner is not None:
        winner = current.contenders[current.winner]
        return measure.change(base.report.mean_utility, winner.report.mean_utility)
    return Change(why_base_stayed(current), "same")


def why_base_stayed(current: RoundState) -> str:
    """Whether the winner was declined, no candidate helped, or one may have but the noise hides it."""
    if current.is_declined:
        return _("winner declined")
    if current.selected is not None and current.selected.outcome == "guarded":
        return _("held back by a guard")
    return _("too close to tell") if _may_have_helped(current) else _("none came closer")


def is_too_close(current: RoundState) -> bool:
    """Whether the base stayed because the noise hides whether a candidate helped."""
    is_guarded = current.selected is not None and current.selected.outcome == "guarded"
    return not current.is_declined and not is_guarded and _may_have_helped(current)


def _may_have_helped(current: RoundState) -> bool:
    return any(
        evaluation.selection.gain + 2 * evaluation.selection.gain_error > 0
        for evaluation in current.contenders
    )


def round_rows(state: CampaignState, contributor: str | None) -> list[RoundRow]:
    """The newest rounds first."""
    measure = measure_of(state.plan)
    rows = [_row(current, measure, contributor) for current in decided_rounds(state)[-ROUNDS_SHOWN:]]
    return rows[::-1]


def _row(current: RoundState, measure: Measure, contributor: str | None) -> RoundRow:
    after = score_after(current)
    assert after is not None
    own = group_of(current, contributor)
    awards = current.points.awards if current.points else ()
    points = next((award.points for award in awards if award.contributor == contributor), None)
    return RoundRow(
        number=current.number,
        winner=None if current.winner is None else model_name(current, current.winner, is_first_word=True),
        value=measure.show(after.mean_utility),
        change=round_change(current, measure),
        outcome=current.selected.outcome if current.selected else "",
        points=points if own is not None or points else None,
        is_carried=bool(current.points and current.points.carry and not points and own is not None),
        own_group=None if own is None else group_letter(own),
    )


def candidate_table(state: CampaignState, contributor: str | None) -> tuple[list[str], list[CandidateRow]]:
    """Column titles and rows, newest round first; many groups are summed up as best, middle and last."""
    measure, rounds = measure_of(state.plan), decided_rounds(state)[-ROUNDS_SHOWN:][::-1]
    counts = {(len(current.groups), len(current.merges)) for current in rounds}
    if len(counts) != 1 or sum(next(iter(counts))) > GROUP_COLUMNS:
        return [_("Best"), _("Middle"), _("Last")], [_summary_row(current, measure) for current in rounds]
    titles = [model_name(rounds[0], number, is_first_word=True) for number in range(sum(next(iter(counts))))]
    return titles, [_candidate_row(current, measure, contributor) for current in rounds]


def _candidate_row(current: RoundState, measure: Measure, contributor: str | None) -> CandidateRow:
    own = group_of(current, contributor)
    cells = tuple(
        (measure.show(contender.report.mean_utility), number == current.winner, number == own)
        for number, contender in enumerate(current.contenders)
    )
    return CandidateRow(current.number, cells)


def _summary_row(current: RoundState, measure: Measure) -> CandidateRow:
    utilities = sorted((contender.report.mean_utility for contender in current.contenders), reverse=True)
    chosen = (utilities[0], utilities[len(utilities) // 2], utilities[-1])
    return CandidateRow(current.number, tuple((measure.show(utility), False, False) for utility in chosen))


def chart_data(state: CampaignState, contributor: str | None) -> ChartData | None:
    """What the chart draws, or None before the first round is decided."""
    measure, start, rounds = measure_of(state.plan), start_score(state), decided_rounds(state)
    if start is None or not rounds:
        return None
    shown = rounds[-ROUNDS_SHOWN:]
    first = start if len(shown) == len(rounds) else score_after(rounds[-ROUNDS_SHOWN - 1])
    assert first is not None
    pending = _pending(state, measure)
    expert = state.target.expert_utility if state.target and not measure.is_score else None
    return ChartData(
        start_label=_("Start") if len(shown) == len(rounds) else f"{shown[0].number - 1}",
        start=measure.value(first.mean_utility),
        start_interval=measure.interval(first),
        rounds=tuple(_chart_round(current, measure, contributor) for current in shown),
        slots=max(len(shown) + (pending is not None), min(state.plan.rounds.count, 6)),
        reference=None if expert is None else (_("Expert answers"), measure.value(expert)),
        lower_is_better=measure.is_distance,
        sentence=_sentence(state, measure, rounds),
        pending=pending,
    )


def _chart_round(current: RoundState, measure: Measure, contributor: str | None) -> ChartRound:
    after = score_after(current)
    assert after is not None
    return ChartRound(
        number=current.number,
        candidates=tuple(measure.value(evaluation.report.mean_utility) for evaluation in current.contenders),
        winner=current.winner,
        own=group_of(current, contributor),
        value=measure.value(after.mean_utility),
        interval=measure.interval(after),
        back=_back(current, measure),
    )


def _back(current: RoundState, measure: Measure) -> Back | None:
    """Where a round that began with a rollback started from."""
    if current.starts_from is None or current.base_evaluation is None:
        return None
    base = current.base_evaluation.report
    return Back(_back_words(current.starts_from), measure.value(base.mean_utility), measure.interval(base))


def _back_words(to_round: int) -> str:
    return _("back to round {number}").format(number=to_round) if to_round else _("back to the start")


def _pending(state: CampaignState, measure: Measure) -> Back | None:
    """A rollback after the newest decided round: no round that started from there is decided yet."""
    to_round = state.starts_from
    if to_round is None and state.current.selected is None:
        to_round = state.current.starts_from
    if to_round is None:
        return None
    score = score_after(state.rounds[to_round - 1]) if to_round else start_score(state)
    if score is None:
        return None
    return Back(_back_words(to_round), measure.value(score.mean_utility), measure.interval(score))


def _sentence(state: CampaignState, measure: Measure, rounds: tuple[RoundState, ...]) -> str:
    start, after = start_score(state), score_after(rounds[-1])
    assert start is not None and after is not None
    words = _(
        "{measure} was {before} at the start and is {after} after round {number}. {direction}. The numbers "
        "are in the table below."
    ).format(
        measure=measure.title,
        before=measure.show(start.mean_utility),
        after=measure.show(after.mean_utility),
        number=rounds[-1].number,
        direction=measure.direction,
    )
    jumps = [(now.number, now.starts_from) for now in state.rounds if now.starts_from is not None]
    if state.starts_from is not None:
        jumps.append((len(state.rounds) + 1, state.starts_from))
    for number, to_round in jumps:
        words += " " + _("Before round {number} the model went {back}.").format(
            number=number, back=_back_words(to_round)
        )
    return words


def closeness_line(state: CampaignState) -> list[float]:
    """Utilities of the base from the start on, for a small line that rises when things get better."""
    start = start_score(state)
    after = [score.mean_utility for score in map(score_after, state.rounds) if score is not None]
    return [start.mean_utility, *after] if start and after else []
