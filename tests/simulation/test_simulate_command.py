"""`crowdsft simulate`, its figures, and what the ledger would have paid."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from crowdsft.cli.simulate import simulate
from crowdsft.core.errors import CrowdsftError, InputError, SettingsError
from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.rewards import REWARDS
from crowdsft.simulation import POINT_RULES, SimulationSettings, draw_world, simulate_tournament
from crowdsft.simulation.ledger import POINTS_PER_CONTRIBUTOR, ledger_balances
from crowdsft.simulation.world import run_seeds

KEYS = {
    "users",
    "groups",
    "rounds",
    "runs",
    "grouping",
    "evaluation",
    "rewards",
    "weighting",
    "noise",
    "pearson_mean",
    "spearman_mean",
    "spearman_min",
    "ledger_spearman_mean",
    "final_distance_mean",
    "floor_distance_mean",
    "effective_contributors_mean",
    "seconds",
    "per_run",
}


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    numbers = np.random.default_rng(0).uniform(0, 5, size=(16, 4))
    lines = ["id,a,b,c,d", *(f"u{i},{','.join(map(str, row))}" for i, row in enumerate(numbers))]
    file = tmp_path / "vectors.csv"
    file.write_text("\n".join(lines))
    return file


def invoke(*arguments: object) -> str:
    app = typer.Typer()
    app.command()(simulate)
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, CrowdsftError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("rewards", sorted(set(POINT_RULES) & set(REWARDS)))
def test_machine_output(vectors: Path, rewards: str) -> None:
    options = [
        "--vectors",
        vectors,
        "--users",
        12,
        "--groups",
        3,
        "--rounds",
        10,
        "--ledger-runs",
        1,
        "--runs",
        2,
    ]
    found = json.loads(invoke(*options, "--rewards", rewards, "--noise", 0.2, "--seed", 4, "--json"))
    assert set(found) == KEYS
    assert found["rewards"] == rewards
    assert found["noise"] == 0.2
    assert len(found["per_run"]) == 2
    assert set(found["per_run"][0]) == {"seed", "pearson", "spearman", "final_distance", "floor_distance"}
    assert found["per_run"][0]["seed"] == 4
    for key in ("pearson", "spearman", "final_distance", "floor_distance"):
        assert found[f"{key}_mean"] == pytest.approx(np.mean([run[key] for run in found["per_run"]]))
    assert found["spearman_min"] == min(run["spearman"] for run in found["per_run"])
    assert found["effective_contributors_mean"] == pytest.approx(12)
    assert found["final_distance_mean"] >= found["floor_distance_mean"]
    seed = found["per_run"][1]["seed"]
    options[-1] = 1
    again = json.loads(invoke(*options, "--rewards", rewards, "--noise", 0.2, "--seed", seed, "--json"))
    assert again["per_run"][0] == pytest.approx(found["per_run"][1])


def test_words_for_people(vectors: Path) -> None:
    said = invoke("--vectors", vectors, "--users", 12, "--groups", 3, "--runs", 1, "--rewards", "rank")
    assert "12 contributors in 3 groups" in said
    assert "Spearman" in said
    assert "Distance to the target" in said


def test_points_that_never_differ_have_no_correlation(tmp_path: Path) -> None:
    """All contributors alike: every group earns the same, so nothing agrees or disagrees."""
    file = tmp_path / "alike.csv"
    file.write_text("id,a\n" + "\n".join(f"u{i},1" for i in range(5)))
    options = ["--vectors", file, "--users", 4, "--groups", 2, "--runs", 1, "--rewards", "marginal", "--json"]
    found = json.loads(invoke(*options))
    assert found["pearson_mean"] is None
    assert found["per_run"][0]["spearman"] is None


def test_wrong_use_is_named_at_once(vectors: Path) -> None:
    options = ["--vectors", vectors, "--users", 12, "--groups", 3]
    with pytest.raises(SettingsError) as caught:
        invoke(*options, "--grouping", "randm", "--evaluation", "l3", "--runs", 0)
    assert len(caught.value.faults) == 3
    assert "Did you mean 'random'" in str(caught.value)
    for wrong in (["--users", 16], ["--groups", 13], ["--groups", 0], ["--rounds", 0], ["--noise", -1]):
        with pytest.raises(InputError):
            invoke(*options, "--rewards", "rank", *wrong)


@pytest.mark.parametrize("name", sorted(set(POINT_RULES) & set(REWARDS)))
def test_the_ledger_pays_the_budget_of_the_covered_rounds(name: str) -> None:
    numbers = np.random.default_rng(0).uniform(0, 5, size=(16, 4))
    world = draw_world(numbers, users=10, seeds=run_seeds(3, 1))
    utility = UTILITIES.make("l2")
    history = simulate_tournament(world, SimulationSettings(groups=2, rounds=6, evaluation=utility))
    policy = REWARDS.make(name)
    covered = int(np.flatnonzero(history.winners[0] >= 0)[-1]) + 1
    for every in (1,) if POINT_RULES[name].adds_up else (1, 4):
        balances = ledger_balances(
            history, 0, policy, evaluation=utility, target=world.targets[0], seed=1, every=every
        )
        assert balances.sum() == POINTS_PER_CONTRIBUTOR * 10 * covered
        assert balances.min() >= 0


def test_without_a_ledger_there_is_no_correlation_of_it(vectors: Path) -> None:
    options = ["--vectors", vectors, "--users", 12, "--groups", 3, "--rounds", 5, "--runs", 2]
    found = json.loads(invoke(*options, "--rewards", "rank", "--ledger-runs", 0, "--json"))
    assert found["ledger_spearman_mean"] is None
    assert found["spearman_mean"] is not None


@pytest.mark.parametrize("rewards", ["decoded_shapley", "rank"])
def test_a_folder_gets_the_result_and_a_page_with_figures(
    tmp_path: Path, vectors: Path, rewards: str
) -> None:
    output = tmp_path / "deep" / "folder"
    shape = ("--users", 12, "--groups", 3, "--rounds", 12, "--runs", 3, "--seed", 4, "--json")
    printed = json.loads(invoke("--vectors", vectors, *shape, "--rewards", rewards, "--output", output))
    assert json.loads((output / "result.json").read_text()) == printed
    page = (output / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 2
    assert f"{printed['spearman_mean']:.3f}" in page
    assert f"{printed['final_distance_mean']:.2f} from the target" in page
