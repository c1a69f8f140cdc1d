"""Phi: texts become vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import InputError

Floats = NDArray[np.float64]


class Embedding(Protocol):
    """Maps texts to vectors.

    Laws: row i depends on text i alone (neither its neighbours nor their order matter); the same text always
    gets the same vector; every entry is finite; the dimension is `len(labels)`.
    """

    @property
    def labels(self) -> tuple[str, ...]:
        """The name of each of the d dimensions."""

    def embed(self, texts: Sequence[str]) -> Floats:
        """float64[m, d]: one row for each text.

        Raises:
            InputError: There are no texts, or something that is not a string is among them.
        """


def checked_texts(texts: Sequence[str]) -> list[str]:
    """`texts` as a list, if they can be embedded.

    Raises:
        InputError: There are no texts, or something that is not a string is among them.
    """
    if isinstance(texts, str):
        raise InputError("one string was given where a list of texts is expected. Put it in a list.")
    checked = list(texts)
    if not checked:
        raise InputError("there are no texts to embed. Give at least one (an empty string is a text).")
    for position, text in enumerate(checked):
        if not isinstance(text, str):
            kind = type(text).__name__
            raise InputError(f"texts[{position}] is a {kind}, not a string. Embed strings only.")
    return checked
