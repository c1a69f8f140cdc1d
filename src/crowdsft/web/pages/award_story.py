"""Why somebody got the points they got: the group first, then the person, then the doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.events import Appraised
from crowdsft.core.given_up import given_up_rounds
from crowdsft.core.rewards.base import Award
from crowdsft.web.charts import RangeData
from crowdsft.web.pages import credit_story, kept_story
from crowdsft.web.pages.measure import Change, Measure, group_letter, group_of, measure_of, model_name
from crowdsft.web.pages.rounds_story import is_too_close
from crowdsft.web.pages.wording import listed, ordinal, points_shown
from crowdsft.web.saying import decimal, whole

GROUP_RULES = {
    "rank": _lazy(
        "The rule here is rank: points follow the rank of the group: the best group has the largest part, "
        "the last one the smallest. Inside a group, points follow contributions."
    ),
    "marginal": _lazy(
        "The rule here is marginal: points follow the group's gain over its base; a group that did not "
        "come closer has none. Inside a group, points follow contributions."
    ),
}
NO_RANGE = {
    "rank": _lazy(
        "There is no range here: in this campaign points follow the rank of the group: the best group has "
        "the largest part, the last one the smallest. Inside a group, everybody earns by the share of "
        "contributions; what each added is not estimated."
    ),
    "marginal": _lazy(
        "There is no range here: in this campaign points follow the group's gain over its base; a group "
        "that did not come closer has none. Inside a group, everybody earns by the share of contributions; "
        "what each added is not estimated."
    ),
}
LATER_DOUBT = _lazy("Nothing is lost: how the points are split then still counts your work in this round.")


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
        is_given_up: Whether the base was rolled back to before the round.
    """

    round_number: int
    points: int
    group: tuple[str, ...]
    person: tuple[str, ...]
    doubt: str
    estimate: RangeData | None
    steps: tuple[str, ...]
    is_carried: bool
    is_given_up: bool


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
        group=(
            *_group_words(state, current, contributor),
            *kept_story.kept_words(state, current, contributor),
        ),
        person=_later_words(current) if is_paid_later else _person_words(state, current, award, before),
        doubt=str(LATER_DOUBT) if is_paid_later else _doubt_words(state, current, award),
        estimate=None if is_paid_later else _range(award, before),
        steps=_steps(state, current, award, contributor),
        is_carried=is_carried,
        is_given_up=current.number in given_up_rounds(state),
    )


def own_award(awards: Sequence[Award], contributor: str) -> Award:
    """The contributor's award of a settlement; one of 0 points for somebody it does not name."""
    return next((award for award in awards if award.contributor == contributor), Award(contributor, 0))


def history_rows(state: CampaignState, contributor: str) -> list[HistoryRow]:
    """The contributor's rounds since the first one taken part in, and the end; newest first."""
    rows: list[HistoryRow] = []
    balance, given_up = 0, given_up_rounds(state)
    for current in state.rounds:
        if current.points is None:
            continue
        points = own_award(current.points.awards, contributor).points
        balance += points
        if rows or points or group_of(current, contributor) is not None:
            words = _history_words(state, current, contributor)
            if current.number in given_up:
                words = _("{what}; rolled back since").format(what=words)
            rows.append(HistoryRow(current.number, words, points, balance))
    closing = own_award(state.closing_awards or (), contributor).points
    if closing:
        rows.append(HistoryRow(None, _("Paid at the end: what was kept back"), closing, balance + closing))
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
        return (_("You took no part in round {number}.").format(number=current.number),)
    change = _change(state, current, own)
    letter, groups = group_letter(own), len(current.groups)
    if current.winner is None:
        return (
            _no_winner_words(current),
            _no_winner_change(change).format(letter=letter, change=change.words),
        )
    parts = {"letter": letter, "change": change.words}
    if own == current.winner:
        return (_won_words(change).format(**parts),)
    place = ordinal(place_of(current, own))
    return (
        _came_words(current, own, change).format(**parts, place=place, groups=groups),
        _("{model} won.").format(model=model_name(current, current.winner, is_first_word=True)),
    )


def _no_winner_change(change: Change) -> str:
    if change.direction == "same":
        return _("In this sample your group, group {letter}, made no difference.")
    return _("In this sample your group, group {letter}, came out {change}.")


def _won_words(change: Change) -> str:
    if change.direction == "better":
        return _(
            "Your group, group {letter}, moved the model {change} to the target. It won: its copy is the "
            "model of the next round."
        )
    return _(
        "Your group, group {letter}, moved the model {change} from the target. It won: its copy is the "
        "model of the next round."
    )


def _came_words(current: RoundState, group: int, change: Change) -> str:
    report = current.evaluations[group].report
    if abs(report.gain) <= 2 * report.gain_error:
        return _(
            "Your group, group {letter}, changed the model too little to tell ({change}) and came {place} "
            "of {groups}."
        )
    if change.direction == "better":
        return _(
            "Your group, group {letter}, moved the model {change} to the target and came {place} of {groups}."
        )
    return _(
        "Your group, group {letter}, moved the model {change} from the target and came {place} of {groups}."
    )


def _no_winner_words(current: RoundState) -> str:
    if is_too_close(current):
        return _("This round has no clear winner: the candidates were too close to the base model to tell.")
    return _("This round has no winner: no candidate came closer than the base model.")


def _later_words(current: RoundState) -> tuple[str, ...]:
    assert current.points is not None
    carried = ngettext(
        "So {points} point is carried over.", "So {points} points are carried over.", current.points.carry
    )
    return (
        carried.format(points=whole(current.points.carry)),
        _("They are paid together with the next round that has a clear winner."),
    )


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
        together = ngettext(
            "The points of rounds {rounds} are paid together. Your parts of them add up to {points} point.",
            "The points of rounds {rounds} are paid together. Your parts of them add up to {points} points.",
            award.points,
        )
        return (together.format(rounds=rounds, points=whole(award.points)),)
    if own is None and not award.points:
        return (_("So there are no points in it for you."),)
    if own is None:
        paid = ngettext("We paid you {points} point.", "We paid you {points} points.", award.points)
        return (paid.format(points=whole(award.points)),)
    if credit_story.is_credited(current):
        return credit_story.own_part_words(current, own, award.contributor, points=award.points)
    if current.kept is not None:
        return kept_story.part_words(
            current, award.contributor, points=award.points, budget=_budget(state, current)
        )
    assert current.points is not None
    members = set(current.groups[own])
    total = sum(entry.points for entry in current.points.awards if entry.contributor in members)
    budget = _budget(state, current)
    if total == 0:
        none = _(
            "By this campaign's rule your group has no part of the round's {budget} points, so we paid 0."
        )
        return (none.format(budget=whole(budget)),)
    share = current.candidates[own].weights[current.groups[own].index(award.contributor)]
    return (
        _("That earned the group {total} of the round's {budget} points.").format(
            total=whole(total), budget=whole(budget)
        ),
        _("You gave {share} % of the group's contributions, so we paid you {points}.").format(
            share=round(100 * share), points=whole(award.points)
        ),
    )


def _estimate_words(award: Award, before: int, *, has_escrow: bool) -> tuple[str, ...]:
    assert award.estimate is not None
    likely = points_shown(award.estimate)
    if award.low is not None and award.high is not None and round(award.low) < round(award.high):
        worth = _(
            "Your own work so far is worth between {low} and {high} points, most likely {likely}."
        ).format(low=points_shown(award.low), high=points_shown(award.high), likely=likely)
    else:
        worth = _("Your own work so far is worth about {likely} points.").format(likely=likely)
    parts = {"points": whole(award.points), "before": whole(before)}
    if award.estimate < 0:
        below = _("An estimate below zero is shown, but points are never taken away: we paid {points}.")
        return (worth, below.format(**parts))
    return (worth, _paid_words(award, before, has_escrow=has_escrow).format(**parts))


def _paid_words(award: Award, before: int, *, has_escrow: bool) -> str:
    assert award.estimate is not None
    if has_escrow and award.estimate > before + award.points + 0.5:
        if award.points == 0:
            return _("No more of it is sure enough to be paid now. It is kept back, not lost.")
        if before:
            return _(
                "You had {before} from earlier rounds, so we paid {points} now, which is the part that is "
                "sure. The rest is kept back."
            )
        return _("We paid {points} now, which is the part that is sure. The rest is kept back.")
    if before:
        return _("You had {before} from earlier rounds, so we paid {points} now.")
    return _("We paid {points}.")


def _doubt_words(state: CampaignState, current: RoundState, award: Award) -> str:
    if award.estimate is None:
        if credit_story.is_credited(current):
            return credit_story.doubt_words()
        return str(NO_RANGE.get(state.plan.points.policy, ""))
    if award.low is None or award.high is None or _everybody_counts_the_same(current):
        return _(
            "So far the rounds do not tell contributors apart, so everybody counts about the same. "
            "Each further round puts you with other people and shows more clearly what you add."
        )
    decided = sum(1 for other in state.rounds if other.number <= current.number and other.points)
    if award.high - award.low > 0.5 * max(1.0, abs(award.estimate)):
        return ngettext(
            "The range is wide because one round says little. Each round puts you with other people and "
            "shows more clearly what you add.",
            "The range is wide because {count} rounds are still few. Each round puts you with other people "
            "and shows more clearly what you add.",
            decided,
        ).format(count=decided)
    return ngettext(
        "The range is narrow: {count} round with changing groups has shown well what you add.",
        "The range is narrow: {count} rounds with changing groups have shown well what you add.",
        decided,
    ).format(count=decided)


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
    sentence = _(
        "Your work so far: most likely {likely} points, between {low} and {high}. Paid so far: {paid}."
    ).format(
        likely=points_shown(award.estimate),
        low=points_shown(award.low),
        high=points_shown(award.high),
        paid=whole(paid),
    )
    return RangeData(award.low, award.high, award.estimate, paid, sentence)


def _steps(state: CampaignState, current: RoundState, award: Award, contributor: str) -> tuple[str, ...]:
    assert current.points is not None
    measure, groups = measure_of(state.plan), len(current.groups)
    samples = state.plan.evaluation.report_samples
    trained = ngettext(
        "{count} group trained a candidate each, all from the same base. Every candidate, and the base, gave "
        "{samples} answers to the same prompts.",
        "{count} groups trained a candidate each, all from the same base. Every candidate, and the base, "
        "gave {samples} answers to the same prompts.",
        groups,
    )
    steps = [trained.format(count=whole(groups), samples=whole(samples))]
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
        _(
            "Parts become whole points that add up to exactly {budget} points for each round. Every "
            "payment is an entry of the ledger that nobody can change later."
        ).format(budget=whole(_budget(state, current)))
    )
    return tuple(steps)


def _repeated_words(current: RoundState, contributor: str) -> list[str]:
    """What counts for somebody else, because they wrote nearly the same before."""
    mine = [ref for ref in current.contributions or () if ref.contributor == contributor]
    repeated = sum(1 for ref in mine if ref.author)
    if not repeated:
        return []
    words = ngettext(
        "{count} of your {all} contributions counts for whoever handed in nearly the same text before.",
        "{count} of your {all} contributions count for whoever handed in nearly the same text before.",
        repeated,
    )
    return [words.format(count=whole(repeated), all=whole(len(mine)))]


def _worth_words(state: CampaignState, current: RoundState, worth: Appraised) -> str:
    """How points by group compare with the contributor's Shapley value."""
    paid = _balance_before(state, current, worth.contributor)
    paid += own_award(current.points.awards if current.points else (), worth.contributor).points
    return _(
        "For comparison: by Shapley value your work up to here is worth about {worth} points, between "
        "{low} and {high}. You have been paid {paid}."
    ).format(
        worth=points_shown(worth.worth),
        low=points_shown(worth.low),
        high=points_shown(worth.high),
        paid=whole(paid),
    )


def _measured_words(current: RoundState, own: int, measure: Measure) -> str:
    base, report = current.base_evaluation, current.evaluations[own].report
    assert base is not None
    low, high = measure.interval(report)
    return _(
        "Group {letter}: {measure} {before} became {after}, with an interval from {low} to {high}."
    ).format(
        letter=group_letter(own),
        measure=measure.noun,
        before=measure.show(base.report.mean_utility),
        after=measure.show(report.mean_utility),
        low=decimal(low, 3),
        high=decimal(high, 3),
    )


def _rule_words(state: CampaignState, award: Award) -> str:
    policy = state.plan.points.policy
    if policy == credit_story.POLICY:
        return credit_story.rule_words()
    if policy in GROUP_RULES:
        return str(GROUP_RULES[policy])
    return _(
        "All rounds together show whose presence makes a group better, and by how much. That is your part. "
        "What is not sure yet is kept back and paid at the latest when the campaign ends."
    )


def _history_words(state: CampaignState, current: RoundState, contributor: str) -> str:
    assert current.points is not None
    own = group_of(current, contributor)
    award = own_award(current.points.awards, contributor)
    if current.winner is None and current.points.carry and not award.points:
        return _("No clear winner, points carried over")
    if own is None:
        return _("You took no part")
    parts = {"letter": group_letter(own), "change": _change(state, current, own).words}
    if own == current.winner:
        words = _("Group {letter} won, {change}").format(**parts)
    elif current.winner is None:
        words = _("No clear winner; you were in group {letter}").format(**parts)
    else:
        place = ordinal(place_of(current, own))
        words = _("Group {letter} came {place} of {groups}").format(
            **parts, place=place, groups=len(current.groups)
        )
    if len(award.for_rounds) > 1 and award.points:
        rounds = listed([str(number) for number in award.for_rounds])
        return _("{what}; paid for rounds {rounds}").format(what=words, rounds=rounds)
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
