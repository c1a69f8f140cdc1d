"""What a data set of contributions holds, and the hash that names its version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One contribution of a closed round.

    Args:
        id: Random identifier of the contribution.
        round: From 1.
        group: The contributor's group in that round, from 0; None while groups are not formed.
        group_won: Whether that group's candidate became the next base; None while it is not decided.
        contributor: Random identifier of the contributor in this campaign; never a name.
        author: Who handed in nearly the same text before, if somebody else did.
        kind: The task: write_response, correct_response, ...
        prompt, response: The texts.
        model_response: The model's own answer that was corrected, chosen or rated; empty where there was none.
        weight: How much it counted in training, beside the contributor's other rows.
        rejected: The other answer, where one of two was chosen: with `response` a pair for preference training.
        flags: What a worker noticed, as kinds: personal, rude; None while none has looked. A hint that comes later than
            the text, so it is no part of the version.
    """

    id: str
    round: int
    group: int | None
    group_won: bool | None
    contributor: str
    author: str | None
    kind: str
    prompt: str
    response: str
    model_response: str
    weight: float = 1.0
    rejected: str = ""
    flags: tuple[str, ...] | None = None

    def as_record(self) -> dict[str, Any]:
        """Plain values, with the exchange as `messages` too, which trainers of chat models read."""
        messages = [
            {"role": "user", "content": self.prompt},
            {"role": "assistant", "content": self.response},
        ]
        flags = None if self.flags is None else list(self.flags)
        return {**asdict(self), "flags": flags, "messages": messages}


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows with what a reader must know about them.

    Args:
        campaign: The campaign's address, name, description, licence and consent text.
        rows: By round, contributor and id.
        left_out: Contributions whose texts were taken back by their contributors.
    """

    campaign: str
    name: str
    description: str
    licence: str
    consent: str
    rows: tuple[Row, ...]
    left_out: int

    @property
    def version(self) -> str:
        """SHA-256 of all rows: two exports with the same version hold the same data."""
        return dataset_version(self.rows)


@dataclass(frozen=True, slots=True)
class Version:
    """A data set as it is up to the end of a round."""

    round: int
    contributions: int
    version: str


def dataset_version(rows: Sequence[Row]) -> str:
    """SHA-256 of the rows' canonical JSON, one a line, in the order given."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(_line(row))
    return digest.hexdigest()


def versions_by_round(rows: Sequence[Row]) -> list[Version]:
    """The version after each round, newest first; `rows` in a data set's order. The first is the data set's own."""
    digest, found = hashlib.sha256(), []
    for count, row in enumerate(rows, start=1):
        digest.update(_line(row))
        if count == len(rows) or rows[count].round != row.round:
            found.append(Version(row.round, count, digest.hexdigest()))
    return found[::-1]


def _line(row: Row) -> bytes:
    hashed = {name: value for name, value in asdict(row).items() if name != "flags"}
    text = json.dumps(hashed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"{text}\n".encode()
