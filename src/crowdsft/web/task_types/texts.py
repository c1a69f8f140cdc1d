"""Texts that people hand in: made storable, and told from nothing."""

from __future__ import annotations

import re
import unicodedata

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean_text(text: str) -> str:
    """Storable, NFC-normalised, without blanks around it, with Unix line ends."""
    return unicodedata.normalize("NFC", storable(text)).replace("\r\n", "\n").strip()


def storable(text: str) -> str:
    """Without what no database keeps: NUL characters and halves of surrogate pairs."""
    return UNSTORABLE.sub("", text)


def has_words(text: str) -> bool:
    """Whether there is anything to see: more than blanks, control and zero-width characters."""
    return any(unicodedata.category(character)[0] not in "CZ" for character in text)
