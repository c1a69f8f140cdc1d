"""Why somebody got the points they got: the group first, then the person, then the doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.events import Appraised
from crowdsft.core.rewards.base import Award
from crowdsft.web.charts import RangeData
from crowdsft.web.pages import credit_story
from crowdsft.web.pages.measure import Change, Measure, group_letter, group_of, measure_of
from crowdsft.web.pages.rounds_story import why_base_stayed
from crowdsft.web.pages.wording import counted, listed, ordinal, points_shown

GROUP_RULES = {
    "rank": "points follow the rank of the group: the best group has the largest part, the last one the smallest",
    "marginal": "points follow the group's gain over its base; a group that did not come closer has none",
}

LATER_DOUBT = "Nothing is lost: how the points are split then still counts your work in this round."


@dataclass(frozen=True, slots=True)
class AwardStory:
    """One settlement for one contributor.

    Args:
        group: Sentences about the group.
        person: Sentences about the contributor's own part.
        doubt: How sure this is, and why.
        estimate: What a chart of the estimate shows, where the policy makes estimates.
        steps: How it is worked out, one sentence each.
        is_carried: Whether the round's points are carried over.
    """

    round_number: int
    points: int
    group: tuple[str, ...]
    person: tuple[str, ...]
    doubt: str
    estimate: RangeData | None
    steps: tuple[str, ...]
    is_carried: bool


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A line of the points table; `round_number` is None for what is paid at the very end."""

    round_number: int | None
    what: str
    points: int
    balance: int


def award_story(state: CampaignState, current: RoundState, contributor: str) -> AwardStory | None:
    """The story of a paid round, or None while it is not paid."""
    if current.points is None or current.selected is None:
        return None
    award = own_award(current.points.awards, contributor)
    before = _balance_before(state, current, contributor)
    is_carried = current.points.carry > 0 and current.winner is None
    is_paid_later = is_carried and award.points == 0
    return AwardStory(
        round_number=current.number,
        points=award.points,
        group=_group_words(state, current, contributor),
        person=_later_words(current) if is_paid_later else _person_words(state, current, award, before),
        doubt=LATER_DOUBT if is_paid_later else _doubt_words(state, current, award),
        estimate=None if is_paid_later else _range(award, before),
        steps=_steps(state, current, award, contributor),
        is_carried=is_carried,
    )


def own_award(awards: Sequence[Award], contributor: str) -> Award:
    """The contributor's award of a settlement; one of 0 points for somebody it does not name."""
    return next((award for award in awards if award.contributor == contributor), Award(contributor, 0))


def history_rows(state: CampaignState, contributor: str) -> list[HistoryRow]:
    """The contributor's rounds since the first one taken part in, and the end; newest first."""
    rows: list[HistoryRow] = []
    balance = 0
    for current in state.rounds:
        if current.points is None:
            continue
        points = own_award(current.points.awards, contributor).points
        balance += points
        if rows or points or group_of(current, contributor) is not None:
            rows.append(
                HistoryRow(current.number, _history_words(state, current, contributor), points, balance)
            )
    closing = own_award(state.closing_awards or (), contributor).points
    if closing:
        rows.append(HistoryRow(None, "Paid at the end: what was kept back", closing, balance + closing))
    return rows[::-1]


def place_of(current: RoundState, group: int) -> int:
    """The group's rank by what was reported, 1 is the best; the winner is first by definition."""
    if group == current.winner:
        return 1
    own = current.evaluations[group].report.mean_utility
    others = [
        index
        for index, evaluation in enumerate(current.evaluations)
        if index != group and (evaluation.report.mean_utility > own or index == current.winner)
    ]
    return 1 + len(others)


def _group_words(state: CampaignState, current: RoundState, contributor: str) -> tuple[str, ...]:
    own = group_of(current, contributor)
    if own is None:
        return (f"You took no part in round {current.number}.",)
    change = _change(state, current, own)
    letter, groups = group_letter(own), len(current.groups)
    if current.winner is None:
        return (
            _no_winner_words(current),
            f"Your group, group {letter}, came out {change.words} in this sample.",
        )
    moved = f"Your group, group {letter}, {_moved_words(current, own, change)}"
    if own == current.winner:
        return (f"{moved}. It won: its copy is the model of the next round.",)
    return (
        f"{moved} and came {ordinal(place_of(current, own))} of {groups}.",
        f"Group {group_letter(current.winner)} won.",
    )


def _moved_words(current: RoundState, group: int, change: Change) -> str:
    report = current.evaluations[group].report
    if group != current.winner and abs(report.gain) <= 2 * report.gain_error:
        return f"changed the model too little to tell ({change.words})"
    return f"moved the model {change.words} {'to' if change.direction == 'better' else 'from'} the target"


def _no_winner_words(current: RoundState) -> str:
    if why_base_stayed(current) == "too close to tell":
        return "This round has no clear winner: the candidates were too close to the base model to tell."
    return "This round has no winner: no candidate came closer than the base model."


def _later_words(current: RoundState) -> tuple[str, ...]:
    assert current.points is not None
    carried = f"So {current.points.carry:,} points are carried over."
    return (carried, "They are paid together with the next round that has a clear winner.")


def _person_words(state: CampaignState, current: RoundState, award: Award, before: int) -> tuple[str, ...]:
    if award.estimate is None:
        return _share_words(state, current, award)
    assert current.points is not None
    return _estimate_words(award, before, has_escrow=current.points.escrow > 0)


def _share_words(state: CampaignState, current: RoundState, award: Award) -> tuple[str, ...]:
    """For policies that pay by group, and within it by the share of training data."""
    own = group_of(current, award.contributor)
    several = [number for number in award.for_rounds if number != current.number]
    if several:
        rounds = listed([str(number) for number in award.for_rounds])
        return (
            f"The points of rounds {rounds} are paid together. Your parts of them add up to {award.points:,} points.",
        )
    if own is None:
        return (
            (f"We paid you {award.points:,} points.",)
            if award.points
            else ("So there are no points in it for you.",)
        )
    if credit_story.is_credited(current):
        return credit_story.own_part_words(current, own, award.contributor, points=award.points)
    assert current.points is not None
    members = set(current.groups[own])
    total = sum(entry.points for entry in current.points.awards if entry.contributor in members)
    budget = _budget(state, current)
    if total == 0:
        return (
            f"By this campaign's rule your group has no part of the round's {budget:,} points, so we paid 0.",
        )
    share = current.candidates[own].weights[current.groups[own].index(award.contributor)]
    return (
        f"That earned the group {total:,} of the round's {budget:,} points.",
        f"You gave {round(100 * share)} % of the group's contributions, so we paid you {award.points:,}.",
    )


def _estimate_words(award: Award, before: int, *, has_escrow: bool) -> tuple[str, ...]:
    assert award.estimate is not None
    likely = points_shown(award.estimate)
    if award.low is not None and award.high is not None and round(award.low) < round(award.high):
        between = f"between {points_shown(award.low)} and {points_shown(award.high)} points"
        worth = f"Your own work so far is worth {between}, most likely {likely}."
    else:
        worth = f"Your own work so far is worth about {likely} points."
    if award.estimate < 0:
        paid = f"we paid {award.points:,}."
        return (worth, f"An estimate below zero is shown, but points are never taken away: {paid}")
    had = f"You had {before:,} from earlier rounds, so we" if before else "We"
    if has_escrow and award.estimate > before + award.points + 0.5:
        if award.points == 0:
            return (worth, "No more of it is sure enough to be paid now. It is kept back, not lost.")
        return (
            worth,
            f"{had} paid {award.points:,} now, which is the part that is sure. The rest is kept back.",
        )
    return (worth, f"{had} paid {award.points:,}{' now' if before else ''}.")


def _doubt_words(state: CampaignState, current: RoundState, award: Award) -> str:
    if award.estimate is None:
        if credit_story.is_credited(current):
            return credit_story.doubt_words()
        rule = GROUP_RULES.get(state.plan.points.policy)
        if rule is None:
            return ""
        return (
            f"There is no range here: in this campaign {rule}. "
            "Inside a group, everybody earns by the share of contributions; what each added is not estimated."
        )
    if award.low is None or award.high is None or _everybody_counts_the_same(current):
        return (
            "So far the rounds do not tell contributors apart, so everybody counts about the same. "
            "Each further round puts you with other people and shows more clearly what you add."
        )
    decided = sum(1 for other in state.rounds if other.number <= current.number and other.points)
    if award.high - award.low > 0.5 * max(1.0, abs(award.estimate)):
        few = "one round says little" if decided == 1 else f"{counted(decided, 'round')} are still few"
        return (
            f"The range is wide because {few}. "
            "Each round puts you with other people and shows more clearly what you add."
        )
    return (
        f"The range is narrow: {counted(decided, 'round')} with changing groups have shown well what you add."
    )


def _everybody_counts_the_same(current: RoundState) -> bool:
    assert current.points is not None
    estimates = [award.estimate for award in current.points.awards if award.estimate is not None]
    return max(estimates) - min(estimates) < 1 + 0.02 * abs(sum(estimates)) / len(estimates)


def _range(award: Award, before: int) -> RangeData | None:
    if award.estimate is None or award.low is None or award.high is None:
        return None
    if round(award.low) == round(award.high):
        return None
    paid = before + award.points
    sentence = (
        f"Your work so far: most likely {points_shown(award.estimate)} points, between {points_shown(award.low)} "
        f"and {points_shown(award.high)}. Paid so far: {paid:,}."
    )
    return RangeData(award.low, award.high, award.estimate, paid, sentence)


def _steps(state: CampaignState, current: RoundState, award: Award, contributor: str) -> tuple[str, ...]:
    assert current.points is not None
    measure, groups = measure_of(state.plan), len(current.groups)
    samples = state.plan.evaluation.report_samples
    trained = f"{counted(groups, 'group')} trained a candidate each, all from the same base."
    steps = [f"{trained} Every candidate, and the base, gave {samples:,} answers to the same prompts."]
    own = group_of(current, contributor)
    if own is not None:
        steps.append(_measured_words(current, own, measure))
        steps += _repeated_words(current, contributor)
        if credit_story.is_credited(current):
            steps += credit_story.step_words(current, own, contributor)
    steps.append(_rule_words(state, award))
    worth = next((row for row in current.points.appraised if row.contributor == contributor), None)
    if worth is not None and award.estimate is None:
        steps.append(_worth_words(state, current, worth))
    steps.append(
        f"Parts become whole points that add up to exactly {_budget(state, current):,} points for each round. "
        "Every payment is an entry of the ledger that nobody can change later."
    )
    return tuple(steps)


def _repeated_words(current: RoundState, contributor: str) -> list[str]:
    """What counts for somebody else, because they wrote nearly the same before."""
    mine = [ref for ref in current.contributions or () if ref.contributor == contributor]
    repeated = sum(1 for ref in mine if ref.author)
    if not repeated:
        return []
    verb = "counts" if repeated == 1 else "count"
    contributions = counted(len(mine), "contribution")
    return [f"{repeated} of your {contributions} {verb} for whoever handed in nearly the same text before."]


def _worth_words(state: CampaignState, current: RoundState, worth: Appraised) -> str:
    """How points by group compare with the contributor's Shapley value."""
    paid = _balance_before(state, current, worth.contributor)
    paid += own_award(current.points.awards if current.points else (), worth.contributor).points
    return (
        f"For comparison: by Shapley value your work up to here is worth about {points_shown(worth.worth)} points, "
        f"between {points_shown(worth.low)} and {points_shown(worth.high)}. You have been paid {paid:,}."
    )


def _measured_words(current: RoundState, own: int, measure: Measure) -> str:
    base, report = current.base_evaluation, current.evaluations[own].report
    assert base is not None
    low, high = measure.interval(report)
    return (
        f"Group {group_letter(own)}: {measure.name.lower()} {measure.show(base.report.mean_utility)} became "
        f"{measure.show(report.mean_utility)}, with an interval from {low:.3f} to {high:.3f}."
    )


def _rule_words(state: CampaignState, award: Award) -> str:
    policy = state.plan.points.policy
    if policy == credit_story.POLICY:
        return credit_story.rule_words()
    if policy in GROUP_RULES:
        return (
            f"The rule here is {policy}: {GROUP_RULES[policy]}. Inside a group, points follow contributions."
        )
    estimated = (
        "All rounds together show whose presence makes a group better, and by how much. That is your part."
    )
    return f"{estimated} What is not sure yet is kept back and paid at the latest when the campaign ends."


def _history_words(state: CampaignState, current: RoundState, contributor: str) -> str:
    assert current.points is not None
    own = group_of(current, contributor)
    award = own_award(current.points.awards, contributor)
    if current.winner is None and current.points.carry and not award.points:
        return "No clear winner, points carried over"
    if own is None:
        return "You took no part"
    letter = f"Group {group_letter(own)}"
    if own == current.winner:
        words = f"{letter} won, {_change(state, current, own).words}"
    elif current.winner is None:
        words = f"No clear winner; you were in group {group_letter(own)}"
    else:
        words = f"{letter} came {ordinal(place_of(current, own))} of {len(current.groups)}"
    if len(award.for_rounds) > 1 and award.points:
        words += f"; paid for rounds {listed([str(number) for number in award.for_rounds])}"
    return words


def _change(state: CampaignState, current: RoundState, group: int) -> Change:
    base = current.base_evaluation
    assert base is not None
    return measure_of(state.plan).change(
        base.report.mean_utility, current.evaluations[group].report.mean_utility
    )


def _budget(state: CampaignState, current: RoundState) -> int:
    return state.plan.points.budget_per_round


def _balance_before(state: CampaignState, current: RoundState, contributor: str) -> int:
    return sum(
        own_award(earlier.points.awards, contributor).points
        for earlier in state.rounds
        if earlier.points is not None and earlier.number < current.number
    )
