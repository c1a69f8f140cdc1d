"""Several judges together: units, guards and the score that goes on from round to round."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crowdsft.core.errors import EvaluationError
from crowdsft.core.settings.judging import JudgingSection
from crowdsft.judging import Case, EmbeddingJudge
from crowdsft.rounds.panel import Panel, split_pairs
from tests.judging.cases import case

RNG = np.random.default_rng(3)
BASE = [f"I wonder what number {number} is." for number in range(10)]
JOY = [f"Life is sweet and I danced in the park, {number} times." for number in range(10)]


@dataclass(frozen=True, slots=True)
class Says:
    """A judge who says what it was made to say."""

    rows: Any

    def utilities(self, case: Case) -> list[Any]:
        return list(self.rows)


def panel(rows: Any, *, guards: tuple[str, ...] = (), scales: Any = None, level: float = 0.0) -> Panel:
    weights = {"embedding": 1.0} if "reward_model" in guards else {"embedding": 0.5, "reward_model": 0.5}
    settings = JudgingSection(weights=weights, guards=guards)
    return Panel(settings, {"embedding": EmbeddingJudge(), "reward_model": Says(rows)}, scales or {}, level)


def test_one_judge_leaves_distances_as_they_are(tmp_path: Path) -> None:
    alone = Panel(JudgingSection(), {"embedding": EmbeddingJudge()}, {}, 5.0)
    asked = case([BASE, JOY], tmp_path)
    opinions = alone.opinions(asked)
    rows = alone.utilities(opinions, alone.units(opinions))
    expected = [asked.distance.utility(values, asked.target) for values in asked.embeddings]
    np.testing.assert_allclose(rows, expected, atol=1e-9)
    assert alone.scores(opinions, opinions, alone.units(opinions)) == [(), ()]


def test_the_base_has_the_score_that_the_rounds_before_left(tmp_path: Path) -> None:
    found = panel(RNG.standard_normal((2, 10)), level=1.5)
    opinions = found.opinions(case([BASE, JOY], tmp_path))
    rows = found.utilities(opinions, found.units(opinions))
    assert rows[0].mean() == pytest.approx(1.5)


def test_units_of_the_first_round_are_kept(tmp_path: Path) -> None:
    found = panel(RNG.standard_normal((2, 10)), scales={"embedding": 0.4, "reward_model": 7.0})
    opinions = found.opinions(case([BASE, JOY], tmp_path))
    assert found.units(opinions) == {"embedding": 0.4, "reward_model": 7.0}


def test_a_guard_beyond_noise_harms_and_noise_does_not(tmp_path: Path) -> None:
    base = RNG.standard_normal(40)
    noise = 0.1 * RNG.standard_normal((2, 40))
    noise -= noise.mean(axis=1, keepdims=True)
    found = panel(np.stack([base, base - 0.5 + noise[0], base - 0.001 + noise[1]]), guards=("reward_model",))
    opinions = found.opinions(case([BASE, JOY, JOY], tmp_path))
    harmed = [
        [score.is_harmed for score in scores]
        for scores in found.scores(opinions, opinions, found.units(opinions))
    ]
    assert harmed == [[False, False], [False, True], [False, False]]
    rows = found.utilities(opinions, found.units(opinions))
    np.testing.assert_array_equal(rows, opinions["embedding"])


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (np.ones((1, 10)), "every one of 2 models"),
        (np.ones((2, 1)), "at least two"),
        ([np.ones(3), np.ones(4)], "same number of rows"),
        (np.full((2, 10), np.nan), "not a finite number"),
    ],
)
def test_a_judge_that_breaks_the_law_is_named(rows: Any, problem: str, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=problem):
        panel(rows).opinions(case([BASE, JOY], tmp_path))


def test_no_expert_answer_both_chooses_and_reports() -> None:
    pairs = [("p", str(number)) for number in range(5)]
    selection, reporting = split_pairs(pairs, "selection"), split_pairs(pairs, "reporting")
    assert sorted(selection + reporting) == pairs
    assert len(selection) == 3 and len(reporting) == 2
