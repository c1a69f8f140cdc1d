"""Which modules get an adapter."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="training needs the [train] extra")

from crowdsft.core.errors import TrainingError
from crowdsft.training import TrainingOptions
from crowdsft.training.models import LoadedModel
from crowdsft.training.targets import adapted_modules, short_names

pytestmark = pytest.mark.train


def test_all_linear_means_every_projection(llama: LoadedModel, gpt2: LoadedModel) -> None:
    without_head = adapted_modules(llama.model, TrainingOptions(adapt_head=False))
    assert len(without_head) == 14
    assert "model.layers.0.mlp.down_proj" in without_head
    assert adapted_modules(llama.model, TrainingOptions()) == sorted([*without_head, "lm_head"])
    assert len(adapted_modules(gpt2.model, TrainingOptions())) == 9


def test_names_are_whole_names_or_their_ends(llama: LoadedModel) -> None:
    names = ("q_proj", "model.layers.0.mlp.up_proj")
    chosen = adapted_modules(llama.model, TrainingOptions(target_modules=names, adapt_head=False))
    assert chosen == [
        "model.layers.0.mlp.up_proj",
        "model.layers.0.self_attn.q_proj",
        "model.layers.1.self_attn.q_proj",
    ]


def test_a_name_that_fits_nothing_is_an_error_with_the_names_there_are(llama: LoadedModel) -> None:
    with pytest.raises(TrainingError, match=r"'query'.*down_proj, gate_proj, k_proj"):
        adapted_modules(llama.model, TrainingOptions(target_modules=("query",)))
    with pytest.raises(TrainingError, match="names no linear module"):
        adapted_modules(llama.model, TrainingOptions(target_modules=("proj",)))


def test_short_names_stand_for_the_same_modules(llama: LoadedModel) -> None:
    every = adapted_modules(llama.model, TrainingOptions(target_modules=("q_proj", "k_proj")))
    assert short_names(llama.model, every) == ["k_proj", "lm_head", "q_proj"]
    assert short_names(llama.model, every[:-1]) == every[:-1]
