"""Scores per emotion of the built-in world: the embedding of its campaigns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import ModelError
from crowdsft.embedding.base import Floats, checked_texts
from crowdsft.embedding.features import Counts, character_ngrams, hashed_counts, unit_rows, word_ngrams

WEIGHTS_FILE: Final = Path(__file__).with_name("emotions.npz")
_BLOCK: Final = 512  # texts embedded at a time: bounds memory


@dataclass(frozen=True, slots=True)
class Weights:
    """What training found.

    Args:
        labels: Names of the d emotions.
        rarity: float64[buckets]; weight of each bucket: its inverse document frequency.
        coefficients: float64[buckets, d].
        offsets: float64[d].
    """

    labels: tuple[str, ...]
    rarity: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    offsets: NDArray[np.float64]


class EmotionEmbedding:
    """One score for each emotion of the built-in world: about 1 where a comment speaks in its voice, else 0.

    A linear model on hashed words and character runs, so that texts half off the grammar (cut, garbled, two
    voices mixed) get scores in between rather than none. `python -m crowdsft.embedding.train_emotions` makes
    its weights and measures them.
    """

    __slots__ = ("_weights",)

    def __init__(self) -> None:
        self._weights = shipped_weights()

    @property
    def labels(self) -> tuple[str, ...]:
        """The emotions, in the order of `crowdsft.world.EMOTIONS`."""
        return self._weights.labels

    def embed(self, texts: Sequence[str]) -> Floats:
        """float64[m, d]; see `Embedding.embed`. Scores are not clipped: they lie around [0, 1]."""
        checked = checked_texts(texts)
        blocks = [checked[start : start + _BLOCK] for start in range(0, len(checked), _BLOCK)]
        return np.concatenate([scores(self._weights, block) for block in blocks])


def scores(weights: Weights, texts: Sequence[str]) -> Floats:
    """float64[m, d]: the linear model's scores."""
    found = weighted_features(texts, weights.rarity)
    sums = np.empty((len(texts), len(weights.labels)))
    for emotion, column in enumerate(weights.coefficients.T):
        sums[:, emotion] = np.bincount(found.rows, found.values * column[found.columns], minlength=len(texts))
    return sums + weights.offsets


def weighted_features(texts: Sequence[str], rarity: NDArray[np.float64]) -> Counts:
    """The features of each text times `rarity`, rows scaled to length 1."""
    return unit_rows(hashed_counts(texts, all_features, len(rarity)), rarity)


def all_features(text: str) -> Iterator[str]:
    """Words and word pairs, and runs of 2 to 5 characters (marked, so that they never pass for words)."""
    yield from word_ngrams(text)
    for run in character_ngrams(text):
        yield f"~{run}"


@cache
def shipped_weights() -> Weights:
    """The weights that come with the package.

    Raises:
        ModelError: The file is missing or damaged.
    """
    try:
        with np.load(WEIGHTS_FILE, allow_pickle=False) as file:
            return Weights(
                labels=tuple(str(label) for label in file["labels"]),
                rarity=file["rarity"].astype(np.float64),
                coefficients=file["coefficients"].astype(np.float64),
                offsets=file["offsets"].astype(np.float64),
            )
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"the weights of the emotion embedding cannot be read from {WEIGHTS_FILE}: {error}. "
            "Reinstall crowdsft, or make them: python -m crowdsft.embedding.train_emotions"
        ) from error
