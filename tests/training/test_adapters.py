"""Adapters on disk: whole or not there, readable by PEFT, and the same bytes for the same weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")

from peft import PeftModel  # noqa: E402

from crowdsft.core.errors import ModelError  # noqa: E402
from crowdsft.training import BACKENDS, TrainingOptions, adapters  # noqa: E402
from crowdsft.training.adapters import folder_digest, lora_config, read_adapter, save_adapter  # noqa: E402
from crowdsft.training.base import GroupData  # noqa: E402
from crowdsft.training.models import LoadedModel, load_model, model_with_adapters  # noqa: E402

pytestmark = pytest.mark.train


def test_peft_reads_what_was_trained(
    llama: LoadedModel,
    llama_folder: Path,
    groups: list[GroupData],
    options: TrainingOptions,
    tmp_path: Path,
) -> None:
    candidate = BACKENDS.make("lora").train(llama, groups[:1], options=options, output=tmp_path)[0]
    wrapped = PeftModel.from_pretrained(load_model(str(llama_folder)).model, str(candidate.adapter))
    merged = model_with_adapters(llama, [candidate.adapter]).model
    tokens = torch.arange(40).reshape(2, 20) + 3
    with torch.no_grad():
        by_peft, by_us, plain = (model(tokens).logits for model in (wrapped, merged, llama.model))
    assert (by_us - plain).abs().max() > 0.1
    torch.testing.assert_close(by_us, by_peft, atol=2e-5, rtol=0)


def test_the_files_name_no_machine_and_have_no_random_order(
    llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    candidate = BACKENDS.make("lora").train(llama, groups[:1], options=options, output=tmp_path)[0]
    text = (candidate.adapter / "adapter_config.json").read_text()
    assert llama.reference not in text
    assert str(tmp_path) not in text
    config = json.loads(text)
    assert list(config) == sorted(config)
    assert config["target_modules"] == sorted(config["target_modules"])
    assert lora_config(rank=1, alpha=1, target_modules=[], base="some/hub-id")["base_model_name_or_path"] == (
        "some/hub-id"
    )


def test_the_digest_covers_names_and_contents(tmp_path: Path) -> None:
    digests = []
    for number, (name, content) in enumerate([("a", "bc"), ("ab", "c"), ("a", "bd")]):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_text(content)
        digests.append(folder_digest(folder))
    assert len(set(digests)) == 3


def test_saving_twice_keeps_one_folder(tmp_path: Path) -> None:
    tensors = {"b": torch.ones(2), "a": torch.zeros(3)}
    first = save_adapter(tmp_path, {"y": 1, "x": 2}, tensors)
    second = save_adapter(tmp_path, {"x": 2, "y": 1}, dict(reversed(tensors.items())))
    assert first == second
    assert list(tmp_path.iterdir()) == [first[0]]
    assert torch.equal(read_adapter(first[0]).tensors["b"], tensors["b"])


def test_a_crash_while_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path, content: bytes) -> None:
        path.write_bytes(content[:3])
        raise KeyboardInterrupt

    monkeypatch.setattr(adapters, "_write_durably", fail)
    with pytest.raises(KeyboardInterrupt):
        save_adapter(tmp_path, {}, {"a": torch.ones(1)})
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_no_adapter(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is not an adapter"):
        read_adapter(tmp_path)
