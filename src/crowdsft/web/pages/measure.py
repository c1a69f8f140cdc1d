"""How a campaign's utility is shown to people: as a distance where it is one, always with its direction.

Inside, higher is better; the distances l2 and l1 were negated once, in the evaluation, and are turned back
here, once, for reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.events import SampleScore
from crowdsft.core.settings import CampaignSettings
from crowdsft.web.pages.wording import number, per_cent

Direction = Literal["better", "worse", "same"]


@dataclass(frozen=True, slots=True)
class Change:
    """A difference in words ("12.0 % closer") and whether it is for the better."""

    words: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class Measure:
    """The words and signs of one campaign's evaluation; a score is what several judges say together."""

    is_distance: bool
    is_score: bool = False

    @property
    def name(self) -> str:
        """What the numbers are called."""
        return _("Score") if self.is_score else _("Distance") if self.is_distance else _("Closeness")

    @property
    def noun(self) -> str:
        """The same inside a sentence."""
        if self.is_score:
            return pgettext("in a sentence", "score")
        return (
            pgettext("in a sentence", "distance")
            if self.is_distance
            else pgettext("in a sentence", "closeness")
        )

    @property
    def title(self) -> str:
        """What the chart shows."""
        if self.is_score:
            return _("Score by the judges")
        return _("Distance to the target") if self.is_distance else _("Closeness to the target")

    @property
    def direction(self) -> str:
        """Which way is good."""
        return _("Lower is better") if self.is_distance else _("Higher is better")

    def value(self, utility: float) -> float:
        """What is shown for a utility."""
        return -utility if self.is_distance else utility

    def show(self, utility: float) -> str:
        """The shown value with three digits that matter."""
        return number(self.value(utility))

    def interval(self, score: SampleScore) -> tuple[float, float]:
        """The shown interval, lower end first."""
        low, high = sorted((self.value(score.low), self.value(score.high)))
        return low, high

    def change(self, base: float, utility: float) -> Change:
        """From the utility of the base to that of a candidate."""
        if self.is_distance:
            return self._distance_change(-base, -utility)
        gain = utility - base
        if self.is_score:
            words = _("{amount} better") if gain >= 0 else _("{amount} worse")
        else:
            words = _("{amount} closer") if gain >= 0 else _("{amount} further away")
        return Change(words.format(amount=number(abs(gain))), _direction(gain))

    def _distance_change(self, before: float, after: float) -> Change:
        if before <= 0:
            return Change(_("no change"), "same") if after <= 0 else Change(_("further away"), "worse")
        percent = 100.0 * (before - after) / before
        if abs(percent) < 0.05:
            return Change(_("no change"), "same")
        words = _("{amount} closer") if percent > 0 else _("{amount} further away")
        return Change(words.format(amount=per_cent(abs(percent), 1)), _direction(percent))


def measure_of(settings: CampaignSettings) -> Measure:
    """The measure of a campaign: a distance for l2 and l1, a closeness for the inner product, a score by judges."""
    if not settings.judging.is_distance:
        return Measure(is_distance=False, is_score=True)
    return Measure(is_distance=settings.evaluation.distance != "dot")


def group_letter(group: int) -> str:
    """A, B, ... Z, AA, AB, ... for group 0, 1, ..."""
    letters = ""
    rest = group + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


def model_name(current: RoundState, number: int, *, is_first_word: bool = False) -> str:
    """What a contender of a round is called, inside a sentence or as its first word: a group, or a merge of them."""
    if number < len(current.groups):
        words = _("Group {letter}") if is_first_word else _("group {letter}")
        return words.format(letter=group_letter(number))
    if current.merges[number - len(current.groups)].kind == "mean":
        return _("The mean of the groups") if is_first_word else _("the mean of the groups")
    return _("The groups merged by value") if is_first_word else _("the groups merged by value")


def group_of(current: RoundState, contributor: str | None) -> int | None:
    """The contributor's group in a round, or None."""
    if contributor is None:
        return None
    return next((index for index, group in enumerate(current.groups) if contributor in group), None)


def score_after(current: RoundState) -> SampleScore | None:
    """How the model that leaves the round did: the winner's report, or the base's when the base stayed."""
    if current.selected is None or current.base_evaluation is None:
        return None
    return None if current.left is None else current.left.report


def start_score(state: CampaignState) -> SampleScore | None:
    """How the first base did, as measured in round 1."""
    first = state.rounds[0].base_evaluation if state.rounds else None
    return first.report if first else None


def latest_score(state: CampaignState) -> SampleScore | None:
    """How the current base did when it was last measured; after a rollback, that of the earlier round."""
    if state.rounds and not state.current.finished and state.current.selected is not None:
        return score_after(state.current)
    left_by = next((past for past in state.rounds if past.number == state.base_round), None)
    return start_score(state) if left_by is None else score_after(left_by)


def share_of_the_way(state: CampaignState) -> tuple[str, int] | None:
    """How far the model has come, in whole per cent, and of what; None before the first measurement.

    The whole way is from the start to what the expert answers themselves have; without experts, a distance
    has its end at 0, and an inner product or a score by judges has none.
    """
    start, now = start_score(state), latest_score(state)
    if start is None or now is None or state.target is None or measure_of(state.plan).is_score:
        return None
    expert = state.target.expert_utility
    if expert is None and not measure_of(state.plan).is_distance:
        return None
    end = 0.0 if expert is None else expert
    whole = end - start.mean_utility
    if whole <= 0:
        return None
    share = max(0, min(100, round(100 * (now.mean_utility - start.mean_utility) / whole)))
    return (_("Of the way to expert answers") if expert is not None else _("Of the way to the target"), share)


def _direction(gain: float) -> Direction:
    return "better" if gain > 0 else "worse" if gain < 0 else "same"
