"""How the judges decided a round, in a sentence; nothing where the distance to the target decides alone."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.events import CandidateEvaluated, JudgeScore
from crowdsft.web.pages.measure import model_name
from crowdsft.web.pages.wording import listed, number, per_cent

ROUNDS_TOLD = 20

JUDGE_WORDS = {
    "embedding": pgettext_lazy("judge", "closeness to the target"),
    "likelihood": pgettext_lazy("judge", "likelihood of expert answers"),
    "reward_model": pgettext_lazy("judge", "reward model"),
    "llm": pgettext_lazy("judge", "language model"),
}


@dataclass(frozen=True, slots=True)
class JudgedRound:
    """One decided round and its sentence."""

    number: int
    sentence: str


def judging_story(state: CampaignState) -> list[JudgedRound]:
    """The newest rounds first."""
    told = [(current.number, judging_sentence(current)) for current in state.rounds[-ROUNDS_TOLD:]]
    return [JudgedRound(number, sentence) for number, sentence in reversed(told) if sentence]


def judging_sentence(current: RoundState) -> str | None:
    """Who won by whose judgement, and whom a guard held back; None when there is nothing to tell.

    Gains are those that decided: of the selection sample, in each judge's own units, with one standard error.
    """
    if current.selected is None or not any(evaluation.judged for evaluation in current.evaluations):
        return None
    winner, barred = current.selected.winner, current.selected.barred
    held = [
        _("{model} fell behind {harm}").format(
            model=model_name(current, group), harm=_harm(current.contenders[group])
        )
        for group in barred
    ]
    if winner is None:
        if held:
            return _("The base was kept, because no group that was better may win: {held}.").format(
                held=listed(held)
            )
        return _("The base was kept: no group was better beyond noise by {judges}.").format(
            judges=_who_counts(current)
        )
    gains = [_gain(score) for score in current.contenders[winner].judged if score.weight > 0]
    parts = {"model": model_name(current, winner, is_first_word=True), "gains": listed(gains)}
    if held:
        return _("{model} won, against the base, by {gains}; {held} and could not win.").format(
            **parts, held=listed(held)
        )
    return _("{model} won, against the base, by {gains}.").format(**parts)


def _judge(score: JudgeScore) -> str:
    return str(JUDGE_WORDS.get(score.judge, score.judge))


def _gain(score: JudgeScore) -> str:
    parts = {
        "gain": _signed(score.selection_gain),
        "error": number(score.selection_error),
        "judge": _judge(score),
        "weight": per_cent(100 * score.weight),
    }
    if score.weight < 1:
        return _("{gain} ± {error} on the {judge} (weight {weight})").format(**parts)
    return _("{gain} ± {error} on the {judge}").format(**parts)


def _harm(evaluation: CandidateEvaluated) -> str:
    return listed(
        [
            _("on the {judge} by {loss} ± {error}").format(
                judge=_judge(score),
                loss=number(abs(score.selection_gain)),
                error=number(score.selection_error),
            )
            for score in evaluation.judged
            if score.is_harmed
        ]
    )


def _who_counts(current: RoundState) -> str:
    scores = current.evaluations[0].judged
    return listed([_("the {judge}").format(judge=_judge(score)) for score in scores if score.weight > 0])


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else '−'}{number(abs(value))}"
