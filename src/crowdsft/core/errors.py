"""Every error that crowdsft raises on purpose.

    CrowdsftError
    ├── InputError             what was given cannot be used (exit code 2 on the command line)
    │   ├── SettingsError      one or more faults in a campaign's settings, all of them listed
    │   ├── ContributionsError a file of contributions that cannot be used
    │   └── UnknownNameError   a name that is not in the closed table it was looked up in
    ├── JournalError           the journal refuses an event
    │   └── StalePositionError another writer appended first
    ├── LedgerError            entries that do not add up or do not chain
    ├── EvaluationError        a measurement that is not a number, or a game that failed
    ├── TrainingError          a candidate could not be trained
    ├── ModelError             a model cannot be found or loaded
    ├── WorkerLostClaim        this worker no longer owns its step; another one does
    └── MissingExtraError      an optional part of crowdsft is not installed

A message says what happened, why, and what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crowdsft.core.sentences import sentence


class CrowdsftError(Exception):
    """Root of the tree; catching it catches everything that crowdsft raises on purpose."""


class InputError(CrowdsftError):
    """What was given cannot be used."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with some settings: where it stands and what is the matter with it."""

    where: str
    problem: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


class SettingsError(InputError):
    """Faults in a campaign's settings; every fault is listed, not only the first."""

    def __init__(self, faults: Sequence[Fault], *, source: str = "the campaign settings") -> None:
        self.faults = tuple(faults)
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        lines = "\n".join(f"  - {fault}" for fault in self.faults)
        super().__init__(f"{count} in {source}:\n{lines}")


class ContributionsError(InputError):
    """A file of contributions that cannot be used."""


class UnknownNameError(InputError):
    """A name that is not in the closed table it was looked up in."""

    def __init__(self, kind: str, name: str, allowed: Iterable[str]) -> None:
        super().__init__(unknown_name_problem(kind, name, allowed))


class JournalError(CrowdsftError):
    """The journal refuses an event."""


class StalePositionError(JournalError):
    """Another writer appended at this position first."""


class LedgerError(CrowdsftError):
    """Ledger entries that do not add up or do not chain."""


class EvaluationError(CrowdsftError):
    """A measurement that is not a finite number, or a game that could not be evaluated."""


class TrainingError(CrowdsftError):
    """A candidate could not be trained."""


class ModelError(CrowdsftError):
    """A model cannot be found or loaded."""


class WorkerLostClaim(CrowdsftError):  # noqa: N818  (an outcome, not a fault: the step goes on elsewhere)
    """This worker no longer owns its step; whatever it computed is thrown away."""


class MissingExtraError(CrowdsftError):
    """An optional part of crowdsft is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs packages that are not installed. Install them with: pip install "
            f"'crowdsft[{extra}]'"
        )


def unknown_name_problem(kind: str, name: str, allowed: Iterable[str]) -> str:
    """Say that `name` is no `kind`, guess what was meant, and list what there is."""
    names = sorted(allowed)
    close = difflib.get_close_matches(name, names, n=1)
    if not close:
        return sentence(
            "there is no {kind} named {name!r}. Allowed: {allowed}.",
            kind=kind,
            name=name,
            allowed=tuple(names),
        )
    return sentence(
        "there is no {kind} named {name!r}. Did you mean {guess!r}? Allowed: {allowed}.",
        kind=kind,
        name=name,
        guess=close[0],
        allowed=tuple(names),
    )
