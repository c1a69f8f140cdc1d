"""Whose text is it? The earliest of nearly identical ones counts."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.near_texts import NEAR, Text, first_authors, may_be_near, resemblance, shingles

TEXT = "The bakery on our street sells warm bread from five in the morning."


@pytest.mark.parametrize(
    "copy",
    [
        TEXT,
        TEXT.upper(),
        f"  {TEXT.replace(' ', '   ')}!!! ",
        TEXT.replace("bakery", "bakkery"),
        "\uff34" + TEXT[1:],  # a letter of double width
    ],
)
def test_a_text_in_disguise_counts_for_whoever_came_first(copy: str) -> None:
    assert first_authors([Text("ada", TEXT), Text("bo", copy)]) == [None, "ada"]


@pytest.mark.parametrize(
    "other",
    [
        "The bakery on our street closes at five.",
        "From five in the morning there is warm bread at the bakery on our street.",
        "",
        "!",
    ],
)
def test_another_text_is_its_writers_own(other: str) -> None:
    assert first_authors([Text("ada", TEXT), Text("bo", other)]) == [None, None]


def test_a_copy_of_a_copy_is_the_first_ones() -> None:
    once = TEXT.replace("warm", "warmm")
    twice = once.replace("bread", "breadd").replace("street", "streat")
    assert resemblance(shingles(TEXT), shingles(twice)) < NEAR  # the chain leads away from the first text
    texts = [Text("ada", TEXT), Text("bo", once), Text("cy", twice)]
    assert first_authors(texts) == [None, "ada", "ada"]


def test_repeating_oneself_copies_nobody() -> None:
    assert first_authors([Text("ada", TEXT), Text("ada", TEXT), Text("bo", TEXT)]) == [None, None, "ada"]


def test_two_light_corrections_of_the_same_draft_copy_nobody() -> None:
    texts = [Text("ada", TEXT + " Go.", draft=TEXT), Text("bo", TEXT + " Yes.", draft=TEXT)]
    assert first_authors(texts) == [None, None]


def test_a_copy_handed_in_as_a_correction_of_another_draft_is_a_copy() -> None:
    texts = [Text("ada", TEXT), Text("bo", TEXT, draft="Nothing like it at all, my friend.")]
    assert first_authors(texts) == [None, "ada"]


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.text(string.ascii_lowercase + " ", max_size=30)), max_size=12
    )
)
def test_authors_come_earlier_and_are_others(pairs: list[tuple[str, str]]) -> None:
    texts = [Text(*pair) for pair in pairs]
    for place, author in enumerate(first_authors(texts)):
        assert author is None or (
            author != texts[place].contributor and author in {text.contributor for text in texts[:place]}
        )


@given(st.lists(st.text(max_size=40), min_size=2, max_size=8, unique=True))
def test_equal_texts_are_always_found(contents: list[str]) -> None:
    first = [Text("ada", content) for content in contents]
    again = [Text("bo", content) for content in contents]
    assert first_authors(first + again)[len(contents) :] == ["ada"] * len(contents)


@given(
    st.text("abcd ,.", max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from("abx ,")), max_size=3),
)
def test_the_quick_no_is_never_said_of_near_texts(text: str, changes: list[tuple[int, str]]) -> None:
    other = text
    for place, letter in changes:
        other = other[:place] + letter + other[place + 1 :]
    if resemblance(shingles(text), shingles(other)) >= NEAR:
        assert may_be_near(shingles(text), other)


def test_the_quick_no_is_said_of_other_texts() -> None:
    assert not may_be_near(shingles(TEXT), "My sister plays the violin in a cold garage.")
