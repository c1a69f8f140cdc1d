"""The comparison of credit with retraining: worlds, truth, methods and the page, in a world of seconds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the [train] extra")
pytest.importorskip("matplotlib", reason="figures need the [experiments] extra")

from crowdsft.core.valuation.exact import exact_values
from crowdsft.experiments import retrain_shapley as experiment
from crowdsft.experiments.retrain_shapley_methods import METHODS, random_groups, split
from crowdsft.experiments.retrain_shapley_truth import gains, kept_table
from crowdsft.experiments.retrain_shapley_worlds import (
    CONTRIBUTORS,
    PRACTICE,
    REPORTED,
    expert_answers,
    rows_of,
)
from crowdsft.training.group_shapley import MinusLoss, group_shapley
from crowdsft.training.models import LoadedModel, load_model

pytestmark = pytest.mark.train
SMALL = replace(PRACTICE[0], name="small", rows=2)


@pytest.fixture(scope="module")
def base() -> LoadedModel:
    return load_model("builtin:tiny")


def test_ten_worlds_of_eight_with_all_kinds_of_contributors_and_none_of_them_practised_on() -> None:
    assert len(REPORTED) >= 10
    assert len({world.name for world in (*REPORTED, *PRACTICE)}) == len(REPORTED) + len(PRACTICE)
    assert len({world.seed for world in (*REPORTED, *PRACTICE)}) == len(REPORTED) + len(PRACTICE)
    assert all(len(world.seats) == CONTRIBUTORS for world in REPORTED)
    roles = {seat.role for world in REPORTED for seat in world.seats}
    assert roles == {"helpful", "middling", "specialist", "useless", "harmful", "twin"}


@pytest.mark.parametrize("world", REPORTED, ids=lambda world: world.name)
def test_twins_hand_in_the_same_rows_and_experts_never_repeat_contributors(world) -> None:
    rows = rows_of(world)
    for seat, mine in zip(world.seats, rows, strict=True):
        assert len(mine) == world.rows
        if seat.copies is not None:
            assert [row.response for row in mine] == [row.response for row in rows[seat.copies]]
    assert len({row.contributor for mine in rows for row in mine}) == CONTRIBUTORS
    assert expert_answers(world) == expert_answers(world)


def test_a_coalition_is_worth_what_training_on_its_rows_alone_gains(base: LoadedModel) -> None:
    coalitions = np.array([[True] * 8, [False, True, True, False, False, False, False, False]])
    together = gains(base, SMALL, coalitions, seeds=[3, 4])
    assert gains(base, SMALL, coalitions[1:], seeds=[4]) == pytest.approx(together[1:], abs=1e-5)
    assert together[0] != pytest.approx(together[1], abs=1e-4)


def test_a_table_is_made_once(base: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def table(*_: object, seed: int, progress: object) -> np.ndarray:
        made.append(seed)
        return np.arange(256.0)

    monkeypatch.setattr("crowdsft.experiments.retrain_shapley_truth.retrained_table", table)
    first, again = (kept_table(tmp_path, base, SMALL, seed=1) for _ in range(2))
    assert (first == again).all()
    assert made == [1]
    kept_table(tmp_path, base, replace(SMALL, rows=3), seed=1)
    assert made == [1, 1]  # another world under the same name is not taken for this one


def test_the_split_keeps_each_groups_value(base: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    valued = []

    def remembered(*arguments: object, **options: object) -> object:
        valued.append(group_shapley(*arguments, **options))  # type: ignore[arg-type]
        return valued[-1]

    monkeypatch.setattr("crowdsft.experiments.retrain_shapley_methods.group_shapley", remembered)
    values = split(base, SMALL, 1)
    sums = [values[list(part)].sum() for part in random_groups(SMALL, 1, 0)]
    assert sums == pytest.approx(valued[0].values, abs=1e-9)
    assert MinusLoss(expert_answers(SMALL))(base) < 0


def test_the_page_tells_what_was_found_and_nothing_is_done_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = np.random.default_rng(0).normal(size=256)
    table[0] = 0.0
    monkeypatch.setattr(experiment, "kept_table", lambda *_, **__: table)
    monkeypatch.setattr(experiment, "REPORTED", (SMALL,))
    methods = tuple(method for method in METHODS if method.key in ("in_run", "in_run_groups", "solo"))
    summary = experiment.run_retrain_shapley(tmp_path, quick=True, methods=methods)
    (world,) = summary["worlds"]
    assert np.array(world["truths"][0]) == pytest.approx(exact_values(table, 8))
    assert len(world["found"]) == 3
    assert set(summary["methods"]) == {"in_run", "in_run_groups", "solo"}
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "small" in page
    assert f"{summary['methods']['solo']['spearman_mean']:.3f}" in page
    assert (tmp_path / "credit.png").stat().st_size > 10_000
    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "methods").iterdir()}
    again = experiment.run_retrain_shapley(tmp_path, quick=True, methods=methods)
    assert json.dumps(again["methods"]) == json.dumps(summary["methods"])
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "methods").iterdir()} == kept
