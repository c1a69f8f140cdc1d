"""Texts that are nearly the same: who wrote it first?

A text is compared by its shingles, all runs of four characters of its normal form. Two texts are nearly the
same when they share at least `NEAR` of all their shingles. Only texts whose sketches meet (the eight
smallest hashes of their shingles) are compared at all, so that a campaign's thousands of texts cost little.

Source: Broder, "On the resemblance and containment of documents" (1997); not in the paper.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import nsmallest
from math import ceil

NEAR = (
    0.8  # shared share of all shingles; one wrong letter in ten words leaves about 0.86, one other word 0.7
)
SHINGLE = 4  # characters
SKETCH = 8  # hashes kept; texts that share 0.8 of all have at least one of them in common but for one pair in 400,000

_NOT_A_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Text:
    """A text, who handed it in, and the draft of the model that it corrects, if it does."""

    contributor: str
    text: str
    draft: str = ""


def shingles(text: str) -> frozenset[str]:
    """All runs of four characters of the text in lower case, without accents of width, marks and double spaces.

    Texts shorter than that are their own only shingle.
    """
    normal = _normal(text)
    return frozenset(normal[k : k + SHINGLE] for k in range(max(1, len(normal) - SHINGLE + 1)))


def may_be_near(own: frozenset[str], text: str) -> bool:
    """Whether a text can share `NEAR` of all shingles with `own`; a quick no for nearly all that cannot.

    Near texts have at least that share of `own` in common, so a few shingles that are missing in the text are enough.
    """
    normal, may_miss = _normal(text), len(own) - ceil(NEAR * len(own) - 1e-9)
    for shingle in own:
        if shingle not in normal:
            may_miss -= 1
            if may_miss < 0:
                return False
    return True


def _normal(text: str) -> str:
    return _NOT_A_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip() or text


def resemblance(first: frozenset[str], second: frozenset[str]) -> float:
    """Shared share of all shingles, from 0 to 1."""
    shared = len(first & second)
    return shared / (len(first) + len(second) - shared)


def sketch(own: frozenset[str]) -> list[int]:
    """The eight smallest hashes of the shingles, each below 2**32; texts that share none are not compared."""
    return nsmallest(SKETCH, {zlib.crc32(shingle.encode()) for shingle in own})


def is_near_draft(own: frozenset[str], draft: str) -> bool:
    """Whether a correction is nearly its own draft: then likeness to others is the model's doing."""
    return bool(draft) and resemblance(own, shingles(draft)) >= NEAR


@dataclass(slots=True)
class _Seen:
    """Texts so far, in order of acceptance, and where each hash occurs."""

    texts: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    places: dict[int, list[int]] = field(default_factory=dict)

    def find(self, contributor: str, own: frozenset[str]) -> str | None:
        """Who handed in the earliest text like this one, if that was somebody else; it is then known, too."""
        hashes = sketch(own)
        candidates = sorted({place for part in hashes for place in self.places.get(part, ())})
        first = next((p for p in candidates if resemblance(own, self.texts[p][1]) >= NEAR), None)
        for part in hashes:
            self.places.setdefault(part, []).append(len(self.texts))
        self.texts.append((contributor, own))
        if first is None:
            return None
        author = self.texts[first][0]
        self.texts[-1] = (author, own)  # a copy of a copy is the first one's
        return author if author != contributor else None


def first_authors(texts: Iterable[Text]) -> list[str | None]:
    """For each text the contributor who handed in nearly the same one before, or None: it is one's own.

    A correction that is nearly its own draft is nobody's copy: the likeness is the model's.

    Args:
        texts: In the order in which they were accepted.
    """
    seen = _Seen()
    found: list[str | None] = []
    for text in texts:
        own = shingles(text.text)
        found.append(None if is_near_draft(own, text.draft) else seen.find(text.contributor, own))
    return found
