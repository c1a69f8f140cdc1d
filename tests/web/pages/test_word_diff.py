import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.web.pages.word_diff import Piece, word_diff

TEXTS = st.text(alphabet=st.sampled_from("ab é.,!? \n"), max_size=40)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_put_together_again(before: str, after: str) -> None:
    pieces = word_diff(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "in") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "out") == after


@given(TEXTS)
def test_an_unchanged_text_is_one_piece(text: str) -> None:
    assert word_diff(text, text) == ([Piece("kept", text)] if text else [])


def test_a_changed_word_is_shown_without_the_blank_behind_it() -> None:
    assert word_diff("That is nice to hear.", "That is wonderful to hear.") == [
        Piece("kept", "That is "),
        Piece("out", "nice"),
        Piece("in", "wonderful"),
        Piece("kept", " to hear."),
    ]


@pytest.mark.parametrize("text", ["I ran home", "I ran home."])
def test_words_that_were_added_at_the_end_are_marked_alone(text: str) -> None:
    assert word_diff(text, text + " Today it rained.")[0] == Piece("kept", text)
