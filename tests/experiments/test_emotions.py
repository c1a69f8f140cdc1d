"""Small cells of the emotions experiment: fair accounting, a sample of its own for the report, resuming."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pytest.mark import ParameterSet

from crowdsft.core.errors import InputError

pytest.importorskip("torch", reason="trains models: needs the [train] extra")

from crowdsft.experiments import emotions, emotions_arms, emotions_bench, emotions_tournaments
from crowdsft.experiments.emotions_bench import REPORTED, Bench, Stack
from crowdsft.experiments.emotions_cell import Cell, Key, make_cell
from crowdsft.experiments.emotions_summary import compare, flat_rows, summarise

pytestmark = pytest.mark.train
KEY = Key("heterogeneous", "joy", 100)


@pytest.fixture(scope="module")
def cell() -> Cell:
    return make_cell(KEY, rounds=2)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Samples of a few answers, so that a test takes seconds."""
    monkeypatch.setattr(emotions_bench, "REPORTED_OUTPUTS", 12)
    for name in ("PAPER_OUTPUTS", "CHOOSING_OUTPUTS", "SINGLE_OUTPUTS"):
        monkeypatch.setattr(emotions_tournaments, name, 4)
    yield


def bench_of(cell: Cell, folder: Path) -> Bench:
    return Bench(emotions._base(), cell, folder)


def tournament(name: str, *marks: pytest.MarkDecorator) -> ParameterSet:
    (unit,) = [unit for unit in emotions.UNITS if unit.arms[0] == name]
    return pytest.param(unit, id=name, marks=marks)


TOURNAMENTS = [
    tournament("values"),
    tournament("learnt_weights", pytest.mark.slow),
    tournament("experts", pytest.mark.slow),
]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("unit", TOURNAMENTS)
def test_a_tournament_and_its_pooled_control_train_equally_much(
    unit: emotions.Unit, cell: Cell, tmp_path: Path
) -> None:
    bench = bench_of(cell, tmp_path)
    states = {state.arm: state for state in unit.play(bench, (2,))}
    extra = emotions_tournaments.EXPERT_PASSES if unit.arms[0] == "experts" else 0
    for arm in unit.arms:
        assert states[arm].training == 2 * emotions_arms.ROUND_PASSES + extra
    own, control = states[unit.arms[0]], states[unit.arms[1]]
    assert own.passes > own.training  # choosing and scoring cost too
    assert control.passes == control.training
    assert bench.passes.sampling_seeds
    assert KEY.seed_for(REPORTED) not in bench.passes.sampling_seeds


@pytest.mark.usefixtures("small")
def test_simple_arms_count_what_they_train(cell: Cell, tmp_path: Path) -> None:
    bench = bench_of(cell, tmp_path)
    (pooled,) = emotions_arms.pooled(
        bench, (1,), arm="pooled_equal", passes_per_round=emotions_arms.ROUND_PASSES
    )
    assert pooled.training == pooled.passes == emotions_arms.ROUND_PASSES
    lot = bench_of(cell, tmp_path)
    (chain,) = emotions_tournaments.random_chain(lot, (1,))
    assert chain.training == emotions_arms.ROUND_PASSES  # the losers' passes are the chain's expense as well
    assert not lot.passes.sampling_seeds


def test_the_reported_sample_cannot_be_chosen_by(cell: Cell, tmp_path: Path) -> None:
    bench = bench_of(cell, tmp_path)
    bench.passes.sampling_seeds.add(KEY.seed_for(REPORTED))
    with pytest.raises(AssertionError, match="reported sample"):
        bench.measured(())


def test_gains_are_zero_for_the_base_and_large_for_what_was_learnt(cell: Cell, tmp_path: Path) -> None:
    bench = bench_of(cell, tmp_path)
    texts = cell.rounds[0].texts[:4]
    base: Stack = ()
    assert bench.gains(base, texts) == pytest.approx(np.zeros(4))
    (trained,) = bench.train((), [list(texts) * 6])
    assert (bench.gains(trained, texts) > 0.2).all()


def test_a_merge_with_all_the_weight_on_one_is_that_one(cell: Cell, tmp_path: Path) -> None:
    bench = bench_of(cell, tmp_path)
    candidates = bench.train((), [list(cell.rounds[0].texts[start : start + 16]) for start in (0, 16)])
    texts = cell.rounds[1].texts[:6]
    merged = bench.merge(candidates, [1.0, 0.0])
    assert bench.gains(merged, texts) == pytest.approx(bench.gains(candidates[0], texts), abs=1e-4)


def test_a_longer_cell_begins_as_a_shorter_one(cell: Cell) -> None:
    short = make_cell(KEY, rounds=1)
    assert short.rounds[0].texts == cell.rounds[0].texts
    assert short.expert_examples == cell.expert_examples


def test_seeds_and_emotions_of_development_are_not_those_of_the_final_run() -> None:
    assert not set(emotions.FINAL_SEEDS) & set(emotions.DEVELOPMENT_SEEDS)
    assert not set(emotions.FINAL_EMOTIONS) & set(emotions.DEVELOPMENT_EMOTIONS)
    assert len(emotions.FINAL_EMOTIONS) >= 10
    assert len(emotions.FINAL_SEEDS) == 5


def test_the_plan_has_every_piece_once_and_fills_seed_by_seed() -> None:
    pieces = list(emotions.plan(seeds=3, emotions=4, rounds=6))
    assert len(set(pieces)) == len(pieces)
    main = [piece.key.seed for piece in pieces if not emotions.UNITS[piece.unit].is_extra]
    assert main == sorted(main)
    assert {piece.key.seed for piece in pieces if piece.key.crowd == "homogeneous"} == {1}


def test_wrong_names_and_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="arm"):
        list(emotions.plan(seeds=1, emotions=1, rounds=6, arms=["magic"]))
    with pytest.raises(InputError, match="rounds"):
        list(emotions.plan(seeds=1, emotions=1, rounds=7))


@pytest.mark.usefixtures("small")
def test_resuming_gives_the_same_rows(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"seeds": 1, "emotions": 1, "rounds": 2, "arms": ["base", "random_chain"]}
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    emotions.run_emotions(whole, **settings)
    emotions.run_emotions(parts, **{**settings, "arms": ["base"]})
    with pytest.raises(InputError, match="--resume"):
        emotions.run_emotions(parts, **settings)
    with (parts / emotions.ROWS_FILE).open("a") as file:
        file.write('{"crowd": "heterogeneous", "emo')  # killed while writing
    summary = emotions.run_emotions(parts, **settings, resume=True)

    def rows(folder: Path) -> list[str]:
        found = emotions.read_rows(folder / emotions.ROWS_FILE)
        return sorted(json.dumps({**row, "unit_cpu_seconds": 0}) for row in found)

    assert rows(whole) == rows(parts)
    assert summary["rows"] == summary["planned_rows"] == 4  # two arms in two crowds
    assert (parts / "report.html").exists()


def made_row(emotion: str, arm: str, distance: float) -> dict[str, object]:
    state = {
        "arm": arm, "rounds": 6, "distance": distance, "label_distance": distance, "unreadable": 0.1,
        "copied": 0.1, "distinct": 0.9, "training_passes": 10, "passes_with_generation": 12.0, "on_target": None,
    }  # fmt: skip
    return {"crowd": "heterogeneous", "emotion": emotion, "seed": 1, "arm": arm, "states": [state]}


def test_claims_are_paired_by_cell() -> None:
    rows = [made_row("love", "pooled_equal", 0.8), made_row("love", "values", 0.3)]
    rows += [made_row("anger", "pooled_equal", 1.0), made_row("anger", "values", 0.3)]
    rows += [made_row("sadness", "pooled_equal", 5.0)]  # no partner: left out
    claim = compare(flat_rows(rows), "heterogeneous", "values", "pooled_equal", rounds=6)
    assert claim is not None
    assert claim.cells == 2
    assert claim.reduction == pytest.approx(1 - 0.3 / 0.9)
    assert claim.difference == pytest.approx(0.6)
    assert claim.standard_error == pytest.approx(0.1)
    assert claim.errors == pytest.approx(6.0)
    assert json.dumps(summarise(rows), allow_nan=False)
