"""Contributions from a file (JSON lines, CSV or Parquet): read, checked, dealt over the rounds.

Everything wrong with a file is found before anything is written, and reported by line.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from crowdsft.core.errors import ContributionsError
from crowdsft.core.settings import CampaignSettings
from crowdsft.dataset.reading import Record, read_records

MAX_FAULTS_SHOWN = 20
FIELDS = ("contributor", "prompt", "response", "round", "weight")
MOST_WEIGHT = 100.0


@dataclass(frozen=True, slots=True)
class SuppliedContribution:
    """One line of the file; `round_number` is None where the line names no round.

    `weight` is how much it counts in training, relative to the others.
    """

    line: int
    contributor: str
    prompt: str
    response: str
    round_number: int | None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Supplied:
    """What a file holds. `repeated` are lines that say again what their contributor said before; they are dropped."""

    contributions: tuple[SuppliedContribution, ...]
    repeated: tuple[int, ...]


def read_contributions(path: Path, settings: CampaignSettings) -> Supplied:
    """Read and check a file of contributions.

    Each line is a JSON object with `contributor`, `prompt`, `response` (texts) and optionally `round` (from 1)
    and `weight` (above 0, at most 100; 1 by default); other fields are not looked at. Empty lines are passed over.
    Files that end in .csv or .parquet have these fields as columns. A contributor is the exact text, trimmed and
    NFC-normalised.

    Raises:
        ContributionsError: listing what is wrong, by line number.
    """
    checked = check_records(read_records(path), settings)
    if checked.faults:
        raise ContributionsError(_listing(path, [f"line {line}: {fault}" for line, fault in checked.faults]))
    if not checked.rows:
        raise ContributionsError(f"{path} holds no contributions. Each line is one: {_EXAMPLE}")
    kept, repeated = _without_repetitions(checked.rows)
    return Supplied(kept, repeated)


@dataclass(frozen=True, slots=True)
class Checked:
    """What can be used of a file, and what is wrong with each other line."""

    rows: tuple[SuppliedContribution, ...]
    faults: tuple[tuple[int, str], ...]


def check_records(records: Iterable[tuple[int, Record]], settings: CampaignSettings) -> Checked:
    """Check each record by itself; repetitions are no fault yet."""
    rows: list[SuppliedContribution] = []
    faults: list[tuple[int, str]] = []
    for number, record in records:
        try:
            rows.append(_parse(number, record, settings))
        except ValueError as error:
            faults.append((number, str(error)))
    return Checked(tuple(rows), tuple(faults))


_EXAMPLE = '{"contributor": "ada", "prompt": "Write a comment.", "response": "What a lovely morning!"}'


def _parse(number: int, record: Record, settings: CampaignSettings) -> SuppliedContribution:
    if isinstance(record, ValueError):
        raise record
    row = record
    contributor, prompt, response = (_text(row, name) for name in ("contributor", "prompt", "response"))
    if len(response) > settings.tasks.max_characters:
        raise ValueError(
            f"the response has {len(response)} characters; tasks.max_characters allows {settings.tasks.max_characters}"
        )
    return SuppliedContribution(number, contributor, prompt, response, _round(row, settings), _weight(row))


def _text(row: Mapping[str, Any], name: str) -> str:
    if name not in row:
        raise ValueError(f"has no {name!r}; expected {_EXAMPLE}")
    value = row[name]
    if not isinstance(value, str):
        raise ValueError(f"{name!r} is {json.dumps(value)[:40]}, not a text")
    clean = unicodedata.normalize("NFC", value).strip()
    if not clean:
        raise ValueError(f"{name!r} is empty" if not value else f"{name!r} holds nothing but white space")
    return clean


def _round(row: Mapping[str, Any], settings: CampaignSettings) -> int | None:
    value = row.get("round")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= settings.rounds.count:
        raise ValueError(
            f"'round' is {json.dumps(value)}; it must be a whole number from 1 to {settings.rounds.count}"
        )
    return value


def _weight(row: Mapping[str, Any]) -> float:
    value = row.get("weight")
    if value is None:
        return 1.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MOST_WEIGHT:
        raise ValueError(
            f"'weight' is {json.dumps(value)}; it must be a number above 0, at most {MOST_WEIGHT:g}. "
            "Leave out lines that should not count"
        )
    return float(value)


def _listing(path: Path, faults: Sequence[str]) -> str:
    count = "1 line" if len(faults) == 1 else f"{len(faults)} lines"
    shown = "\n".join(f"  - {fault}" for fault in faults[:MAX_FAULTS_SHOWN])
    more = f"\n  - and {len(faults) - MAX_FAULTS_SHOWN} more" if len(faults) > MAX_FAULTS_SHOWN else ""
    return f"{count} of {path} cannot be used; nothing was written:\n{shown}{more}"


def _without_repetitions(
    rows: Iterable[SuppliedContribution],
) -> tuple[tuple[SuppliedContribution, ...], tuple[int, ...]]:
    seen: set[tuple[str, str, str]] = set()
    kept, repeated = [], []
    for row in rows:
        key = (row.contributor, row.prompt, row.response)
        if key in seen:
            repeated.append(row.line)
        else:
            seen.add(key)
            kept.append(row)
    return tuple(kept), tuple(repeated)


def deal_rounds(
    contributions: Sequence[SuppliedContribution], *, rounds: int, groups: int, rng: np.random.Generator
) -> tuple[SuppliedContribution, ...]:
    """Give every contribution a round: its own, or one dealt evenly, each contributor's in turn.

    A contributor with as many contributions as there are rounds is in every round; the totals of the rounds
    differ by at most one where no contribution names its round.

    Raises:
        ContributionsError: when a round would have fewer contributors than groups.
    """
    dealt: list[SuppliedContribution] = [row for row in contributions if row.round_number is not None]
    free: dict[str, list[SuppliedContribution]] = {}
    for row in contributions:
        if row.round_number is None:
            free.setdefault(row.contributor, []).append(row)
    turn = 0
    names = sorted(free)
    for name in (names[index] for index in rng.permutation(len(names))):
        mine = sorted(free[name], key=lambda row: (row.prompt, row.response))
        for index in rng.permutation(len(mine)):
            dealt.append(replace(mine[index], round_number=turn % rounds + 1))
            turn += 1
    _check_rounds(dealt, rounds=rounds, groups=groups)
    return tuple(sorted(dealt, key=lambda row: row.line))


def _check_rounds(dealt: Sequence[SuppliedContribution], *, rounds: int, groups: int) -> None:
    present = {
        number: {row.contributor for row in dealt if row.round_number == number}
        for number in range(1, rounds + 1)
    }
    short = [f"round {number} has {len(names)}" for number, names in present.items() if len(names) < groups]
    if short:
        everybody = len({row.contributor for row in dealt})
        raise ContributionsError(
            f"Every round needs at least as many contributors as groups (rounds.groups = {groups}), but "
            f"{', '.join(short[:5])}{', ...' if len(short) > 5 else ''}; the file has {everybody} contributors and "
            f"{len(dealt)} contributions. Use fewer groups or rounds, or add contributions."
        )
