"""Adapters trained together equal adapters trained one by one, whatever the architecture."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")

from transformers import AutoConfig, AutoModelForCausalLM  # noqa: E402

from crowdsft.training import BACKENDS, GroupData, TrainingOptions  # noqa: E402
from crowdsft.training.models import LoadedModel, load_model  # noqa: E402
from crowdsft.training.multi_lora.backend import MultiLora  # noqa: E402
from crowdsft.training.multi_lora.llama import is_lean_model  # noqa: E402

pytestmark = pytest.mark.train
SHAPE = {
    "vocab_size": 264,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 256,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": 0,
    "initializer_range": 0.2,
}
LEAN: dict[str, dict[str, Any]] = {
    "llama": {},
    "qwen2": {},
    "mistral": {"sliding_window": None},
}
OTHERS: dict[str, dict[str, Any]] = {
    "qwen3": {},
    "gemma": {"hidden_activation": "gelu_pytorch_tanh"},
    "gemma2": {"sliding_window": 16, "query_pre_attn_scalar": 8},
    "mistral": {"sliding_window": 16},
}
CASES = [(kind, changes, True) for kind, changes in LEAN.items()]
CASES += [(kind, changes, False) for kind, changes in OTHERS.items()]


def small_model(kind: str, changes: dict[str, Any], folder: Path) -> LoadedModel:
    from tests.training.conftest import byte_tokenizer

    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, **SHAPE | changes)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    byte_tokenizer(chat=True).save_pretrained(folder)
    return load_model(str(folder))


@pytest.mark.parametrize(("kind", "changes", "is_lean"), CASES, ids=lambda value: str(value)[:24])
def test_equal_to_one_by_one(
    kind: str,
    changes: dict[str, Any],
    is_lean: bool,
    groups: list[GroupData],
    options: TrainingOptions,
    tmp_path: Path,
) -> None:
    base = small_model(kind, changes, tmp_path / "base")
    assert is_lean_model(base.model) == is_lean
    options = dataclasses.replace(options, learning_rate=1e-3)
    together = MultiLora().train(base, groups, options=options, output=tmp_path)
    alone = BACKENDS.make("lora").train(base, groups, options=options, output=tmp_path)
    for one, other in zip(together, alone, strict=True):
        assert one.steps == other.steps
        assert one.losses == pytest.approx(other.losses, abs=2e-5, rel=0)


@pytest.mark.parametrize(("kind", "changes", "is_lean"), CASES, ids=lambda value: str(value)[:24])
def test_credit_sums_up(
    kind: str,
    changes: dict[str, Any],
    is_lean: bool,
    groups: list[GroupData],
    options: TrainingOptions,
    tmp_path: Path,
) -> None:
    base = small_model(kind, changes, tmp_path / "base")
    named = [
        dataclasses.replace(
            group,
            examples=tuple(
                dataclasses.replace(example, contributor=f"contributor {place % 2}")
                for place, example in enumerate(group.examples)
            ),
            expert_answers=groups[0].examples,
        )
        for group in groups
    ]
    options = dataclasses.replace(options, learning_rate=1e-3, credit_every=1, credit_rows=2)
    with MultiLora().trained(base, named, options=options) as together:
        assert together.credit is not None
        for row, whole in enumerate(together.credit.first_order()):
            gains = [credit.gain for credit in together.credits(row)]
            assert sum(gains) == pytest.approx(whole, rel=1e-3, abs=1e-5)
            assert any(gain != 0 for gain in gains)
