"""`crowdsft examples`: the simpler arm is at hand, measured, and offered where it is likely to win."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from crowdsft.core.advice import advice_of
from crowdsft.core.settings import parse_settings
from crowdsft.world import expert_comments
from tests.cli.campaigns import SETTINGS, crowdsft, write_campaign


def with_examples(count: int) -> str:
    texts = expert_comments("joy", count, np.random.default_rng(4))
    return SETTINGS.replace('emotion = "joy"', f"examples = {json.dumps(texts)}")


@pytest.mark.train
def test_the_examples_alone_come_near_and_copies_are_counted(tmp_path: Path) -> None:
    toml, _ = write_campaign(
        tmp_path,
        settings=with_examples(40).replace("passes = 1", "passes = 4").replace("rank = 4", "rank = 32"),
    )
    answer = crowdsft("examples", toml, "--output", tmp_path / "out", "--json")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert found["passes"] == 8 and found["examples"] == 40
    assert found["distance"] < 0.7 * found["base_distance"]
    assert 0 <= found["copied"] <= 1 and len(found["outputs"]) == 5
    assert (Path(found["adapter"]) / "adapter_model.safetensors").exists()
    again = crowdsft("examples", toml, "--output", tmp_path / "again", "--json")
    assert Path(json.loads(again.stdout)["adapter"]).name == Path(found["adapter"]).name


def test_without_examples_there_is_nothing_to_train_on(tmp_path: Path) -> None:
    toml, _ = write_campaign(tmp_path)
    answer = crowdsft("examples", toml, "--output", tmp_path / "out")
    assert answer.returncode == 2 and "no expert examples" in answer.stderr


def test_the_check_of_a_campaign_file_offers_the_simpler_arm(tmp_path: Path) -> None:
    toml, _ = write_campaign(tmp_path, settings=with_examples(30))
    answer = crowdsft("check", "--campaign", toml)
    assert "crowdsft examples CAMPAIGN.toml" in answer.stderr
    toml.write_text(SETTINGS.replace("joy", "jolliness").replace("count = 2", "count = 0"))
    answer = crowdsft("check", "--campaign", toml)
    assert answer.returncode == 1 and "rounds.count" in answer.stderr


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"target": {"examples": ["one"] * 30}}, "examples alone"),
        ({"target": {"emotion": "joy"}}, 'training.keep = "values"'),
        (
            {
                "target": {"examples": ["one"] * 10},
                "points": {"policy": "in_run_split"},
                "training": {"backend": "multi_lora"},
            },
            "training.learning_rate = 2e-4",
        ),
    ],
)
def test_what_somebody_who_knows_the_experiments_would_say(plan: dict[str, object], words: str) -> None:
    assert words in " ".join(advice_of(parse_settings({"campaign": {"name": "t"}, **plan})))


def test_nothing_is_advised_where_it_is_done_already() -> None:
    plan = {
        "rounds": {"groups_of_one": "first"},
        "training": {"keep": "values"},
        "target": {"emotion": "joy"},
    }
    assert advice_of(parse_settings({"campaign": {"name": "t"}, **plan})) == []
