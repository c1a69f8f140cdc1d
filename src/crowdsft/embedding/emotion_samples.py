"""Texts with known emotion shares, from clean to garbled: what the emotion embedding learns from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from crowdsft.world import EMOTIONS, write_comment


@dataclass(frozen=True, slots=True)
class Sample:
    """Texts, and float64[m, d] shares: how much of each emotion is in each text, in rows of sum <= 1."""

    texts: list[str]
    shares: NDArray[np.float64]


def comments(count: int, rng: np.random.Generator) -> Sample:
    """Comments as the grammar writes them."""
    emotions = rng.integers(len(EMOTIONS), size=count)
    return Sample(
        [write_comment(EMOTIONS[emotion], rng) for emotion in emotions], np.eye(len(EMOTIONS))[emotions]
    )


def mixed(count: int, rng: np.random.Generator) -> Sample:
    """One comment followed by another; each emotion's share is its share of the words."""
    first, second = comments(count, rng), comments(count, rng)
    lengths = [np.array([len(text.split()) for text in part.texts]) for part in (first, second)]
    weight = (lengths[0] / (lengths[0] + lengths[1]))[:, None]
    texts = [f"{one} {other}" for one, other in zip(first.texts, second.texts, strict=True)]
    return Sample(texts, weight * first.shares + (1 - weight) * second.shares)


def truncated(count: int, rng: np.random.Generator) -> Sample:
    """Comments cut after half of their words or later; the emotion's share stays 1."""
    whole = comments(count, rng)
    texts = []
    for text in whole.texts:
        words = text.split()
        texts.append(" ".join(words[: int(rng.integers((len(words) + 1) // 2, len(words) + 1))]))
    return Sample(texts, whole.shares)


def garbled(count: int, rng: np.random.Generator) -> Sample:
    """Comments in which up to 60 % of the words gave way to words from anywhere in the other comments.

    The own emotion's share is the share of words that stayed; a stray word counts for no emotion.
    """
    own = comments(count, rng)
    stray_words = [word for text in comments(count, rng).texts for word in text.split()]
    texts, kept = [], np.empty(count)
    for row, text in enumerate(own.texts):
        words = text.split()
        stays = rng.random(len(words)) >= rng.uniform(0, 0.6)
        picks = rng.integers(len(stray_words), size=len(words))
        choices = zip(words, stays, picks, strict=True)
        texts.append(" ".join(word if stay else stray_words[pick] for word, stay, pick in choices))
        kept[row] = stays.mean()
    return Sample(texts, own.shares * kept[:, None])


KINDS: Final[Mapping[str, Callable[[int, np.random.Generator], Sample]]] = {
    "comments": comments,
    "mixed": mixed,
    "truncated": truncated,
    "garbled": garbled,
}


def joined(*samples: Sample) -> Sample:
    """All samples, one after the other."""
    texts = [text for sample in samples for text in sample.texts]
    return Sample(texts, np.concatenate([sample.shares for sample in samples]))
