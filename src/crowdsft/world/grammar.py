"""Writes comments of the little town, emotion by emotion, and reads them back.

A comment is `core`, `opener core` or `core closer`, all of one emotion. No text belongs to two emotions, so
reading a comment back gives it a label that owes nothing to any embedding: a strict second opinion about
what a model wrote.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import InputError, unknown_name_problem
from crowdsft.world.bright import BRIGHT
from crowdsft.world.dark import DARK
from crowdsft.world.lexicon import LEXICON
from crowdsft.world.plain import PLAIN
from crowdsft.world.voice import Voice

VOICES: Final[Mapping[str, Voice]] = {**BRIGHT, **DARK, **PLAIN}
EMOTIONS: Final[tuple[str, ...]] = tuple(VOICES)
"""Twelve emotions and more, with names of the GoEmotions label set, and "neutral" last."""

_SLOT: Final = re.compile(r"\{(\w+)\}")
_BARE_SHARE: Final = 0.2  # of the comments have neither opener nor closer; the rest have one of them, evenly


@dataclass(frozen=True, slots=True)
class Parse:
    """How the grammar makes one comment.

    Args:
        emotion: The emotion whose voice it is.
        core: The template of the core sentence.
        fillers: The phrases that fill the template's slots, in order.
        opener: The sentence before the core, or None.
        closer: The sentence after the core, or None.
    """

    emotion: str
    core: str
    fillers: tuple[str, ...]
    opener: str | None = None
    closer: str | None = None


def write_comment(emotion: str, rng: np.random.Generator) -> str:
    """A comment in the voice of `emotion`.

    Raises:
        InputError: There is no such emotion.
    """
    voice = voice_of(emotion)
    core = _capitalised(_SLOT.sub(lambda slot: _pick(LEXICON[slot[1]], rng), _pick(voice.cores, rng)))
    extra = rng.random()
    if extra < _BARE_SHARE:
        return core
    if extra < (1 + _BARE_SHARE) / 2:
        return f"{_pick(voice.openers, rng)} {core}"
    return f"{core} {_pick(voice.closers, rng)}"


def parse_comment(text: str) -> Parse | None:
    """How the grammar makes `text`, or None when it cannot; space around the text is ignored."""
    return next(all_parses(text), None)


def all_parses(text: str) -> Iterator[Parse]:
    """Every way in which the grammar makes `text`; the law is that there is never more than one."""
    text = text.strip()
    for emotion, voice in VOICES.items():
        for opener, body, closer in _splits(text, voice):
            for core, pattern in _core_patterns(emotion):
                if match := pattern.fullmatch(body):
                    fillers = tuple(_uncapitalised_at_start(core, match.groups()))
                    yield Parse(emotion, core, fillers, opener, closer)


def label_scores(texts: Sequence[str]) -> NDArray[np.float64]:
    """float64[m, d]: 1 where the grammar reads text m as emotion d, else 0; zeros: off the grammar.

    The strictest scorer of what a model wrote: one wrong word and the text counts for nothing.
    """
    scores = np.zeros((len(texts), len(EMOTIONS)))
    for row, text in zip(scores, texts, strict=True):
        if parse := parse_comment(text):
            row[EMOTIONS.index(parse.emotion)] = 1.0
    return scores


def count_comments(emotion: str) -> int:
    """The number of distinct comments that the voice of `emotion` can make.

    Derivations are counted; each makes a different text because no text has two parses.
    """
    voice = voice_of(emotion)
    cores = sum(math.prod(len(LEXICON[slot]) for slot in _SLOT.findall(core)) for core in voice.cores)
    return cores * (1 + len(voice.openers) + len(voice.closers))


def voice_of(emotion: str) -> Voice:
    """The voice of `emotion`.

    Raises:
        InputError: There is no such emotion.
    """
    if emotion not in VOICES:
        raise InputError(unknown_name_problem("emotion", emotion, EMOTIONS))
    return VOICES[emotion]


def _splits(text: str, voice: Voice) -> Iterator[tuple[str | None, str, str | None]]:
    yield None, text, None
    for opener in voice.openers:
        if text.startswith(f"{opener} "):
            yield opener, text[len(opener) + 1 :], None
    for closer in voice.closers:
        if text.endswith(f" {closer}"):
            yield None, text[: -len(closer) - 1], closer


@cache
def _core_patterns(emotion: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((core, re.compile(_pattern_of(core))) for core in VOICES[emotion].cores)


def _pattern_of(core: str) -> str:
    """A regular expression that matches what `core` can become, with one group for each slot."""
    pieces = _SLOT.split(core)  # literal, slot, literal, slot, ..., literal
    pattern = re.escape(pieces[0])
    for position in range(1, len(pieces), 2):
        phrases = LEXICON[pieces[position]]
        if not pattern:
            phrases = tuple(_capitalised(phrase) for phrase in phrases)
        pattern += f"({'|'.join(map(re.escape, phrases))}){re.escape(pieces[position + 1])}"
    return pattern


def _uncapitalised_at_start(core: str, fillers: Sequence[str]) -> Iterator[str]:
    """The fillers as they stand in the lexicon."""
    for position, filler in enumerate(fillers):
        if position == 0 and core.startswith("{"):
            phrases = LEXICON[_SLOT.findall(core)[0]]
            yield next(phrase for phrase in phrases if _capitalised(phrase) == filler)
        else:
            yield filler


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _pick(phrases: Sequence[str], rng: np.random.Generator) -> str:
    return phrases[int(rng.integers(len(phrases)))]
