from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core import settings as module
from crowdsft.core.errors import SettingsError
from crowdsft.core.settings import judging as judging_settings
from crowdsft.core.settings import parse_settings, settings_digest, settings_to_dict


def minimal(**changes: Any) -> dict[str, Any]:
    return {"campaign": {"name": "Test"}, "target": {"emotion": "joy"}, **changes}


def faults_of(data: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        parse_settings(data)
    return {fault.where: fault.problem for fault in caught.value.faults}


def test_a_name_and_a_target_are_enough() -> None:
    settings = parse_settings(minimal())
    assert settings.rounds.groups == 3
    assert settings.model.base == "builtin:tiny"


def test_what_is_written_is_read_back() -> None:
    settings = parse_settings(minimal(rounds={"count": 7, "close": "deadline", "minutes": 5}))
    assert parse_settings(settings_to_dict(settings)) == settings
    assert settings_digest(parse_settings(settings_to_dict(settings))) == settings_digest(settings)


def test_all_faults_are_shown_together() -> None:
    faults = faults_of(
        {
            "version": 2,
            "campain": {},
            "campaign": {"naem": "x"},
            "target": {"emotion": "joy", "vector": {"joy": 1.0}},
            "rounds": {"groups": 1, "grouping": "randm", "count": "three"},
            "evaluation": {"distance": "l3", "temperature": -1},
            "points": {"policy": "equal"},
        }
    )
    assert set(faults) == {
        "version",
        "campain",
        "campaign.name",
        "campaign.naem",
        "target",
        "rounds.groups",
        "rounds.grouping",
        "rounds.count",
        "evaluation.distance",
        "evaluation.temperature",
        "points.policy",
    }
    assert "did you mean 'campaign'" in faults["campain"]
    assert "did you mean 'name'" in faults["campaign.naem"]
    assert "Did you mean 'random'" in faults["rounds.grouping"]
    assert "l1, l2" in faults["evaluation.distance"]
    assert "contradict each other" in faults["target"]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"target": {}}, "target"),
        ({"target": {"examples": []}}, "target.examples"),
        ({"target": {"vector": {}}}, "target.vector"),
        ({"target": {"examples": ["", "fine"]}}, "target.examples.0"),
        ({"rounds": {"close": "deadline"}}, "rounds.minutes"),
        ({"rounds": {"minutes": 3}}, "rounds.minutes"),
        ({"rounds": {"close": "manual", "size": 9}}, "rounds.size"),
        ({"rounds": {"groups": 5, "size": 4}}, "rounds.size"),
        ({"evaluation": {"embedding": "hashed_words"}}, "target.emotion"),
        ({"evaluation": {"embedding": "sentence:a/b"}}, "target.emotion"),
        ({"evaluation": {"embedding": "sentence:"}}, "evaluation.embedding"),
        ({"evaluation": {"embedding": "phrase:a/b"}}, "evaluation.embedding"),
        ({"evaluation": {"embedding_revision": "main"}}, "evaluation.embedding_revision"),
        ({"model": {"base": "builtin:huge"}}, "model.base"),
        ({"model": {"base": "builtin:tiny", "revision": "main"}}, "model.revision"),
        ({"tasks": {"kinds": ["sing"]}}, "tasks.kinds"),
        ({"evaluation": {"temperature": float("nan")}}, "evaluation.temperature"),
        ({"campaign": "Test"}, "campaign"),
        ({"points": {"policy": "in_run_split"}, "training": {"backend": "lora"}}, "training.backend"),
        ({"training": {"backend": "lora", "tokens_per_pass": 9}}, "training.tokens_per_pass"),
        (
            {"training": {"backend": "lora", "gradient_checkpointing": True}},
            "training.gradient_checkpointing",
        ),
        ({"points": {"policy": "in_run_split"}}, "points.policy"),
        ({"rounds": {"groups_of_one": "first", "groups": 9, "most_groups": 8}}, "rounds.most_groups"),
        ({"rounds": {"merges": ["mean"]}, "votes": {"minutes": 5}}, "rounds.merges"),
        ({"rounds": {"merges": ["median"]}}, "rounds.merges.0"),
        ({"training": {"learn_examples": True}}, "training.learn_examples"),
        ({"training": {"keep": "examples"}}, "training.keep"),
        ({"training": {"keep": "examples"}, "target": {"examples": ["few"] * 29}}, "training.keep"),
        ({"training": {"keep": "values"}}, "rounds.groups_of_one"),
        ({"training": {"keep": "values"}, "rounds": {"groups_of_one": "always"}}, "rounds.groups_of_one"),
        (
            {
                "training": {"keep": "examples"},
                "rounds": {"groups_of_one": "always"},
                "target": {"examples": ["enough"] * 30},
            },
            "rounds.groups_of_one",
        ),
        (
            {
                "training": {"keep": "values"},
                "rounds": {"groups_of_one": "first"},
                "evaluation": {"distance": "dot"},
            },
            "training.keep",
        ),
        (
            {
                "training": {"keep": "values", "weighting": "points_squared"},
                "rounds": {"groups_of_one": "first"},
            },
            "training.weighting",
        ),
        ({"training": {"keep_floor": 0}}, "training.keep_floor"),
        (
            {
                "points": {"policy": "in_run_split"},
                "training": {"backend": "multi_lora"},
                "target": {"examples": ["too few"] * 9},
            },
            "points.policy",
        ),
    ],
)
def test_contradictions_and_impossible_values_are_named(changes: dict[str, Any], where: str) -> None:
    assert where in faults_of(minimal(**changes))


@given(
    st.dictionaries(st.text(max_size=8), st.one_of(st.none(), st.integers(), st.text(max_size=8)), max_size=5)
)
def test_anything_else_is_a_settings_error_and_nothing_worse(data: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        parse_settings(data)


def test_questions_with_known_answers_fill_no_round() -> None:
    judging = {"kinds": ["choose_response", "rate_response"], "drafts": 2, "overlap": 1, "per_contributor": 2}
    data = minimal(tasks=judging, rounds={"groups": 2})
    assert "at most 3 judgements, and a round closes with 4" in faults_of(data)["tasks.drafts"]
    known = [{"prompt": "Who?", "response": "Me.", "rating": 4}]
    assert parse_settings({**data, "gold": {"share": 0.5, "rate": known}}).round_size == 2


def test_names_known_to_settings_are_the_tables_names() -> None:
    """Core cannot import the layers above it, so the names are written twice; here they are compared."""
    from crowdsft.embedding import EMBEDDINGS, NETWORK_EMBEDDINGS
    from crowdsft.judging import JUDGES
    from crowdsft.training import BACKENDS

    assert tuple(JUDGES) == judging_settings.JUDGES
    assert set(module.NETWORK_EMBEDDINGS) == set(NETWORK_EMBEDDINGS)
    assert set(module.EMBEDDINGS) == set(EMBEDDINGS)
    assert set(module.BACKENDS) == set(BACKENDS)


def test_options_of_trl_are_a_closed_list() -> None:
    def training(**given: Any) -> dict[str, Any]:
        return minimal(training={"backend": "trl_sft", **given})

    options = {"loss_type": "dft", "adam_beta2": 1, "gradient_checkpointing": True}
    settings = parse_settings(training(trl=options))
    assert settings.training.trl == options
    assert parse_settings(settings_to_dict(settings)) == settings
    assert "Did you mean 'loss_type'?" in faults_of(training(trl={"loss_typ": "dft"}))["training.trl"]
    for name in ("output_dir", "hub_model_id", "deepspeed", "model_init_kwargs", "learning_rate", "seed"):
        assert "cannot be set" in faults_of(training(trl={name: "x"}))["training.trl"]
    assert "true or false" in faults_of(training(trl={"bf16": 1}))["training.trl"]
    assert "a number" in faults_of(training(trl={"adam_beta1": True}))["training.trl"]
    assert "training.trl" in faults_of(training(trl=[]))
    assert "adapter of the output head" in faults_of(training(adapt_head=True))["training.adapt_head"]
    parts = faults_of(training(trl={"gradient_accumulation_steps": 3}))
    assert "must divide" in parts["training.trl.gradient_accumulation_steps"]
    assert "trl_sft" in faults_of(minimal(training={"trl": {}}))["training.trl"]
