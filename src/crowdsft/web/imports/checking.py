"""What can be taken from a file, line by line, as the campaign is now."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crowdsft.core.errors import ContributionsError
from crowdsft.core.settings import CampaignSettings
from crowdsft.dataset.reading import Record, read_records
from crowdsft.rounds.contributions_file import SuppliedContribution, check_records
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.imports.models import Import
from crowdsft.web.journal_django import contribution_digest
from crowdsft.web.task_types.texts import UNSTORABLE, has_words

MOST_LINES = 50_000
MOST_PROMPTS = 10_000
LONGEST_NAME = 200
LONGEST_PROMPT = 20_000
PREVIEWED = 5

Fault = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Found:
    """The good lines of a file, and what is wrong with each other line.

    Args:
        contributions: Good lines of a file of contributions.
        prompts: Good lines of a file of prompts.
        faults: Numbers of the other lines, each with the reason.
    """

    contributions: tuple[SuppliedContribution, ...] = ()
    prompts: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def accepted(self) -> int:
        """How many lines are good."""
        return len(self.contributions) + len(self.prompts)

    @property
    def contributors(self) -> int:
        """How many people the contributions are from."""
        return len({row.contributor for row in self.contributions})

    @property
    def preview(self) -> list[dict[str, Any]]:
        """The first good lines, for an organiser to look at."""
        if self.prompts:
            return [{"prompt": text} for text in self.prompts[:PREVIEWED]]
        return [
            {
                "line": row.line,
                "contributor": row.contributor,
                "prompt": row.prompt,
                "response": row.response,
                "round": row.round_number,
            }
            for row in self.contributions[:PREVIEWED]
        ]

    @property
    def report(self) -> str:
        """One line for each fault: its line in the file, a tab, the reason."""
        return "".join(f"{line}\t{' '.join(why.split())}\n" for line, why in sorted(self.faults))


def look_into(row: Import) -> Found:
    """What can be taken from the file of `row`.

    Raises:
        ContributionsError: when the file as a whole cannot be read.
        MissingExtraError: for Parquet without pyarrow.
    """
    with _file_of(row) as path:
        try:
            records = list(_at_most(read_records(path), MOST_LINES))
        except ContributionsError as error:
            raise ContributionsError(str(error).replace(str(path), row.name)) from error
    if row.kind == Import.PROMPTS:
        return _prompts(records, row.campaign.settings, replaces=row.replaces)
    return _contributions(records, row.campaign)


@contextmanager
def _file_of(row: Import) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="crowdsft-import-") as folder:
        path = Path(folder) / f"file{Path(row.name).suffix.lower()}"
        with path.open("wb") as file:
            for part in row.parts.iterator(chunk_size=4):
                file.write(part.data)
        yield path


def _at_most(records: Iterable[tuple[int, Record]], most: int) -> Iterator[tuple[int, Record]]:
    for count, found in enumerate(records):
        if count == most:
            raise ContributionsError(f"The file has more than {most:,} lines. Cut it into parts.")
        yield found


# Contributions


def _contributions(records: Iterable[tuple[int, Record]], campaign: Campaign) -> Found:
    checked = check_records(records, campaign.settings)
    faults = list(checked.faults)
    taken = set(
        Contribution.objects.filter(campaign=campaign).values_list("membership__contributor", "digest")
    )
    people = _Names(campaign)
    good = []
    for row in checked.rows:
        key = (people.id_of(row.contributor), contribution_digest(row.prompt, row.response))
        problem = _problem(row, campaign, people)
        if problem is None and key in taken:
            problem = "this contributor has said the same to this prompt before, here or on an earlier line"
        if problem is None:
            taken.add(key)
            good.append(_placed(row, campaign))
        else:
            faults.append((row.line, problem))
    return Found(contributions=tuple(good), faults=tuple(faults))


class _Names:
    """Who the contributors of a file are in the campaign."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        rows = Membership.objects.filter(campaign=campaign).values_list("contributor", "user", "pseudonym")
        self._there = {contributor: (user, name) for contributor, user, name in rows}
        self._ids: dict[str, str] = {}

    def id_of(self, name: str) -> str:
        """The identifier that the campaign's journal has for `name`."""
        if name not in self._ids:
            self._ids[name] = self._campaign.contributor_id(name)
        return self._ids[name]

    def is_somebody_else(self, name: str) -> bool:
        """Whether a member with an account, or who has left, has or had this name."""
        user, pseudonym = self._there.get(self.id_of(name), (None, name))
        return user is not None or pseudonym != name


def _problem(row: SuppliedContribution, campaign: Campaign, people: _Names) -> str | None:
    if any(UNSTORABLE.search(text) for text in (row.contributor, row.prompt, row.response)):
        return "holds U+0000 or half a surrogate pair, which cannot be kept"
    if not has_words(row.response):
        return "the response holds nothing that can be seen"
    if len(row.contributor) > LONGEST_NAME:
        return (
            f"the contributor's name has {len(row.contributor)} characters; at most {LONGEST_NAME} are kept"
        )
    if len(row.prompt) > LONGEST_PROMPT:
        return f"the prompt has {len(row.prompt)} characters; at most {LONGEST_PROMPT} are kept"
    if people.is_somebody_else(row.contributor):
        return f"{row.contributor!r} is, or was, the name of a member; give this contributor another name"
    if row.round_number is not None and row.round_number < _first_round(campaign):
        return f"round {row.round_number} is closed; leave 'round' out for the next one"
    return None


def _first_round(campaign: Campaign) -> int:
    return campaign.round_number if campaign.is_collecting else campaign.round_number + 1


def _placed(row: SuppliedContribution, campaign: Campaign) -> SuppliedContribution:
    """For the open round as for the next one no number is kept: should it close meanwhile, the text is not lost."""
    return replace(row, round_number=None) if row.round_number == _first_round(campaign) else row


# Prompts


def _prompts(records: Iterable[tuple[int, Record]], settings: CampaignSettings, *, replaces: bool) -> Found:
    seen = set() if replaces else set(settings.prompts.texts)
    room = MOST_PROMPTS - len(seen)
    good: list[str] = []
    faults: list[Fault] = []
    for line, record in records:
        try:
            text = _prompt(record)
            if text in seen:
                raise ValueError("this prompt is there already, in the draft or on an earlier line")
            if len(good) >= room:
                raise ValueError(f"a campaign has at most {MOST_PROMPTS:,} prompts")
        except ValueError as error:
            faults.append((line, str(error)))
        else:
            seen.add(text)
            good.append(text)
    return Found(prompts=tuple(good), faults=tuple(faults))


def _prompt(record: Record) -> str:
    if isinstance(record, ValueError):
        raise record
    value = record.get("prompt", record.get("text"))
    if not isinstance(value, str):
        raise ValueError("has no 'prompt' that is a text")
    clean = unicodedata.normalize("NFC", value).strip()
    if UNSTORABLE.search(clean):
        raise ValueError("holds U+0000 or half a surrogate pair, which cannot be kept")
    if not has_words(clean):
        raise ValueError("the prompt holds nothing that can be seen")
    if len(clean) > LONGEST_PROMPT:
        raise ValueError(f"the prompt has {len(clean)} characters; at most {LONGEST_PROMPT} are kept")
    return clean
