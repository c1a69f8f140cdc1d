"""What the journal says about guards is what selection goes by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from crowdsft.core.campaign import CampaignState, fold
from crowdsft.core.events import CandidateEvaluated, JudgeScore, SampleScore, WinnerSelected
from crowdsft.rounds.steps import select
from tests.core.campaigns import whole_campaign

RNG = np.random.default_rng(6)
BASE = RNG.standard_normal(50)
GAINS = (0.5, 1.0, -1.0)
ROWS = [BASE + gain + 0.05 * RNG.standard_normal(50) for gain in GAINS]


def evaluated(harmed: tuple[int, ...]) -> CampaignState:
    """A first round of three groups up to its evaluation: group B is best, then A; C is worse than the base."""
    events: list[Any] = []
    for event in whole_campaign(1, winners=(0,)):
        if isinstance(event, WinnerSelected):
            return fold(events)
        if isinstance(event, CandidateEvaluated):
            rows = BASE if event.group is None else ROWS[event.group]
            guard = JudgeScore(
                "likelihood", 0.0, True, 1.0, 9, -1.0, 0.1, 0.0, 0.0, 0.1, event.group in harmed
            )
            score = _with_rows(event.selection, rows)
            event = replace(event, selection=score, likelihood=-1.0, judged=(guard,))
        events.append(event)
    raise AssertionError("no winner was selected")


def _with_rows(score: SampleScore, rows: Any) -> SampleScore:
    return replace(score, utilities=tuple(map(float, rows)))


@pytest.mark.parametrize(
    ("harmed", "expected"),
    [
        ((), (1, "improved", ())),
        ((1,), (0, "improved", (1,))),
        ((0, 1), (None, "guarded", (0, 1))),
        ((2,), (1, "improved", ())),
    ],
)
def test_who_fell_behind_where_a_guard_looks_cannot_win(harmed: tuple[int, ...], expected: Any) -> None:
    nothing: Any = None
    (event,) = select(evaluated(harmed), nothing, nothing)
    assert isinstance(event, WinnerSelected)
    assert (event.winner, event.outcome, event.barred) == expected
