"""Features of a text, hashed into buckets: no vocabulary to store and none to run out of."""

from __future__ import annotations

import itertools
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each bucket occurs in each text, as (row, column, value) triples sorted by row.

    Args:
        rows: int64[k]; text of each triple.
        columns: int64[k]; bucket of each triple; no bucket occurs twice in a row.
        values: float64[k]; number of features of the text in the bucket, at least 1.
        shape: Number of texts, number of buckets.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: NDArray[np.float64]
    shape: tuple[int, int]


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation; "can't" and "thank-you" are one word each."""
    return _WORD.findall(text.lower())


def word_ngrams(text: str) -> Iterator[str]:
    """Every word, and every two neighbouring words."""
    words = words_of(text)
    yield from words
    for pair in itertools.pairwise(words):
        yield " ".join(pair)


def character_ngrams(text: str, shortest: int = 2, longest: int = 5) -> Iterator[str]:
    """Every run of `shortest` to `longest` characters inside a word with one space at either side."""
    for word in text.lower().split():
        padded = f" {word} "
        for length in range(shortest, min(longest, len(padded)) + 1):
            for start in range(len(padded) - length + 1):
                yield padded[start : start + length]


def hashed_counts(texts: Sequence[str], features: Callable[[str], Iterator[str]], buckets: int) -> Counts:
    """Counts the features of each text in `buckets` buckets; CRC-32, so equal on every machine."""
    rows: list[int] = []
    columns: list[int] = []
    values: list[int] = []
    for row, text in enumerate(texts):
        counted = Counter(zlib.crc32(feature.encode()) % buckets for feature in features(text))
        rows += [row] * len(counted)
        columns += counted.keys()
        values += counted.values()
    return Counts(
        np.array(rows, dtype=np.int64),
        np.array(columns, dtype=np.int64),
        np.array(values, dtype=np.float64),
        (len(texts), buckets),
    )


def unit_rows(counts: Counts, weights: NDArray[np.float64]) -> Counts:
    """Counts times float64[buckets] `weights`, every row scaled to length 1 (an empty row stays empty)."""
    values = counts.values * weights[counts.columns]
    squared_lengths = np.bincount(counts.rows, values**2, minlength=counts.shape[0])
    lengths = np.sqrt(squared_lengths)
    lengths[lengths == 0] = 1.0
    return Counts(counts.rows, counts.columns, values / lengths[counts.rows], counts.shape)
