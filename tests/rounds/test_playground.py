"""One message to two real models."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch (the [train] extra)")

from crowdsft.core.campaign import CampaignState
from crowdsft.core.errors import CrowdsftError
from crowdsft.core.events import TargetMeasured
from crowdsft.core.settings import parse_settings
from crowdsft.embedding import EMBEDDINGS
from crowdsft.rounds.playground import answer
from crowdsft.rounds.resources import Resources, training_options
from crowdsft.training import BACKENDS, Example, GroupData
from crowdsft.world import expert_comments

SETTINGS = parse_settings(
    {
        "campaign": {"name": "Chat"},
        "target": {"emotion": "joy"},
        "training": {"passes": 4},
        "evaluation": {"max_new_tokens": 12},
    }
)


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> Resources:
    return Resources(tmp_path_factory.mktemp("platform"))


@pytest.fixture(scope="module")
def adapter(resources: Resources) -> str:
    base = resources.base(SETTINGS, ())
    texts = expert_comments("joy", 24, np.random.default_rng(1))
    group = GroupData(0, tuple(Example("Write a comment.", text, 1.0, "ada") for text in texts), 1)
    options = training_options(SETTINGS, parameters=1)
    (trained,) = BACKENDS.make("lora").train(base, [group], options=options, output=resources.artifacts.root)
    return trained.digest


def state(target: bool = True) -> CampaignState:
    labels = tuple(EMBEDDINGS.make("emotions").labels)
    vector = tuple(float(label == "joy") for label in labels)
    return CampaignState(settings=SETTINGS, target=TargetMeasured(vector, labels, None) if target else None)


def test_the_same_models_say_the_same_and_a_trained_one_something_else(
    resources: Resources, adapter: str
) -> None:
    stacks: list[tuple[str, ...]] = [(), (), (adapter,)]
    first, again, trained = answer(resources, state(), stacks=stacks, message="Hello there.", seed=5)
    assert first.text == again.text != trained.text
    assert first.utility == again.utility and first.utility is not None and first.utility < 0
    other = answer(resources, state(), stacks=[()], message="Hello there.", seed=6)[0]
    assert other.text != first.text


def test_without_a_target_there_is_no_distance(resources: Resources) -> None:
    assert answer(resources, state(target=False), stacks=[()], message="Hello.", seed=1)[0].utility is None


def test_a_missing_adapter_is_named(resources: Resources) -> None:
    with pytest.raises(CrowdsftError, match="The adapter 0000"):
        answer(resources, state(), stacks=[("0000",)], message="Hello.", seed=1)
