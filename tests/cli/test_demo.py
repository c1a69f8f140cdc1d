"""The demo: a real server, real HTTP, real training; the same seed gives the same object."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.campaigns import crowdsft

pytestmark = [pytest.mark.train, pytest.mark.slow]


def test_the_same_seed_gives_the_same_demo(tmp_path: Path) -> None:
    results = []
    for name in ("one", "two"):
        answer = crowdsft(
            "demo", "--headless", "--rounds", "2", "--contributors", "6", "--groups", "2", "--seed", "4", "--json",
            "--output", tmp_path / name,
        )  # fmt: skip
        assert answer.returncode == 0, answer.stderr
        results.append(json.loads(answer.stdout))
    for result in results:
        assert result["ledger"]["valid"] and result["ledger"]["sum"] == result["ledger"]["budget"]
        assert len(result["points"]) == 6 and len(result["rounds"]) == 2
        assert result.pop("peak_memory_bytes") < 1.5e9
        result.pop("seconds")
    assert results[0] == results[1]
    assert (tmp_path / "one" / "report.html").exists()
    again = crowdsft("demo", "--headless", "--output", tmp_path / "one")
    assert again.returncode == 2 and "not empty" in again.stderr
