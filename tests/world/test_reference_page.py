"""The reference page says what the world holds."""

from __future__ import annotations

from pathlib import Path

import crowdsft.world
from crowdsft.embedding import EMBEDDINGS
from crowdsft.world import EMOTIONS, count_comments

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference-builtin-world.md"


def test_every_emotion_stands_there_with_its_number_of_comments() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for emotion in EMOTIONS:
        assert f"| {emotion} | {count_comments(emotion):,} |" in text
    assert f"{sum(map(count_comments, EMOTIONS)):,} in all" in text


def test_every_embedding_and_every_public_name_stands_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    missing = [name for name in EMBEDDINGS if f"| `{name}` |" not in text]
    missing += [name for name in crowdsft.world.__all__ if f"`{name}" not in text]
    assert not missing
