"""`crowdsft check` tries what a campaign is going to need."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

pytest.importorskip("torch", reason="networks need the [train] extra")

from crowdsft.cli.check import check
from tests.judging.tiny_networks import save_classifier

pytestmark = pytest.mark.train


def checked(*arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the findings by what they are about."""
    app = typer.Typer()
    app.command()(check)
    answer = CliRunner().invoke(app, ["--json", *arguments])
    findings = json.loads(answer.stdout)["findings"]
    return answer.exit_code, {finding["what"]: finding for finding in findings}


def test_networks_that_load_are_described(tmp_path: Path) -> None:
    folder = str(save_classifier(tmp_path, labels=2))
    code, found = checked("--embedding", f"classifier:{folder}", "--reward-model", folder)
    assert code == 0
    assert found[f"embedding classifier:{folder}"]["found"] == "2 dimensions: label 0, label 1"
    judge = found[f"reward model {folder}"]
    assert "pairs of texts" in judge["found"] and "set reward_model.label" in judge["advice"]


def test_networks_that_are_missing_are_said_with_what_to_do() -> None:
    code, found = checked("--embedding", "sentence:nobody/has-this", "--reward-model", "nobody/has-that")
    assert code == 1
    for what in ("embedding sentence:nobody/has-this", "reward model nobody/has-that"):
        assert not found[what]["fine"] and "hf download nobody/has-th" in found[what]["advice"]
