"""Laws that every embedding of the table obeys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdsft.core.errors import InputError, UnknownNameError
from crowdsft.embedding import EMBEDDINGS, Embedding

any_texts = st.lists(st.text(max_size=80), min_size=1, max_size=6)


@pytest.fixture(params=sorted(EMBEDDINGS), scope="module")
def embedding(request: pytest.FixtureRequest) -> Embedding:
    return EMBEDDINGS.make(request.param)


@settings(max_examples=40)
@given(texts=any_texts)
def test_one_finite_row_for_each_text_and_one_label_for_each_column(
    embedding: Embedding, texts: list[str]
) -> None:
    rows = embedding.embed(texts)
    assert rows.dtype == np.float64
    assert rows.shape == (len(texts), len(embedding.labels))
    assert np.isfinite(rows).all()


@settings(max_examples=40)
@given(texts=any_texts)
def test_a_row_depends_on_its_own_text_alone(embedding: Embedding, texts: list[str]) -> None:
    together = embedding.embed(texts)
    alone = np.concatenate([embedding.embed([text]) for text in texts])
    backwards = embedding.embed(texts[::-1])[::-1]
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-12)
    np.testing.assert_allclose(together, backwards, rtol=0, atol=1e-12)


def test_many_texts_are_embedded_as_few_are(embedding: Embedding) -> None:
    texts = [f"comment number {number} of the day" for number in range(1300)]
    np.testing.assert_allclose(embedding.embed(texts)[-3:], embedding.embed(texts[-3:]), rtol=0, atol=1e-12)


def test_different_comments_are_told_apart(embedding: Embedding) -> None:
    first, second = embedding.embed(
        ["I am terrified of the thunder.", "Life is sweet and I danced in the park."]
    )
    assert np.linalg.norm(first - second) > 0.5


def test_labels_are_different_names(embedding: Embedding) -> None:
    assert len(set(embedding.labels)) == len(embedding.labels)


def test_no_texts_are_refused(embedding: Embedding) -> None:
    with pytest.raises(InputError, match="no texts"):
        embedding.embed([])


@pytest.mark.parametrize("wrong", [None, 3, b"bytes"])
def test_what_is_not_a_string_is_named_with_its_place(embedding: Embedding, wrong: Any) -> None:
    with pytest.raises(InputError, match=r"texts\[1\]"):
        embedding.embed(["fine", wrong])


def test_a_single_string_is_not_taken_for_a_list_of_letters(embedding: Embedding) -> None:
    with pytest.raises(InputError, match="Put it in a list"):
        embedding.embed("I wonder.")


def test_an_unknown_embedding_is_named_with_those_that_exist() -> None:
    with pytest.raises(UnknownNameError, match="emotions, hashed_words"):
        EMBEDDINGS.make("sentiment")
