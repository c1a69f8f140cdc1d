"""Reward models made on the spot: read as their tokenizer wants it, alone or among others."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="reward models need the [train] extra")

from crowdsft.core.errors import InputError, ModelError  # noqa: E402
from crowdsft.judging.reward_model import RewardModelJudge  # noqa: E402
from tests.judging.tiny_networks import save_classifier, save_decoder_reward_model, save_encoder  # noqa: E402

pytestmark = pytest.mark.train

PAIRS = [
    ("How was it?", "Good."),
    ("How was it?", "It was a long and winding story that nobody expected, but good."),
    ("Write a comment.", ""),
    ("Write a comment.", "Fine " * 60),
]


def test_pairs_are_read_as_the_network_reads_them(tmp_path: Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = save_classifier(tmp_path)
    network, tokenizer = (
        kind.from_pretrained(folder) for kind in (AutoModelForSequenceClassification, AutoTokenizer)
    )
    with torch.inference_mode():
        expected = [
            float(network(**tokenizer(*pair, truncation=True, max_length=96, return_tensors="pt")).logits)
            for pair in PAIRS
        ]
    found = RewardModelJudge(model=str(folder)).scores(PAIRS)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.ptp(found) > 0.01


@pytest.mark.parametrize("padding", [True, False])
def test_a_decoder_reads_the_chat_template_up_to_its_last_token(tmp_path: Path, padding: bool) -> None:
    from transformers import AutoModelForSequenceClassification

    folder = save_decoder_reward_model(tmp_path, padding=padding)
    judge = RewardModelJudge(model=str(folder))
    tokenizer = judge.network().tokenizer
    network = AutoModelForSequenceClassification.from_pretrained(folder)
    expected = []
    for prompt, answer in PAIRS[:3]:
        text = f"<|user|>{prompt}[SEP]<|assistant|>{answer}[SEP]"
        tokens = torch.tensor([tokenizer(text, add_special_tokens=False)["input_ids"]])
        with torch.inference_mode():
            hidden = network.model(tokens).last_hidden_state[0, -1]
            expected.append(float(network.score(hidden)))
    np.testing.assert_allclose(judge.scores(PAIRS[:3]), expected, atol=1e-5)


def test_a_score_depends_on_its_own_pair_alone(tmp_path: Path) -> None:
    judge = RewardModelJudge(model=str(save_classifier(tmp_path)))
    together = judge.scores(PAIRS)
    np.testing.assert_allclose(together, np.concatenate([judge.scores([p]) for p in PAIRS]), atol=1e-5)
    np.testing.assert_allclose(together[::-1], judge.scores(PAIRS[::-1]), atol=1e-5)


def test_one_of_several_labels_has_to_be_named(tmp_path: Path) -> None:
    folder = str(save_classifier(tmp_path, labels=3))
    with pytest.raises(InputError, match="scores 3 labels and names none of them: label 0, label 1"):
        RewardModelJudge(model=folder).scores(PAIRS)
    with pytest.raises(InputError, match="'label 9' is none of them"):
        RewardModelJudge(model=folder, label="label 9").scores(PAIRS)
    first, third = (RewardModelJudge(model=folder, label=f"label {i}").scores(PAIRS) for i in (0, 2))
    assert not np.allclose(first, third)


def test_pickles_are_not_read(tmp_path: Path) -> None:
    folder = save_classifier(tmp_path)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"no safetensors weights, only pytorch_model.bin"):
        RewardModelJudge(model=str(folder)).scores(PAIRS)


def test_a_network_without_a_classifier_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"lacks 2 of its weights, classifier.bias"):
        RewardModelJudge(model=str(save_encoder(tmp_path))).scores(PAIRS)


def test_a_hub_that_cannot_be_reached_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match=r"hub cannot be reached.*hf download nobody/has-this"):
        RewardModelJudge(model="nobody/has-this", revision="main").scores(PAIRS)


def test_code_of_a_model_does_not_run_unasked(tmp_path: Path) -> None:
    import json

    folder = save_classifier(tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "own",
        "auto_map": {
            "AutoConfig": "own.OwnConfig",
            "AutoModelForSequenceClassification": "own.OwnModel",
        },
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    with pytest.raises(ModelError, match="trust_remote_code"):
        RewardModelJudge(model=str(folder)).scores(PAIRS)
    assert not (tmp_path / "ran").exists()
    shutil.rmtree(folder)
