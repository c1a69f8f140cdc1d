"""What the rounds need of a database: claims on steps, the journal, and contributions.

The journal is the truth; a step row is only a claim and a timer for what `next_step` says is due.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from crowdsft.core.campaign import CampaignState, Step
from crowdsft.core.events import Event
from crowdsft.core.votes import Ballot


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's right to do one step of one campaign, until its lease runs out.

    `fence` grows by one with every claim on the campaign's step; a commit with an older fence is refused.
    """

    campaign: str
    step: Step
    worker: str
    fence: int
    attempts: int
    claimed_at: float


@dataclass(frozen=True, slots=True)
class ContributionRow:
    """An accepted contribution with its text.

    `planned_round` is set where a file said or dealt the round, `draft` where the response was made of a model's.
    `accepted_at` is in seconds since the epoch. `weight` is how much it counts in training, beside others of the same
    contributor.
    """

    id: str
    contributor: str
    prompt: str
    response: str
    digest: str
    planned_round: int | None = None
    draft: str = ""
    accepted_at: float = 0.0
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is at hand for closing a round.

    Args:
        contributions: Accepted and in no closed round; only those planned for this round or for none.
        close_requested: An organiser asked to close now, or everything was supplied in a file.
        is_complete: No more contributions can come (a file): too few of them is an error, not a wait.
        opened_at: When the round opened, in seconds since the epoch.
        unreviewed: How many more there would be if reviewers accepted them.
    """

    contributions: Sequence[ContributionRow]
    close_requested: bool
    is_complete: bool
    opened_at: float
    unreviewed: int = 0


@dataclass(frozen=True, slots=True)
class Voting:
    """The votes on a round so far, since when there was something to vote on (seconds since the epoch), and whether an
    organiser asked to count them now."""

    ballots: Sequence[Ballot]
    opened_at: float
    close_requested: bool = False


class Store(Protocol):
    """Laws: an append at a taken position, or with an outdated claim, changes nothing and raises; an event,
    its ledger entries, the marks on its contributions and the release of the claim are one transaction."""

    def claim(self, worker: str, *, lease_seconds: float, campaign: str | None = None) -> Claim | None:
        """Claim a step that is due and free (or whose lease ran out), of any campaign or the one named."""
        ...

    def renew(self, claim: Claim, *, lease_seconds: float) -> None:
        """Prolong the lease. Raises: WorkerLostClaim."""
        ...

    def load(self, campaign: str) -> CampaignState:
        """The campaign's state, folded from its journal."""
        ...

    def waiting(self, campaign: str, round_number: int) -> Waiting:
        """What is at hand for closing this round."""
        ...

    def voting(self, campaign: str, round_number: int) -> Voting:
        """The votes on this round."""
        ...

    def texts(self, campaign: str, ids: Sequence[str]) -> Sequence[ContributionRow]:
        """The contributions with these ids, in this order. Texts of people who left are missing."""
        ...

    def commit(self, claim: Claim, state: CampaignState, events: Sequence[Event]) -> CampaignState:
        """Append `events` to the journal of `state` and release the claim.

        Raises: WorkerLostClaim, StalePositionError.
        """
        ...

    def postpone(self, claim: Claim, *, seconds: float, reason: str) -> None:
        """Release the claim; the step is due again in `seconds`."""
        ...

    def fail(self, claim: Claim, *, seconds: float | None, error: str) -> None:
        """Release the claim after an error; due again in `seconds`, or never (None) until somebody retries."""
        ...

    def close(self) -> None:
        """Give back what the calling thread holds (its database connection)."""
        ...
