"""Loading models, and what is said when there is nothing to load."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")

from safetensors.torch import load_file, save_file  # noqa: E402
from transformers import BertConfig, BertForMaskedLM, T5Config, T5ForConditionalGeneration  # noqa: E402

from crowdsft.core.errors import ModelError  # noqa: E402
from crowdsft.training import BACKENDS, TrainingOptions  # noqa: E402
from crowdsft.training.base import GroupData  # noqa: E402
from crowdsft.training.models import LoadedModel, load_model, model_with_adapters  # noqa: E402

pytestmark = pytest.mark.train


def test_a_model_is_loaded_in_float32_frozen_and_ready_to_pad(llama: LoadedModel) -> None:
    assert {parameter.dtype for parameter in llama.model.parameters()} == {torch.float32}
    assert not any(parameter.requires_grad for parameter in llama.model.parameters())
    assert not llama.model.training
    assert llama.tokenizer.pad_token_id is not None
    assert llama.stop_tokens == {0}


def test_half_precision_weights_are_widened(llama_folder: Path, tmp_path: Path) -> None:
    load_model(str(llama_folder)).model.half().save_pretrained(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(llama_folder / name, tmp_path / name)
    model = load_model(str(tmp_path)).model
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


@pytest.mark.parametrize("reference", ["./nowhere", "/no/such/folder", "~/nowhere/at/all", "a/b/c"])
def test_a_folder_that_does_not_exist(reference: str) -> None:
    with pytest.raises(ModelError, match=r"does not exist .*hub id such as 'organisation/name'"):
        load_model(reference)


def test_a_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").touch()
    with pytest.raises(ModelError, match="is a file; give the folder"):
        load_model(str(tmp_path / "weights.safetensors"))


def test_an_unknown_built_in_model() -> None:
    with pytest.raises(ModelError, match=r"no built-in model named 'builtin:huge'.*builtin:tiny"):
        load_model("builtin:huge")


def test_a_folder_without_a_configuration(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no config\.json.*save_pretrained"):
        load_model(str(tmp_path))


def test_pickled_weights_are_refused(llama_folder: Path, tmp_path: Path) -> None:
    shutil.copy(llama_folder / "config.json", tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"anything")
    with pytest.raises(ModelError, match=r"only pytorch_model\.bin, which can run code"):
        load_model(str(tmp_path))


def test_a_hub_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match=r"hub cannot be reached.*hf download nobody/nothing"):
        load_model("nobody/nothing")


def test_other_kinds_of_models_are_refused(tmp_path: Path) -> None:
    small = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    BertForMaskedLM(BertConfig(vocab_size=16, **small)).save_pretrained(tmp_path / "bert")
    with pytest.raises(ModelError, match=r"BertForMaskedLM.*not a causal language model"):
        load_model(str(tmp_path / "bert"))
    config = T5Config(vocab_size=16, d_model=8, d_kv=8, d_ff=8, num_layers=1, num_heads=1)
    T5ForConditionalGeneration(config).save_pretrained(tmp_path / "t5")
    with pytest.raises(ModelError, match=r"T5ForConditionalGeneration.*not a causal language model"):
        load_model(str(tmp_path / "t5"))


def test_a_broken_folder_says_which(llama_folder: Path, tmp_path: Path) -> None:
    for path in llama_folder.iterdir():
        shutil.copy(path, tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelError, match="could not be loaded from"):
        load_model(str(tmp_path))


def test_weights_that_are_missing_are_not_made_up(llama_folder: Path, tmp_path: Path) -> None:
    for path in llama_folder.iterdir():
        shutil.copy(path, tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks 1 of its weights.*layers\.1\.mlp\.up_proj"):
        load_model(str(tmp_path))


def test_a_tokenizer_that_cannot_end_a_text_is_refused(llama_folder: Path, tmp_path: Path) -> None:
    for path in llama_folder.iterdir():
        shutil.copy(path, tmp_path)
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text())
    del settings["eos_token"]
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(ModelError, match="no end-of-text token"):
        load_model(str(tmp_path))


def test_a_stack_of_adapters_is_merged_into_a_copy(
    llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    before = {name: value.clone() for name, value in llama.model.state_dict().items()}
    lora, whole = (
        BACKENDS.make(name).train(llama, groups[:1], options=options, output=tmp_path)[0]
        for name in ("lora", "full_finetune")
    )
    stacked = model_with_adapters(llama, [lora.adapter, whole.adapter])
    assert stacked.adapters == (lora.digest, whole.digest)
    assert model_with_adapters(model_with_adapters(llama, [lora.adapter]), [whole.adapter]).adapters == (
        lora.digest,
        whole.digest,
    )
    assert all(torch.equal(value, before[name]) for name, value in llama.model.state_dict().items())
    changed = stacked.model.state_dict()
    assert not torch.equal(
        changed["model.layers.0.mlp.up_proj.weight"], before["model.layers.0.mlp.up_proj.weight"]
    )
    assert model_with_adapters(llama, []).adapters == ()
