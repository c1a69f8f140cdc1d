"""How the judges decided a round, in a sentence; nothing where the distance to the target decides alone."""

from __future__ import annotations

from dataclasses import dataclass

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.events import CandidateEvaluated, JudgeScore
from crowdsft.web.pages.measure import group_letter
from crowdsft.web.pages.wording import listed, number

ROUNDS_TOLD = 20

JUDGE_WORDS = {
    "embedding": "closeness to the target",
    "likelihood": "likelihood of expert answers",
    "reward_model": "reward model",
    "llm": "language model",
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
        f"group {group_letter(group)} fell behind {_harm(current.evaluations[group])}" for group in barred
    ]
    if winner is None:
        if held:
            return f"The base was kept, because no group that was better may win: {listed(held)}."
        return f"The base was kept: no group was better beyond noise by {_who_counts(current)}."
    gains = [_gain(score) for score in current.evaluations[winner].judged if score.weight > 0]
    reason = f"Group {group_letter(winner)} won, against the base, by {listed(gains)}"
    return f"{reason}; {listed(held)} and could not win." if held else f"{reason}."


def _gain(score: JudgeScore) -> str:
    share = f" (weight {100 * score.weight:.0f}\N{NO-BREAK SPACE}%)" if score.weight < 1 else ""
    words = f"{_signed(score.selection_gain)} ± {number(score.selection_error)}"
    return f"{words} on the {JUDGE_WORDS.get(score.judge, score.judge)}{share}"


def _harm(evaluation: CandidateEvaluated) -> str:
    return listed(
        [
            f"on the {JUDGE_WORDS.get(score.judge, score.judge)} by {number(abs(score.selection_gain))} ± "
            f"{number(score.selection_error)}"
            for score in evaluation.judged
            if score.is_harmed
        ]
    )


def _who_counts(current: RoundState) -> str:
    scores = current.evaluations[0].judged
    return listed(
        [f"the {JUDGE_WORDS.get(score.judge, score.judge)}" for score in scores if score.weight > 0]
    )


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else '−'}{number(abs(value))}"
