"""What may be said about judges, and how contradictions are named."""

from __future__ import annotations

from typing import Any

import pytest

from crowdsft.core.errors import SettingsError
from crowdsft.core.settings import CampaignSettings, parse_settings, settings_to_dict

LLM = {"endpoint": "http://localhost:8080/v1", "model": "judge", "criterion": "Kinder is better."}
EXPERTS = {"examples": ["one", "two", "three", "four"]}


def parsed(**changes: Any) -> CampaignSettings:
    return parse_settings({"campaign": {"name": "Test"}, "target": {"emotion": "joy"}, **changes})


def faults_of(**changes: Any) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        parsed(**changes)
    return {fault.where: fault.problem for fault in caught.value.faults}


def test_the_distance_decides_alone_unless_something_else_is_said() -> None:
    judging = parsed().judging
    assert judging.judges == ("embedding",) and judging.is_distance
    assert judging.weight("embedding") == 1.0


def test_weights_are_shares_and_guards_are_asked_too() -> None:
    settings = parsed(
        judging={"weights": {"llm": 3, "embedding": 1, "likelihood": 0}, "guards": ["likelihood"]},
        llm_judge=LLM,
        target=EXPERTS,
    )
    assert settings.judging.judges == ("embedding", "likelihood", "llm")
    assert [settings.judging.weight(name) for name in settings.judging.judges] == [0.25, 0.0, 0.75]
    assert not settings.judging.is_distance
    assert parse_settings(settings_to_dict(settings)) == settings


def test_a_guard_beside_the_distance_leaves_distances_as_they_are() -> None:
    judging = parsed(judging={"guards": ["likelihood"]}, target=EXPERTS).judging
    assert judging.is_distance and judging.judges == ("embedding", "likelihood")


def test_all_faults_are_shown_together() -> None:
    faults = faults_of(
        judging={"weights": {"reward_model": 1, "llm": 1}, "guards": ["likelihood"]},
        points={"policy": "decoded_shapley"},
        llm_judge={"endpoint": "ftp://somewhere", "max_cost": 3},
    )
    assert set(faults) == {
        "reward_model.model", "llm_judge.model", "llm_judge.criterion", "llm_judge.endpoint", "llm_judge.max_cost",
        "judging", "points.policy",
    }  # fmt: skip
    assert 'use "ridge_history"' in faults["points.policy"]
    assert "at least 4 expert examples" in faults["judging"]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"judging": {"weights": {"lmm": 1}}}, "judging.weights"),
        ({"judging": {"weights": {"embedding": 0}}}, "judging.weights"),
        ({"judging": {"weights": {}}}, "judging.weights"),
        ({"judging": {"weights": {"embedding": -1}}}, "judging.weights.embedding"),
        ({"judging": {"guards": ["nobody"]}}, "judging.guards"),
        ({"reward_model": {"model": "a/b"}}, "reward_model"),
        ({"llm_judge": LLM}, "llm_judge"),
        ({"llm_judge": {"api_key_variable": "CROWDSFT_SECRET_KEY"}}, "llm_judge.api_key_variable"),
        ({"llm_judge": {"endpoint": "https://me:key@example.org/v1"}}, "llm_judge.endpoint"),
        (
            {"llm_judge": {"endpoint": "http://example.org/v1", "api_key_variable": "MY_API_KEY"}},
            "llm_judge.endpoint",
        ),
    ],
)
def test_contradictions_are_named(changes: dict[str, Any], where: str) -> None:
    assert where in faults_of(**changes)
