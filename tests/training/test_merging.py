"""Deltas add up: one adapter, several with weights, and a model that gets its own weights back."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")

from crowdsft.core.errors import InputError, ModelError  # noqa: E402
from crowdsft.training import BACKENDS, TrainingOptions  # noqa: E402
from crowdsft.training.adapters import read_adapter, save_adapter  # noqa: E402
from crowdsft.training.base import GroupData  # noqa: E402
from crowdsft.training.merging import adapter_deltas, merge_adapters, merged_in_place  # noqa: E402
from crowdsft.training.models import LoadedModel, model_with_adapters  # noqa: E402

pytestmark = pytest.mark.train


def trained(
    name: str, base: LoadedModel, groups: list[GroupData], options: TrainingOptions, output: Path
) -> list[Path]:
    candidates = BACKENDS.make(name).train(base, groups, options=options, output=output)
    return [candidate.adapter for candidate in candidates]


def test_a_lora_delta_is_alpha_over_rank_times_b_a(
    llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    (folder,) = trained("lora", llama, groups[:1], options, tmp_path)
    tensors = read_adapter(folder).tensors
    deltas = dict(adapter_deltas(llama.model, folder))
    assert len(deltas) == 2 * 7 + 1  # seven linear modules in each of two layers, and the head
    module = "model.layers.1.self_attn.k_proj"
    factors = [tensors[f"base_model.model.{module}.lora_{letter}.weight"] for letter in "BA"]
    torch.testing.assert_close(
        deltas[f"{module}.weight"], options.alpha / options.rank * factors[0] @ factors[1]
    )


@pytest.mark.parametrize("name", ["lora", "full_finetune"])
@pytest.mark.parametrize("model", ["llama", "gpt2"])
def test_a_weighted_merge_adds_weighted_deltas(
    name: str,
    model: str,
    request: pytest.FixtureRequest,
    groups: list[GroupData],
    options: TrainingOptions,
    tmp_path: Path,
) -> None:
    base: LoadedModel = request.getfixturevalue(model)
    first, second = trained(name, base, groups[:2], options, tmp_path)
    merged, digest = merge_adapters([first, second], [0.25, -2.0], output=tmp_path)
    assert merged.name == digest
    deltas = [dict(adapter_deltas(base.model, folder)) for folder in (first, second, merged)]
    assert set(deltas[2]) == set(deltas[0])
    for weight, delta in deltas[2].items():
        torch.testing.assert_close(
            delta, 0.25 * deltas[0][weight] - 2.0 * deltas[1][weight], atol=1e-6, rtol=1e-5
        )


def test_adapters_of_different_ranks_and_modules_merge(
    llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    narrow = dataclasses.replace(options, rank=2, target_modules=("q_proj", "down_proj"), adapt_head=False)
    (first,) = trained("lora", llama, groups[:1], options, tmp_path)
    (second,) = trained("lora", llama, groups[:1], narrow, tmp_path)
    merged, _ = merge_adapters([first, second], [1.0, 1.0], output=tmp_path)
    wide, few, both = (dict(adapter_deltas(llama.model, folder)) for folder in (first, second, merged))
    assert len(few) == 4
    for name, delta in both.items():
        torch.testing.assert_close(delta, wide[name] + few.get(name, torch.zeros(())), atol=1e-6, rtol=1e-5)


def test_a_head_that_shares_the_embedding_is_changed_alone(
    llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    (folder,) = trained("lora", llama, groups[:1], options, tmp_path)
    embedding = llama.model.get_input_embeddings().weight
    before = embedding.detach().clone()
    with merged_in_place(llama.model, folder):
        assert torch.equal(embedding, before)
        assert not torch.equal(llama.model.get_output_embeddings().weight, before)
    assert llama.model.get_output_embeddings().weight is embedding
    merged = model_with_adapters(llama, [folder, folder]).model
    deltas = dict(adapter_deltas(llama.model, folder))
    assert torch.equal(merged.get_input_embeddings().weight, before)
    torch.testing.assert_close(
        merged.get_output_embeddings().weight, before + 2 * deltas["lm_head.weight"], atol=1e-6, rtol=0
    )


@pytest.mark.parametrize("name", ["lora", "full_finetune"])
def test_a_model_gets_its_very_own_weights_back(
    name: str, llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    (folder,) = trained(name, llama, groups[:1], options, tmp_path)
    before = {key: value.clone() for key, value in llama.model.state_dict().items()}
    with pytest.raises(KeyboardInterrupt), merged_in_place(llama.model, folder):
        inside = llama.model.state_dict()
        assert any(not torch.equal(value, before[key]) for key, value in inside.items())
        raise KeyboardInterrupt
    assert all(torch.equal(value, before[key]) for key, value in llama.model.state_dict().items())
    with merged_in_place(llama.model, None):
        assert all(torch.equal(value, before[key]) for key, value in llama.model.state_dict().items())


def test_an_adapter_of_another_model_is_refused(
    llama: LoadedModel,
    gpt2: LoadedModel,
    groups: list[GroupData],
    options: TrainingOptions,
    tmp_path: Path,
) -> None:
    (folder,) = trained("lora", gpt2, groups[:1], options, tmp_path)
    with pytest.raises(ModelError, match="trained on another base model"):
        list(adapter_deltas(llama.model, folder))


@pytest.mark.parametrize("change", [{"use_dora": True}, {"rank_pattern": {"q": 2}}, {"peft_type": "IA3"}])
def test_what_is_not_a_sum_of_matrices_is_refused(
    change: dict[str, object],
    llama: LoadedModel,
    groups: list[GroupData],
    options: TrainingOptions,
    tmp_path: Path,
) -> None:
    (folder,) = trained("lora", llama, groups[:1], options, tmp_path)
    stored = read_adapter(folder)
    changed, _ = save_adapter(tmp_path, {**stored.config, **change}, stored.tensors)
    with pytest.raises(ModelError, match="only plain LoRA adapters"):
        list(adapter_deltas(llama.model, changed))


def test_what_cannot_be_merged_is_an_input_error(
    llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    lora = trained("lora", llama, groups[:1], options, tmp_path)
    whole = trained("full_finetune", llama, groups[:1], options, tmp_path)
    with pytest.raises(InputError, match="one weight per adapter"):
        merge_adapters(lora, [1.0, 2.0], output=tmp_path)
    with pytest.raises(InputError, match="one weight per adapter"):
        merge_adapters([], [], output=tmp_path)
    with pytest.raises(InputError, match="cannot be merged into one"):
        merge_adapters(lora + whole, [1.0, 1.0], output=tmp_path)
