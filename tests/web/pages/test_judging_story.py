"""The sentence that says how judges decided a round."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crowdsft.core.campaign import CampaignState, fold
from crowdsft.core.events import CandidateEvaluated, JudgeScore, WinnerSelected
from crowdsft.web.pages.judging_story import judging_story
from crowdsft.web.pages.rounds_story import why_base_stayed
from tests.core.campaigns import whole_campaign


def score(judge: str, gain: float, *, weight: float, harmed: bool = False) -> JudgeScore:
    return JudgeScore(judge, weight, weight == 0, 1.0, 16, gain, 0.012, 0.0, gain, 0.012, harmed)


def told(harmed: tuple[int, ...] = (), **selected: Any) -> CampaignState:
    """One round of three groups, judged by a reward model and a language model and guarded by likelihood."""
    events: list[Any] = []
    for event in whole_campaign(1, winners=(0,)):
        if isinstance(event, CandidateEvaluated):
            judged = (
                score(
                    "likelihood",
                    -0.5 if event.group in harmed else 0.1,
                    weight=0.0,
                    harmed=event.group in harmed,
                ),
                score("reward_model", 0.82, weight=0.75),
                score("llm", 0.3, weight=0.25),
            )
            event = replace(event, judged=judged)
        if isinstance(event, WinnerSelected):
            event = replace(event, **selected)
        events.append(event)
    return fold(events)


def test_who_won_by_whose_judgement_and_whom_a_guard_held_back() -> None:
    (row,) = judging_story(told(harmed=(2,), barred=(2,)))
    assert row.number == 1
    assert row.sentence.replace("\N{NO-BREAK SPACE}", " ") == (
        "Group A won, against the base, by +0.820 ± 0.012 on the reward model (weight 75 %) and +0.300 ± 0.012 on the "
        "language model (weight 25 %); group C fell behind on the likelihood of expert answers by 0.500 ± 0.012 and "
        "could not win."
    )


def test_why_the_base_was_kept() -> None:
    kept = told(winner=None, outcome="no_improvement")
    assert judging_story(kept)[0].sentence.endswith("by the reward model and the language model.")
    guarded = told(harmed=(0, 1), winner=None, outcome="guarded", barred=(0, 1))
    sentence = judging_story(guarded)[0].sentence
    assert "no group that was better may win: group A fell behind" in sentence and "group B" in sentence
    assert why_base_stayed(guarded.current) == "held back by a guard"


def test_nothing_is_told_where_the_distance_decides_alone() -> None:
    assert judging_story(fold(whole_campaign(2))) == []
