"""Checking a campaign's ledger for anybody who asks, without holding a request up.

A request checks for a fraction of a second and the next one goes on from there. What is checked is remembered by this
process: later requests check only what is new, until everything is checked from the first entry on again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock

from crowdsft.core.campaign import CampaignState
from crowdsft.core.errors import LedgerError
from crowdsft.core.ledger_check import Tally, check_on, compare, paid_by_round
from crowdsft.web.campaigns.ledger_reading import PORTION, entries_from
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.journal_django import campaign_state
from crowdsft.web.saying import said

SECONDS = 0.15  # that one request checks for
WAIT_SECONDS = 0.3  # for another request that is checking
KEPT_SECONDS = 600.0
KEPT_PROBLEM_SECONDS = 30.0
TRIES = 3


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """What checking has found so far.

    Args:
        entries: How many the ledger has by the journal.
        checked: How many are checked.
        total: Points in the entries that are checked.
        paid: Points that the rounds paid, by the journal.
        head: Hash of the last entry that is checked.
        problem: What does not fit, in the reader's language; empty while nothing was found.
        is_done: Whether all is checked, or a problem was found.
    """

    entries: int
    checked: int
    total: int
    paid: int
    head: str
    problem: str
    is_done: bool

    @property
    def is_sound(self) -> bool:
        """Whether all is checked and fits."""
        return self.is_done and not self.problem


@dataclass(frozen=True, slots=True)
class _Progress:
    tally: Tally = field(default_factory=Tally)
    since: float = field(default_factory=time.monotonic)
    error: LedgerError | None = None
    is_done: bool = False

    @property
    def is_old(self) -> bool:
        kept = KEPT_PROBLEM_SECONDS if self.error else KEPT_SECONDS
        return self.is_done and time.monotonic() - self.since > kept


_known: dict[tuple[int, datetime], _Progress] = {}
_checking = Lock()


def check_ledger(campaign: Campaign, *, seconds: float = SECONDS) -> LedgerCheck:
    """Go on checking for at most about `seconds`, and say what is known then."""
    key = (campaign.pk, campaign.created)
    if _checking.acquire(timeout=WAIT_SECONDS):
        try:
            progress = _known.get(key, _Progress())
            progress = _Progress() if progress.is_old else progress
            _known[key] = progress = _go_on(campaign, progress, time.monotonic() + seconds)
        finally:
            _checking.release()
    else:
        progress = _known.get(key, _Progress())
    return _as_known(campaign_state(campaign), progress)


def forget_checks() -> None:
    """Forget what was checked (after the database was replaced, as tests do)."""
    _known.clear()


def _go_on(campaign: Campaign, progress: _Progress, until: float) -> _Progress:
    """Entries and the journal are written together, so a ledger that is ahead of the journal only seems so once."""
    if progress.error:
        return progress
    tally, state = progress.tally, campaign_state(campaign)
    try:
        for _ in range(TRIES):
            while entries := entries_from(campaign, tally.head.position):
                tally = check_on(tally, entries)
                if len(entries) == PORTION and time.monotonic() > until:
                    return replace(progress, tally=tally, is_done=False)
            if tally.head.position == state.ledger_head.position:
                break
            state = campaign_state(campaign)
        compare(tally, state)
    except LedgerError as error:
        return _Progress(tally, error=error, is_done=True)
    return replace(progress, tally=tally, is_done=True)


def _as_known(state: CampaignState, progress: _Progress) -> LedgerCheck:
    tally = progress.tally
    return LedgerCheck(
        entries=state.ledger_head.position,
        checked=tally.head.position,
        total=tally.total,
        paid=sum(paid_by_round(state).values()),
        head=tally.head.hash,
        problem=said(progress.error) if progress.error else "",
        is_done=progress.is_done,
    )
