"""Whatever is wrong with the input: exit code 2, a sentence that helps, and nothing written."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tests.cli.campaigns import SETTINGS, crowdsft, write_campaign


def refused(tmp_path: Path, toml: Path, jsonl: Path, *more: object) -> str:
    """What `crowdsft run` says when it refuses; the output folder must not have been touched."""
    output = tmp_path / "out"
    answer = crowdsft("run", toml, "--contributions", jsonl, "--output", output, "--json", *more)
    assert answer.returncode == 2, answer.stderr
    assert answer.stdout == ""
    assert "Traceback" not in answer.stderr
    assert not output.exists()
    return answer.stderr


def test_a_missing_campaign_file(tmp_path: Path) -> None:
    _, jsonl = write_campaign(tmp_path)
    said = refused(tmp_path, tmp_path / "nothing.toml", jsonl)
    assert "There is no file" in said and "crowdsft init" in said


def test_a_missing_contributions_file(tmp_path: Path) -> None:
    toml, _ = write_campaign(tmp_path)
    assert "There is no file" in refused(tmp_path, toml, tmp_path / "nothing.jsonl")


def test_broken_toml_is_located(tmp_path: Path) -> None:
    toml, jsonl = write_campaign(tmp_path, settings="version = 1\n[campaign\n")
    assert "line 2" in refused(tmp_path, toml, jsonl)


def test_all_faults_of_the_settings_are_shown(tmp_path: Path) -> None:
    settings = SETTINGS.replace("groups = 2", 'groups = 1\ngrouping = "alphabetical"').replace(
        "seed = 5", "sed = 5"
    )
    toml, jsonl = write_campaign(tmp_path, settings=settings + '[prompts]\nfile = "nowhere.txt"\n')
    said = refused(tmp_path, toml, jsonl)
    for where in ("campaign.sed", "rounds.groups", "rounds.grouping", "prompts.file"):
        assert where in said


def test_an_unknown_emotion_lists_the_known_ones(tmp_path: Path) -> None:
    toml, jsonl = write_campaign(tmp_path, settings=SETTINGS.replace('"joy"', '"jo"'))
    answer = crowdsft("run", toml, "--contributions", jsonl, "--output", tmp_path / "out")
    assert answer.returncode == 2
    assert "Did you mean 'joy'" in answer.stderr
    assert not (tmp_path / "out").exists()


def test_broken_lines_are_numbered(tmp_path: Path) -> None:
    toml, jsonl = write_campaign(tmp_path)
    with jsonl.open("a", encoding="utf-8") as file:
        file.write('{"contributor": "eve"\n{"contributor": "eve", "prompt": "p", "response": "   "}\n')
    said = refused(tmp_path, toml, jsonl)
    assert "line 17" in said and "line 18" in said and "nothing was written" in said


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    toml, jsonl = write_campaign(tmp_path)
    jsonl.write_bytes(jsonl.read_bytes() + b'{"contributor": "J\xf6rg"}\n')
    assert "not UTF-8" in refused(tmp_path, toml, jsonl)


def test_an_empty_file_has_no_contributors(tmp_path: Path) -> None:
    toml, jsonl = write_campaign(tmp_path)
    jsonl.write_text("")
    assert "no contributions" in refused(tmp_path, toml, jsonl)


def test_fewer_contributors_than_groups(tmp_path: Path) -> None:
    toml, jsonl = write_campaign(tmp_path, settings=SETTINGS.replace("groups = 2", "groups = 5"))
    assert "rounds.groups = 5" in refused(tmp_path, toml, jsonl)


def test_a_target_without_examples(tmp_path: Path) -> None:
    toml, jsonl = write_campaign(tmp_path, settings=SETTINGS.replace('emotion = "joy"', "examples = []"))
    assert "at least one expert example" in refused(tmp_path, toml, jsonl)


def test_an_unknown_executor(tmp_path: Path) -> None:
    toml, jsonl = write_campaign(tmp_path)
    assert "Allowed: local, ray" in refused(tmp_path, toml, jsonl, "--executor", "cloud")


def test_a_missing_option_is_wrong_use(tmp_path: Path) -> None:
    toml, _ = write_campaign(tmp_path)
    answer = crowdsft("run", toml)
    assert answer.returncode == 2 and "--contributions" in answer.stderr and "Traceback" not in answer.stderr


def test_an_output_that_cannot_be_written(tmp_path: Path) -> None:
    toml, jsonl = write_campaign(tmp_path)
    (tmp_path / "file").write_text("I am a file.")
    answer = crowdsft("run", toml, "--contributions", jsonl, "--output", tmp_path / "file" / "out")
    assert answer.returncode == 2 and "cannot be written" in answer.stderr


def test_nothing_to_resume(tmp_path: Path) -> None:
    toml, jsonl = write_campaign(tmp_path)
    assert "no campaign to resume" in refused(tmp_path, toml, jsonl, "--resume")


def test_an_occupied_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        answer = crowdsft("serve", "--port", taken.getsockname()[1], "--data", tmp_path / "data")
    assert answer.returncode == 2 and "--port 0" in answer.stderr
    assert not (tmp_path / "data").exists()


def test_a_folder_without_a_platform(tmp_path: Path) -> None:
    answer = crowdsft("ledger", "verify", "--data", tmp_path)
    assert answer.returncode == 2 and "holds no crowdsft database" in answer.stderr


def test_a_demo_with_too_few_contributors(tmp_path: Path) -> None:
    answer = crowdsft(
        "demo", "--contributors", "2", "--groups", "3", "--headless", "--output", tmp_path / "out"
    )
    assert answer.returncode == 2 and "cannot fill 3 groups" in answer.stderr


def test_an_unknown_model_path(tmp_path: Path) -> None:
    toml, jsonl = write_campaign(tmp_path)
    said = refused(tmp_path, toml, jsonl, "--base-model", tmp_path / "no-model")
    assert "model.base" in said and "no-model" in said and "does not exist" in said


@pytest.mark.train
def test_a_hub_that_cannot_be_reached_is_said_plainly(tmp_path: Path) -> None:
    toml, jsonl = write_campaign(tmp_path)
    command = (
        "run",
        toml,
        "--contributions",
        jsonl,
        "--output",
        tmp_path / "out",
        "--base-model",
        "nobody/nothing",
    )
    answer = crowdsft(*command)
    assert answer.returncode == 1 and "nobody/nothing" in answer.stderr and "Traceback" not in answer.stderr


def test_init_writes_a_file_that_run_accepts_and_never_overwrites(tmp_path: Path) -> None:
    from crowdsft.cli.campaign_file import read_campaign_file

    path = tmp_path / "mine.toml"
    assert crowdsft("init", path).returncode == 0
    assert read_campaign_file(path).campaign.name == "Joy in comments"
    path.write_text("mine")
    assert crowdsft("init", path).returncode == 2
    assert path.read_text() == "mine"


def test_every_command_has_help_with_an_example() -> None:
    listing = crowdsft("--help")
    assert listing.returncode == 0
    for command in ("demo", "serve", "worker", "run", "init", "check", "simulate", "value"):
        assert command in listing.stdout
        said = crowdsft(command, "--help")
        assert said.returncode == 0 and "Example" in said.stdout, command
    version = crowdsft("--version")
    assert version.stdout.startswith("crowdsft ") and version.returncode == 0


@pytest.mark.train
def test_check_says_that_this_machine_is_ready() -> None:
    answer = crowdsft("check", "--json")
    found = json.loads(answer.stdout)
    assert answer.returncode == 0 and found["ready"] is True
