"""Whole small campaigns by `crowdsft run`, judged by others than the distance alone."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="campaigns need the [train] extra")

from crowdsft.core.event_codec import decode_event
from crowdsft.core.events import CandidateEvaluated, PointsAwarded, WinnerSelected
from tests.cli.campaigns import SETTINGS, crowdsft, write_campaign
from tests.judging.chat_server import ChatServer, serving
from tests.judging.tiny_networks import save_classifier

pytestmark = [pytest.mark.train, pytest.mark.slow]

EXPERTS = """examples = [
  "What a lovely morning!", "I am so glad you came.", "Life is sweet.", "We danced and laughed all day.",
]"""


def likes_exclamations(shown: dict[str, Any]) -> str:
    """A judge whose taste the crowd's texts move: words about joy count."""
    words = ("glad", "happy", "joy", "sweet", "laugh", "smil", "wonderful", "delight", "sun")
    first, second = (sum(word in shown[name].lower() for word in words) for name in ("answer_A", "answer_B"))
    return "A" if first > second else "B" if second > first else "TIE"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with serving(ChatServer(likes_exclamations, mishaps=[(429, {"Retry-After": "0"}), (500, {})])) as server:
        yield server


def llm_settings(server: ChatServer, *, more: str = "") -> str:
    return f"""{SETTINGS}
[judging]
weights = {{ llm = 1.0 }}
[llm_judge]
endpoint = "{server.address}"
model = "judge-1"
criterion = "The more joyful comment is better."
api_key_variable = "TEST_JUDGE_API_KEY"
{more}
"""


def events(folder: Path) -> list[Any]:
    with sqlite3.connect(folder / "campaign.sqlite") as database:
        rows = database.execute(
            "SELECT kind, payload FROM campaigns_journalevent ORDER BY position"
        ).fetchall()
    return [decode_event(kind, json.loads(payload)) for kind, payload in rows]


def test_a_campaign_judged_by_a_language_model(tmp_path: Path, server: ChatServer) -> None:
    toml, jsonl = write_campaign(tmp_path, settings=llm_settings(server), each=6)
    key = {"TEST_JUDGE_API_KEY": "sk-secret"}
    command = ("run", toml, "--contributions", jsonl, "--output", tmp_path / "out", "--json")
    answer = crowdsft(*command, **key)
    assert answer.returncode == 0, answer.stderr
    result = json.loads(answer.stdout)
    assert result["score"]["start"] == 0.0
    assert result["ledger"]["valid"] and result["ledger"]["sum"] == result["ledger"]["budget"]
    measured = [event for event in events(tmp_path / "out") if isinstance(event, CandidateEvaluated)]
    for evaluation in measured:
        (score,) = evaluation.judged
        assert (score.judge, score.weight, score.scale, score.rows) == ("llm", 1.0, 1.0, 16)
        rows = [
            value - (evaluation.selection.mean_utility - evaluation.selection.gain)
            for value in evaluation.selection.utilities
        ]
        assert {round(row, 6) for row in rows} <= {-1.0, -0.5, 0.0, 0.5, 1.0}
    paid = [event for event in events(tmp_path / "out") if isinstance(event, PointsAwarded)]
    assert all(event.appraised == () for event in paid), "embeddings had no say"
    assert set(server.keys) == {"Bearer sk-secret"}
    for path in (tmp_path / "out").rglob("*"):
        assert not path.is_file() or b"sk-secret" not in path.read_bytes(), path
    assert "What the judges said" in (tmp_path / "out" / "report.html").read_text()


def test_a_limit_stops_the_run_with_nothing_half_written_and_the_replies_kept(
    tmp_path: Path, server: ChatServer
) -> None:
    toml, jsonl = write_campaign(tmp_path, settings=llm_settings(server, more="max_calls = 5"))
    out = tmp_path / "out"
    answer = crowdsft("run", toml, "--contributions", jsonl, "--output", out, TEST_JUDGE_API_KEY="sk-secret")
    assert answer.returncode == 1 and "llm_judge.max_calls = 5" in answer.stderr
    assert "Traceback" not in answer.stderr and "sk-secret" not in answer.stderr
    assert server.requests == []
    assert not [event for event in events(out) if isinstance(event, CandidateEvaluated | WinnerSelected)]


def test_replies_that_were_paid_for_serve_a_run_with_a_higher_limit(
    tmp_path: Path, server: ChatServer
) -> None:
    server.mishaps.clear()
    prices = "input_price = 1000\noutput_price = 1000\nmax_cost = "
    key = {"TEST_JUDGE_API_KEY": "sk-secret"}
    toml, jsonl = write_campaign(tmp_path, settings=llm_settings(server, more=f"{prices}9"))
    answer = crowdsft("run", toml, "--contributions", jsonl, "--output", tmp_path / "one", **key)
    assert answer.returncode == 1 and "llm_judge.max_cost = 9" in answer.stderr
    paid = len(server.requests)
    assert paid > 0
    shutil.copytree(tmp_path / "one" / "judging", tmp_path / "two" / "judging")
    toml.write_text(toml.read_text().replace("max_cost = 9", "max_cost = 900"))
    answer = crowdsft("run", toml, "--contributions", jsonl, "--output", tmp_path / "two", "--json", **key)
    assert answer.returncode == 0, answer.stderr
    asked = [json.dumps(request["messages"]) for request in server.requests]
    assert len(asked) > paid and len(set(asked)) == len(asked), "nothing is asked twice"


def test_a_key_that_is_not_set_is_found_before_anything_is_written(
    tmp_path: Path, server: ChatServer
) -> None:
    toml, jsonl = write_campaign(tmp_path, settings=llm_settings(server))
    answer = crowdsft("run", toml, "--contributions", jsonl, "--output", tmp_path / "out")
    assert answer.returncode == 2 and "TEST_JUDGE_API_KEY, which is not set" in answer.stderr
    assert not (tmp_path / "out").exists()


def test_a_campaign_judged_by_a_reward_model_and_guarded_by_likelihood(tmp_path: Path) -> None:
    network = save_classifier(tmp_path / "network")
    settings = (
        SETTINGS.replace('emotion = "joy"', EXPERTS)
        + f"""
[judging]
weights = {{ reward_model = 0.75, embedding = 0.25 }}
guards = ["likelihood"]
[reward_model]
model = "{network}"
"""
    )
    toml, jsonl = write_campaign(tmp_path, settings=settings, each=6)
    answers = [
        crowdsft("run", toml, "--contributions", jsonl, "--output", tmp_path / name, "--json")
        for name in ("one", "two")
    ]
    assert answers[0].returncode == 0, answers[0].stderr
    first, again = (json.loads(answer.stdout) for answer in answers)
    for result in (first, again):
        del result["seconds"], result["peak_memory_bytes"]
    assert first == again, "the same seed gives the same campaign"
    judges = first["rounds"][0]["candidates"][0]["judges"]
    assert {name: judge["weight"] for name, judge in judges.items()} == {
        "embedding": 0.25, "likelihood": 0.0, "reward_model": 0.75,
    }  # fmt: skip
    assert judges["likelihood"]["is_guard"]
    measured = [event for event in events(tmp_path / "one") if isinstance(event, CandidateEvaluated)]
    scales = {tuple(score.scale for score in evaluation.judged) for evaluation in measured}
    assert len(scales) == 1, "units stay those of the first base"
    for evaluation in measured:
        gain = sum(score.weight / score.scale * score.gain for score in evaluation.judged)
        assert evaluation.report.gain == pytest.approx(gain, abs=1e-6)
    winners = [event for event in events(tmp_path / "one") if isinstance(event, WinnerSelected)]
    first_round, second = measured[:3], measured[3:]
    won = 0 if winners[0].winner is None else 1 + winners[0].winner
    assert first_round[0].report.mean_utility == 0.0
    assert second[0].report.mean_utility == pytest.approx(first_round[won].report.mean_utility, abs=1e-8)
    assert all(event.winner not in event.barred for event in winners)
