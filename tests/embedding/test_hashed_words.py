"""Hashed words: counted, scaled, the same everywhere."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.errors import InputError
from crowdsft.embedding import HashedWords
from crowdsft.embedding.features import character_ngrams, word_ngrams, words_of


def test_a_text_of_two_words_has_three_features_of_equal_weight() -> None:
    (row,) = HashedWords(dimension=4096).embed(["Warm waffles"])
    expected = np.zeros(4096)
    for feature in (b"warm", b"waffles", b"warm waffles"):
        expected[zlib.crc32(feature) % 4096] = 1 / np.sqrt(3)
    np.testing.assert_allclose(row, expected)


@given(st.text(max_size=60), st.integers(min_value=1, max_value=300))
def test_rows_have_length_one_unless_there_is_no_word(text: str, dimension: int) -> None:
    (row,) = HashedWords(dimension).embed([text])
    assert np.linalg.norm(row) == pytest.approx(1.0 if words_of(text) else 0.0)
    assert (row >= 0).all()


def test_case_and_punctuation_do_not_matter_but_order_does() -> None:
    same, other, turned = HashedWords().embed(["The cat, the DOG!", "the cat the dog", "the dog the cat"])
    np.testing.assert_allclose(same, other)
    assert not np.allclose(same, turned)


def test_a_dimension_below_one_is_refused() -> None:
    with pytest.raises(InputError, match="at least 1"):
        HashedWords(dimension=0)


def test_words_keep_their_apostrophes_and_hyphens() -> None:
    assert words_of("I can't say: thank-you, Zoë's über_cat!") == [
        "i", "can't", "say", "thank-you", "zoë's", "über", "cat",
    ]  # fmt: skip


def test_word_ngrams_are_words_and_neighbouring_pairs() -> None:
    assert list(word_ngrams("we won it")) == ["we", "won", "it", "we won", "won it"]


def test_character_ngrams_stay_inside_a_word_and_its_spaces() -> None:
    assert list(character_ngrams("A b", shortest=2, longest=5)) == [" a", "a ", " a ", " b", "b ", " b "]
