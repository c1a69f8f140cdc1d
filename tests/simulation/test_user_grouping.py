"""The experiment on grouping: a small sweep from beginning to end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from crowdsft.core.errors import InputError
from crowdsft.experiments import user_grouping
from crowdsft.experiments.user_grouping import outcome_from_row, run_user_grouping, summarise
from crowdsft.experiments.user_grouping_published import Published, compare, read_published
from crowdsft.experiments.user_grouping_sweep import Cell, Outcome, all_cells, play_block, play_cell

VECTORS = np.random.default_rng(0).uniform(0, 5, size=(14, 6))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    rows = [f"u{i},{','.join(map(str, row))}" for i, row in enumerate(VECTORS)]
    (folder / user_grouping.VECTORS_FILE).write_text("\n".join(["id,a,b,c,d,e,f", *rows]))
    (folder / user_grouping.PUBLISHED_FILE).write_text(
        "grouping,evaluation,num_users,num_groups,pearson,final_distance\nrandom,l2_norm,10,3,0.5,4.0\n"
    )
    return folder


def outcome(**changes: object) -> Outcome:
    fields: dict[str, object] = {
        "cell": Cell(10, 3, "random", "l2"),
        "arm": "paper",
        "runs": 50,
        "pearson": 0.7,
        "pearson_deviation": 0.1,
        "spearman": 0.6,
        "spearman_least": 0.2,
        "high_share": 0.1,
        "kernel_pearson": 0.6,
        "kernel_pearson_deviation": 0.1,
        "distance": 4.2,
        "distance_deviation": 1.0,
        "floor": 2.0,
        "effective": 9.0,
        "path": (9.0, 4.2),
    }
    return Outcome(**{**fields, **changes})  # type: ignore[arg-type]


def test_the_papers_cells() -> None:
    cells = list(all_cells())
    assert len(set(cells)) == 180


def test_differences_are_in_standard_errors_of_the_difference() -> None:
    published = {Cell(10, 3, "random", "l2"): Published(pearson=0.5, distance=4.0)}
    [found] = compare(published, [outcome(), outcome(arm="ours"), outcome(cell=Cell(10, 2, "random", "l2"))])
    assert found.pearson_errors == pytest.approx(0.1 / 0.1 / np.sqrt(2 / 50))
    assert found.distance_errors == pytest.approx(0.2 / np.sqrt(2 / 50))
    assert found.largest == pytest.approx(5)
    [without] = compare(published, [outcome(kernel_pearson=None, kernel_pearson_deviation=None)])
    assert without.pearson_errors is None
    assert without.largest == without.distance_errors


def test_the_summary_counts_cells_and_compares_distances() -> None:
    published = {Cell(10, 3, "random", "l2"): Published(pearson=0.5, distance=4.0)}
    outcomes = [
        outcome(),
        outcome(arm="ours", distance=2.1),
        outcome(arm="weighted", distance=3.0, effective=2.0),
        outcome(cell=Cell(10, 3, "random", "dot"), distance=99.0, spearman_least=-0.3),
    ]
    summary = summarise(outcomes, compare(published, outcomes))
    assert summary["arms"]["paper"]["cells"] == 2
    assert summary["arms"]["paper"]["spearman_least"] == -0.3
    assert summary["distances"]["ratio_to_paper"] == {
        "ours": pytest.approx(0.5),
        "weighted": pytest.approx(3 / 4.2),
    }
    assert summary["distances"]["floor_ratio_to_paper"] == pytest.approx(2 / 4.2)
    assert summary["distances"]["least_effective_share"]["weighted"] == pytest.approx(0.2)
    assert summary["reproduction"]["pearson"]["within_3_standard_errors"] == 0
    assert summary["reproduction"]["distance"]["within_3_standard_errors"] == 1
    assert summary["reproduction"]["both_within_3_standard_errors"] == 0


def test_one_cell_in_all_arms() -> None:
    cell = Cell(10, 4, "interleaved", "l1")
    outcomes = play_cell(cell, vectors=VECTORS, runs=3, seed=1, truths={}, kernel_estimates={})
    assert [o.arm for o in outcomes] == ["paper", "ours", "values", "weighted", "free"]
    assert outcomes == play_cell(cell, vectors=VECTORS, runs=3, seed=1, truths={}, kernel_estimates={})
    for found in outcomes:
        assert found.kernel_pearson == found.pearson  # ten contributors: KernelSHAP is exact
        assert len(found.path) == 101
        assert found.path[-1] == pytest.approx(found.distance, abs=1e-3)
        assert found.distance >= found.floor
        assert outcome_from_row(json.loads(json.dumps(found.row()))) == found
    by_arm = {o.arm: o for o in outcomes}
    assert by_arm["ours"].spearman > 0.99
    assert by_arm["ours"].spearman > by_arm["paper"].spearman
    assert by_arm["ours"].effective == pytest.approx(10)


def test_kernel_estimates_are_made_once_per_expert(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("shap", reason="KernelSHAP needs the package shap (the [experiments] extra)")
    monkeypatch.setattr("crowdsft.experiments.user_grouping_sweep.ALWAYS_EXACT_UP_TO", 0)
    known = {expert: np.arange(10.0) for expert in range(11)}
    [found, *_] = play_cell(
        Cell(10, 2, "random", "dot"), vectors=VECTORS, runs=6, seed=1, truths={}, kernel_estimates=known
    )
    assert found.kernel_pearson != pytest.approx(found.pearson)
    assert all((known[expert] == np.arange(10.0)).all() for expert in range(11))


def test_a_block_is_the_cells_of_its_users_and_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Cell] = []

    def play(cell: Cell, **_: object) -> list[Outcome]:
        asked.append(cell)
        return []

    monkeypatch.setattr("crowdsft.experiments.user_grouping_sweep.play_cell", play)
    play_block(25, "l1", vectors=VECTORS, runs=2, seed=1, kernel_shap=False)
    assert len(asked) == 12
    assert {(cell.users, cell.evaluation) for cell in asked} == {(25, "l1")}


@pytest.mark.slow
def test_a_small_sweep_from_data_to_report(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="figures need matplotlib (the [experiments] extra)")
    monkeypatch.setattr(user_grouping, "QUICK_USERS", (10, 12))
    monkeypatch.setattr("crowdsft.experiments.user_grouping_sweep.USERS", (10, 12))
    said: list[str] = []
    output = tmp_path / "out"
    summary = run_user_grouping(data, output, runs=6, quick=True, progress=said.append)
    assert summary == json.loads((output / "results.json").read_text())
    assert summary["reproduction"]["cells"] == 1
    page = (output / "report.html").read_text()
    assert page.count('src="data:image/png;base64,') == 4
    assert "Decoded from candidates" in page
    rows = (output / "results.csv").read_text().splitlines()
    assert len(rows) == 1 + 2 * 3 * 12 * 5
    before = len(said)
    run_user_grouping(data, output, runs=6, quick=True, progress=said.append)
    assert len(said) == before + 1  # nothing is played twice, only the report is written again


def test_data_that_cannot_be_used(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read vectors"):
        run_user_grouping(tmp_path / "nowhere", tmp_path / "out")
    with pytest.raises(InputError, match="at least 2"):
        run_user_grouping(data, tmp_path / "out", runs=1)
    (data / user_grouping.PUBLISHED_FILE).write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="published sweep"):
        read_published(data / user_grouping.PUBLISHED_FILE)
