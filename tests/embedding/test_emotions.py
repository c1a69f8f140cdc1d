"""The emotion embedding scores comments of the built-in world, whole or damaged, as it says it does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from crowdsft.core.errors import ModelError
from crowdsft.core.seeds import derive_rng
from crowdsft.embedding import EMBEDDINGS, emotions
from crowdsft.embedding.emotion_samples import KINDS
from crowdsft.embedding.emotions import WEIGHTS_FILE, shipped_weights
from crowdsft.embedding.train_emotions import measure, save, train
from crowdsft.world import EMOTIONS, expert_comments, write_comment

LEAST_R_SQUARED = {"comments": 0.96, "mixed": 0.9, "truncated": 0.9, "garbled": 0.75}
LEAST_TOP_ACCURACY = {"comments": 0.99, "mixed": 0.7, "truncated": 0.98, "garbled": 0.85}


def test_the_shipped_file_is_small() -> None:
    assert WEIGHTS_FILE.stat().st_size <= 1_000_000


def test_labels_are_the_emotions_of_the_world() -> None:
    assert EMBEDDINGS.make("emotions").labels == EMOTIONS


def test_fresh_texts_are_scored_well() -> None:
    for kind, quality in measure(shipped_weights(), seed=99, count=700).items():
        assert quality.r_squared >= LEAST_R_SQUARED[kind], kind
        assert quality.top_accuracy >= LEAST_TOP_ACCURACY[kind], kind


def test_the_mean_of_many_comments_points_at_their_emotion() -> None:
    embedding = EMBEDDINGS.make("emotions")
    for position, emotion in enumerate(EMOTIONS):
        mean = embedding.embed(expert_comments(emotion, 50, np.random.default_rng(position))).mean(axis=0)
        assert np.linalg.norm(mean - np.eye(len(EMOTIONS))[position]) < 0.2


def test_strange_texts_get_low_scores() -> None:
    strange = ["", "qqq zzz", "Lorem ipsum dolor sit amet", "1 2 3 4 5"]
    assert np.abs(EMBEDDINGS.make("emotions").embed(strange)).max() < 0.7


def test_a_comment_between_two_emotions_scores_on_both() -> None:
    rng = np.random.default_rng(5)
    texts = [f"{write_comment('joy', rng)} {write_comment('anger', rng)}" for _ in range(40)]
    mean = EMBEDDINGS.make("emotions").embed(texts).mean(axis=0)
    joy, anger = EMOTIONS.index("joy"), EMOTIONS.index("anger")
    assert mean[[joy, anger]].min() > 0.3
    assert np.delete(mean, [joy, anger]).max() < 0.1


@pytest.mark.slow
def test_training_gives_the_shipped_weights(tmp_path: Path) -> None:
    save(train(), tmp_path / "again.npz")
    with np.load(tmp_path / "again.npz") as again, np.load(WEIGHTS_FILE) as shipped:
        assert set(again) == set(shipped)
        for name in set(again) - {"labels"}:
            np.testing.assert_allclose(again[name], shipped[name], rtol=0, atol=2e-3)


def test_a_missing_file_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(emotions, "WEIGHTS_FILE", tmp_path / "nothing.npz")
    with pytest.raises(ModelError, match="Reinstall crowdsft"):
        emotions.shipped_weights.__wrapped__()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_shares_are_shares(kind: str) -> None:
    sample = KINDS[kind](200, derive_rng(0, kind))
    assert len(sample.texts) == 200
    assert sample.shares.shape == (200, len(EMOTIONS))
    assert sample.shares.min() >= 0
    assert sample.shares.sum(axis=1).max() <= 1 + 1e-12
