"""The grammar writes fluent comments of one emotion each, and reads back what it wrote and nothing else."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.errors import InputError
from crowdsft.world import (
    EMOTIONS,
    Parse,
    all_parses,
    count_comments,
    label_scores,
    parse_comment,
    write_comment,
)
from crowdsft.world.grammar import VOICES
from crowdsft.world.lexicon import LEXICON

emotions = st.sampled_from(EMOTIONS)
seeds = st.integers(min_value=0, max_value=2**32)


def test_there_are_twelve_emotions_and_more_and_neutral_is_last() -> None:
    assert len(EMOTIONS) >= 13
    assert len(set(EMOTIONS)) == len(EMOTIONS)
    assert EMOTIONS[-1] == "neutral"


@given(emotions, seeds)
def test_what_is_written_is_read_back_in_one_way_only(emotion: str, seed: int) -> None:
    text = write_comment(emotion, np.random.default_rng(seed))
    parses = list(all_parses(text))
    assert [parse.emotion for parse in parses] == [emotion]


@given(emotions, seeds)
def test_a_parse_says_how_the_comment_was_made(emotion: str, seed: int) -> None:
    text = write_comment(emotion, np.random.default_rng(seed))
    parse = parse_comment(text)
    assert parse is not None
    assert rebuilt(parse) == text


def rebuilt(parse: Parse) -> str:
    fillers = iter(parse.fillers)
    core = re.sub(r"\{\w+\}", lambda _: next(fillers), parse.core)
    sentences = [parse.opener, core[:1].upper() + core[1:], parse.closer]
    return " ".join(sentence for sentence in sentences if sentence is not None)


@given(emotions, seeds)
def test_the_same_seed_writes_the_same_comment(emotion: str, seed: int) -> None:
    first, second = (write_comment(emotion, np.random.default_rng(seed)) for _ in range(2))
    assert first == second


@given(emotions, seeds, st.data())
def test_a_comment_that_lost_a_word_is_read_as_no_other_emotion(
    emotion: str, seed: int, data: st.DataObject
) -> None:
    words = write_comment(emotion, np.random.default_rng(seed)).split()
    words.pop(data.draw(st.integers(min_value=0, max_value=len(words) - 1)))
    parse = parse_comment(" ".join(words))
    assert parse is None or parse.emotion == emotion


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I am so happy.",
        "i wonder where the swifts sleep.",
        "I wonder  where the swifts sleep.",
        "I wonder where the swifts sleep",
        "I am furious. I wonder where the swifts sleep.",
        "I wonder. I wonder where the swifts sleep. Any ideas?",
        "I wonder where the swifts sleep. I wonder where the swifts sleep.",
    ],
)
def test_what_the_grammar_does_not_make_is_refused(text: str) -> None:
    assert parse_comment(text) is None


def test_space_around_a_comment_does_not_matter() -> None:
    parse = parse_comment("  I wonder where the swifts sleep. Any ideas?\n")
    assert parse == Parse("curiosity", "I wonder {riddle}.", ("where the swifts sleep",), None, "Any ideas?")


def test_a_filler_at_the_start_is_given_as_the_lexicon_has_it() -> None:
    parse = parse_comment("Chin up! My kettle broke, but tomorrow is a new day.")
    assert parse == Parse(
        "optimism", "{bad}, but tomorrow is a new day.", ("my kettle broke",), "Chin up!", None
    )


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_three_hundred_different_comments_are_easily_had(emotion: str) -> None:
    rng = np.random.default_rng(7)
    assert len({write_comment(emotion, rng) for _ in range(400)}) >= 300


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_every_voice_makes_thousands_of_comments(emotion: str) -> None:
    assert count_comments(emotion) > 5_000


def test_the_world_makes_hundreds_of_thousands_of_comments() -> None:
    assert sum(map(count_comments, EMOTIONS)) > 300_000


def test_the_count_is_right_where_it_can_be_listed() -> None:
    """The voice with the fewest comments, written often enough that hardly one is missing."""
    emotion = min(EMOTIONS, key=count_comments)
    rng = np.random.default_rng(3)
    seen = {write_comment(emotion, rng) for _ in range(40_000)}
    assert 0.6 * count_comments(emotion) < len(seen) <= count_comments(emotion)


def test_no_sentence_belongs_to_two_voices() -> None:
    for part in ("openers", "cores", "closers"):
        sentences = [sentence for voice in VOICES.values() for sentence in getattr(voice, part)]
        assert len(set(sentences)) == len(sentences)


def test_every_slot_is_in_the_lexicon_and_every_phrase_is_used() -> None:
    slots = {
        slot for voice in VOICES.values() for core in voice.cores for slot in re.findall(r"\{(\w+)\}", core)
    }
    assert slots == set(LEXICON)
    for phrases in LEXICON.values():
        assert len(set(phrases)) == len(phrases)


def test_label_scores_count_a_comment_for_its_emotion_and_anything_else_for_none() -> None:
    scores = label_scores(["I wonder where the swifts sleep.", "nonsense", "We are seeing red."])
    assert scores.shape == (3, len(EMOTIONS))
    assert scores[0, EMOTIONS.index("curiosity")] == 1.0
    assert scores.sum() == 1.0


def test_an_unknown_emotion_is_named_with_those_that_exist() -> None:
    with pytest.raises(InputError, match="Did you mean 'sadness'"):
        write_comment("sadnes", np.random.default_rng(0))
