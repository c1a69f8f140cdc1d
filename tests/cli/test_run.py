"""`crowdsft run` with real training, in processes of its own."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.campaigns import crowdsft, write_campaign

pytestmark = pytest.mark.train

FIELDS = {
    "campaign", "seed", "base_distance", "final_distance", "reduction_percent", "rounds", "closing_awards", "points",
    "ledger", "seconds", "peak_memory_bytes",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def result(folder: Path) -> dict[str, Any]:
    toml, jsonl = write_campaign(folder)
    answer = crowdsft("run", toml, "--contributions", jsonl, "--output", folder / "one", "--json")
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def without_time(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name not in ("seconds", "peak_memory_bytes")}


def test_one_object_with_everything_in_it(result: dict[str, Any]) -> None:
    assert set(result) >= FIELDS
    assert [row["round"] for row in result["rounds"]] == [1, 2]
    for row in result["rounds"]:
        assert {name for candidate in row["candidates"] for name in candidate["contributors"]} == set(
            result["points"]
        )
        for candidate in row["candidates"]:
            low, high = candidate["interval"]
            assert low <= candidate["utility"] <= high
        assert row["tie"] is (row["winner"] is None)
    assert set(result["seconds"]) == {"total", "train", "generate", "evaluate"}
    assert 0 < result["peak_memory_bytes"] < 1.5e9


def test_points_add_up_to_the_ledger_and_the_budget(result: dict[str, Any]) -> None:
    awards = sum(sum(row["awards"].values()) for row in result["rounds"]) + sum(
        result["closing_awards"].values()
    )
    assert awards == sum(result["points"].values()) == result["ledger"]["sum"] == result["ledger"]["budget"]
    assert result["ledger"]["valid"] is True


def test_the_same_seed_gives_the_same_object(folder: Path, result: dict[str, Any]) -> None:
    toml, jsonl = folder / "campaign.toml", folder / "contributions.jsonl"
    lines = jsonl.read_text().splitlines()
    (folder / "reversed.jsonl").write_text("\n".join(reversed(lines)) + "\n")
    answer = crowdsft(
        "run", toml, "--contributions", folder / "reversed.jsonl", "--output", folder / "two", "--json"
    )
    assert without_time(json.loads(answer.stdout)) == without_time(result)


def test_files_are_written_and_the_ledger_verifies(folder: Path, result: dict[str, Any]) -> None:
    assert json.loads((folder / "one" / "result.json").read_text()) == result
    report = (folder / "one" / "report.html").read_text()
    assert "Distance to the target" in report and "<svg" in report
    answer = crowdsft("ledger", "verify", "--data", folder / "one", "--json")
    assert json.loads(answer.stdout)["head"] == result["ledger"]["head"]
    balances = json.loads(crowdsft("ledger", "balances", "--data", folder / "one", "--json").stdout)
    assert balances == {name: points for name, points in result["points"].items() if points}
    payout = json.loads(
        crowdsft("ledger", "payout", "--amount", "99.99", "--data", folder / "one", "--json").stdout
    )
    assert round(sum(float(row["amount"]) for row in payout), 2) == 99.99


def test_the_run_can_be_exported_as_a_data_set(folder: Path, result: dict[str, Any], tmp_path: Path) -> None:
    command = ("export", "--data", folder / "one", "--json")
    printed = json.loads(crowdsft(*command, "--output", tmp_path / "all.jsonl").stdout)
    rows = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert len(rows) == printed["contributions"] and printed["left_out"] == 0
    handed_in = [json.loads(line) for line in (folder / "contributions.jsonl").read_text().splitlines()]
    assert {row["response"] for row in rows} == {row["response"] for row in handed_in}
    again = json.loads(crowdsft(*command, "--output", tmp_path / "all.csv", "--format", "csv").stdout)
    assert again["version"] == printed["version"]
    refused = crowdsft(*command, "--output", tmp_path, "--format", "csv")
    assert refused.returncode == 2 and "is a folder" in refused.stderr


def test_a_changed_ledger_is_found(folder: Path, result: dict[str, Any], tmp_path: Path) -> None:
    import shutil

    shutil.copytree(folder / "one", tmp_path / "forged")
    with sqlite3.connect(tmp_path / "forged" / "campaign.sqlite") as database:
        database.execute("UPDATE campaigns_ledgerrow SET amount = amount + 1 WHERE position = 0")
    answer = crowdsft("ledger", "verify", "--data", tmp_path / "forged")
    assert answer.returncode == 1 and "does not match its hash" in answer.stderr


def test_a_finished_folder_is_not_overwritten(folder: Path, result: dict[str, Any]) -> None:
    toml, jsonl = folder / "campaign.toml", folder / "contributions.jsonl"
    answer = crowdsft("run", toml, "--contributions", jsonl, "--output", folder / "one")
    assert answer.returncode == 2 and "--resume" in answer.stderr


@pytest.mark.parametrize("change", ["settings", "contributions"])
def test_another_campaign_is_not_resumed(
    folder: Path, result: dict[str, Any], tmp_path: Path, change: str
) -> None:
    toml, jsonl = write_campaign(tmp_path)
    if change == "settings":
        toml.write_text(toml.read_text().replace("seed = 5", "seed = 6"))
    else:
        jsonl.write_text("\n".join(jsonl.read_text().splitlines()[1:]) + "\n")
    answer = crowdsft("run", toml, "--contributions", jsonl, "--output", folder / "one", "--resume")
    assert answer.returncode == 2 and "cannot be resumed" in answer.stderr


@pytest.mark.parametrize(("number", "events"), [(signal.SIGINT, 3), (signal.SIGKILL, 9)])
def test_interrupted_and_resumed_is_undisturbed(
    folder: Path, result: dict[str, Any], tmp_path: Path, number: signal.Signals, events: int
) -> None:
    toml, jsonl = folder / "campaign.toml", folder / "contributions.jsonl"
    command = ["run", str(toml), "--contributions", str(jsonl), "--output", str(tmp_path / "out"), "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "crowdsft", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while journal_length(tmp_path / "out" / "campaign.sqlite") < events:
        assert process.poll() is None, "the campaign ended before it could be interrupted"
        time.sleep(0.02)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == (1 if number == signal.SIGINT else -number)
    if number == signal.SIGINT:
        assert "Traceback" not in said and "--resume" in said
    answer = crowdsft(*command, "--resume")
    assert answer.returncode == 0, answer.stderr
    assert without_time(json.loads(answer.stdout)) == without_time(result)


def journal_length(database: Path) -> int:
    """How many events have been written so far."""
    if not database.exists():
        return 0
    with sqlite3.connect(database, timeout=20) as opened:
        try:
            (found,) = opened.execute("SELECT COUNT(*) FROM campaigns_journalevent").fetchone()
        except sqlite3.OperationalError:  # the tables are being made
            return 0
    return int(found)
