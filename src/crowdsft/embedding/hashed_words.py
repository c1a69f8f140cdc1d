"""Hashed words: an embedding that needs nothing but numpy and knows nothing about the language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crowdsft.core.errors import InputError
from crowdsft.embedding.base import Floats, checked_texts
from crowdsft.embedding.features import hashed_counts, unit_rows, word_ngrams


@dataclass(frozen=True, slots=True)
class HashedWords:
    """Words and neighbouring word pairs, counted in `dimension` buckets, each row scaled to length 1.

    A text without a word is the zero vector. Two texts are near when they share words, whatever the words
    mean; use it where no trained embedding fits the language or the trade.

    Raises:
        InputError: The dimension is less than 1.

    Source: Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask Learning", without their signs:
    entries stay non-negative, so that the mean of many texts reads as a profile of words.
    """

    dimension: int = 256

    def __post_init__(self) -> None:
        if self.dimension < 1:
            raise InputError(f"dimension is the number of buckets and at least 1, not {self.dimension}.")

    @property
    def labels(self) -> tuple[str, ...]:
        """ "bucket 0", "bucket 1", ..."""
        return tuple(f"bucket {position}" for position in range(self.dimension))

    def embed(self, texts: Sequence[str]) -> Floats:
        """float64[m, dimension]; see `Embedding.embed`."""
        counts = hashed_counts(checked_texts(texts), word_ngrams, self.dimension)
        unit = unit_rows(counts, np.ones(self.dimension))
        embedded = np.zeros(unit.shape)
        embedded[unit.rows, unit.columns] = unit.values
        return embedded
