"""Embeddings by networks in Hugging Face's format, made on the spot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need the [train] extra")

from crowdsft.core.errors import InputError, ModelError, UnknownNameError  # noqa: E402
from crowdsft.embedding import Embedding, make_embedding  # noqa: E402
from tests.judging.tiny_networks import save_classifier, save_encoder  # noqa: E402

pytestmark = pytest.mark.train

TEXTS = ["Good.", "", "It was a long and winding story.", "Fine " * 60, "Good."]


def sentence_files(folder: Path, *, pooling: str, normalize: bool, more: str | None = None) -> Path:
    """The files that sentence-transformers writes beside a model."""
    kinds = ["models.Transformer", "models.Pooling", *(["models.Normalize"] if normalize else [])]
    modules = [
        {
            "idx": index,
            "path": "" if index == 0 else f"{index}_{kind.split('.')[1]}",
            "type": f"sentence_transformers.{kind}",
        }
        for index, kind in enumerate([*kinds, *([more] if more else [])])
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir()
    modes = ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens", "lasttoken")
    config = {f"pooling_mode_{mode}": mode == pooling for mode in modes}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 32} | config))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 48}))
    return folder


def hidden(folder: Path, text: str, longest: int) -> Any:
    """float[T, d]: what transformers itself gives for one text."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        tokens = tokenizer(text, truncation=True, max_length=longest, return_tensors="pt")
        return model(**tokens).last_hidden_state[0].numpy()


@pytest.mark.parametrize(
    ("pooling", "by_hand"),
    [
        ("mean_tokens", lambda rows: rows.mean(axis=0)),
        ("cls_token", lambda rows: rows[0]),
        ("max_tokens", lambda rows: rows.max(axis=0)),
        ("lasttoken", lambda rows: rows[-1]),
    ],
)
@pytest.mark.parametrize("normalize", [True, False])
def test_tokens_are_pooled_as_the_models_own_files_say(
    tmp_path: Path, pooling: str, by_hand: Any, normalize: bool
) -> None:
    folder = sentence_files(save_encoder(tmp_path), pooling=pooling, normalize=normalize)
    found = make_embedding(f"sentence:{folder}").embed(TEXTS)
    expected = np.stack([by_hand(hidden(folder, text, 48)) for text in TEXTS])
    if normalize:
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_plain_encoder_is_pooled_by_its_mean(tmp_path: Path) -> None:
    folder = save_encoder(tmp_path)
    found = make_embedding(f"sentence:{folder}").embed(TEXTS)
    np.testing.assert_allclose(found[2], hidden(folder, TEXTS[2], 96).mean(axis=0), atol=1e-4)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"problem_type": "multi_label_classification"}, lambda x: 1 / (1 + np.exp(-x))),
        ({"problem_type": "single_label_classification"}, lambda x: np.exp(x) / np.exp(x).sum()),
        ({"problem_type": "regression"}, lambda x: x),
        ({}, lambda x: np.exp(x) / np.exp(x).sum()),
    ],
)
def test_scores_are_what_the_problem_type_says(
    tmp_path: Path, changes: dict[str, str], expected: Any
) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = save_classifier(tmp_path, labels=4, **changes)
    embedding = make_embedding(f"classifier:{folder}")
    found = embedding.embed(TEXTS)
    network = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for row, text in zip(found, TEXTS, strict=True):
        with torch.inference_mode():
            logits = network(**tokenizer(text, truncation=True, max_length=96, return_tensors="pt")).logits[0]
        np.testing.assert_allclose(row, expected(logits.double().numpy()), atol=1e-4)
    assert embedding.labels == ("label 0", "label 1", "label 2", "label 3")


@pytest.fixture(params=["sentence", "classifier"])
def embedding(request: pytest.FixtureRequest, tmp_path: Path) -> Embedding:
    save = {"sentence": save_encoder, "classifier": save_classifier}[request.param]
    return make_embedding(f"{request.param}:{save(tmp_path)}")


def test_the_laws_of_an_embedding_hold_up_to_rounding(embedding: Embedding) -> None:
    rows = embedding.embed(TEXTS)
    assert rows.dtype == np.float64 and rows.shape == (len(TEXTS), len(embedding.labels))
    assert np.isfinite(rows).all()
    np.testing.assert_allclose(rows, np.concatenate([embedding.embed([text]) for text in TEXTS]), atol=1e-5)
    np.testing.assert_allclose(rows[::-1], embedding.embed(TEXTS[::-1]), atol=1e-5)
    np.testing.assert_array_equal(rows, embedding.embed(TEXTS))
    assert len(set(embedding.labels)) == len(embedding.labels)
    with pytest.raises(InputError, match="no texts"):
        embedding.embed([])
    with pytest.raises(InputError, match="Put it in a list"):
        embedding.embed("text")


def test_what_a_sentence_encoder_does_beyond_pooling_is_refused(tmp_path: Path) -> None:
    folder = sentence_files(
        save_encoder(tmp_path), pooling="mean_tokens", normalize=False, more="models.Dense"
    )
    with pytest.raises(ModelError, match="Transformer > Pooling > Dense; known here"):
        make_embedding(f"sentence:{folder}").embed(TEXTS)


def test_a_pooling_that_is_not_known_is_refused(tmp_path: Path) -> None:
    folder = sentence_files(save_encoder(tmp_path), pooling="mean_sqrt_len_tokens", normalize=False)
    with pytest.raises(ModelError, match="pooling_mode_mean_sqrt_len_tokens; known here is"):
        make_embedding(f"sentence:{folder}").embed(TEXTS)


@pytest.mark.parametrize("kind", ["sentence", "classifier"])
def test_a_hub_that_cannot_be_reached_is_said_with_what_to_do(kind: str) -> None:
    with pytest.raises(ModelError, match=r"hub cannot be reached.*hf download nobody/has-this"):
        make_embedding(f"{kind}:nobody/has-this", revision="main").embed(TEXTS)


def test_pickles_are_not_read(tmp_path: Path) -> None:
    folder = save_encoder(tmp_path)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="no safetensors weights"):
        make_embedding(f"sentence:{folder}").embed(TEXTS)


@pytest.mark.parametrize("name", ["sentence:", "phrase:a/b", "emotion"])
def test_unknown_names_are_named_with_those_that_exist(name: str) -> None:
    with pytest.raises(UnknownNameError, match="Allowed"):
        make_embedding(name)
