"""The rounds' `Store` on Django's models, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Lock

from django.db import IntegrityError, connection, transaction
from django.db.models import Case, F, FloatField, Q, Value, When
from django.utils import timezone

from crowdsft.core.campaign import CampaignState, fold, ledger_entries, next_step
from crowdsft.core.campaign import Step as DueStep
from crowdsft.core.campaign import apply as apply_event
from crowdsft.core.errors import InputError, JournalError, StalePositionError, WorkerLostClaim
from crowdsft.core.event_codec import decode_event, encode_event
from crowdsft.core.events import (
    CampaignCancelled,
    CampaignFinished,
    CampaignOpened,
    CampaignPaused,
    CampaignResumed,
    ContributionsWithdrawn,
    Event,
    FinishCalled,
    PointsAwarded,
    RolledBack,
    RoundClosed,
    RoundOpened,
)
from crowdsft.core.ledger import LedgerEntry
from crowdsft.core.settings import CampaignSettings, settings_to_dict
from crowdsft.core.votes import Ballot
from crowdsft.rounds.checkpoints import checkpoint
from crowdsft.rounds.store import Claim, ContributionRow, Voting, Waiting
from crowdsft.web.campaigns.models import Campaign, JournalEvent, LedgerRow, Step
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.notices.of_events import notify_of
from crowdsft.web.prepared import Prepared
from crowdsft.web.votes.models import RESULTS, Vote, decided_votes, voting_opened
from crowdsft.web.webhooks.outbox import tell_of

AT_REST = ("finished", "cancelled", "paused")  # names of a step when nothing is due

_EVENTS_FROM = Prepared(
    lambda campaign, position: JournalEvent.objects.filter(
        campaign=campaign, position__gte=position
    ).order_by("position")
)
_states: dict[tuple[int, datetime], CampaignState] = {}
_states_lock = Lock()


def contribution_digest(prompt: str, response: str, weight: float = 1.0) -> str:
    """SHA-256 of a prompt, a response and, where it is not 1, the weight: what training is given."""
    counted = "" if weight == 1.0 else f"\x1f{weight!r}"
    return hashlib.sha256(f"{prompt}\x1f{response}{counted}".encode()).hexdigest()


def campaign_state(campaign: Campaign) -> CampaignState:
    """The campaign's state; only events that are new since the last call are read and applied.

    It is remembered under the campaign's number and its time of creation: SQLite gives the number of a campaign
    that was rolled back to the next one. Not to be called in a transaction that has appended events.
    """
    key = (campaign.pk, campaign.created)
    with _states_lock:
        known = _states.get(key, CampaignState())
    state = known
    for row in _EVENTS_FROM.rows(campaign.pk, known.position):
        if row.position != state.position:
            raise JournalError(f"The journal of {campaign.slug} has a gap before position {row.position}.")
        state = apply_event(state, decode_event(row.kind, row.payload))
    with _states_lock:
        if state.position > _states.get(key, CampaignState()).position:
            _states[key] = state
    return state


def plan_of(campaign: Campaign) -> CampaignSettings:
    """A campaign's settings, which never change once it was opened: then mostly without asking the database."""
    if campaign.life == Campaign.DRAFT:
        return campaign.settings
    with _states_lock:
        known = _states.get((campaign.pk, campaign.created), CampaignState())
    return known.plan if known.settings is not None else campaign_state(campaign).plan


def takable(campaign: Campaign) -> Q:
    """What the campaign's next round may take: in no round yet, rejected by nobody, and accepted where it must be."""
    standings = [Contribution.ACCEPTED]
    if not plan_of(campaign).reviews.required:
        standings.append(Contribution.WAITING)
    return Q(campaign=campaign, round_number=None, standing__in=standings)


def forget_states() -> None:
    """Forget every cached state (after the database was replaced, as tests do)."""
    with _states_lock:
        _states.clear()


def open_campaign(campaign: Campaign, settings: CampaignSettings) -> CampaignState:
    """Write the first event and make the first step due."""
    opened = CampaignOpened(campaign.slug, settings_to_dict(settings))
    state = fold([opened])
    due = next_step(state)
    with transaction.atomic():
        _insert(campaign, 0, [opened])
        assert due is not None
        Step.objects.create(
            campaign=campaign, name=due.name, round_number=due.round_number, run_after=time.time()
        )
    return state


def wake(campaign: Campaign, name: str = "close_round") -> None:
    """Make the campaign's step due now, if it is `name` and nobody works on it."""
    Step.objects.filter(campaign=campaign, name=name, run_after__isnull=False).update(run_after=time.time())


def take_over(campaign: Campaign) -> None:
    """Void every claim on the campaign's step, for a caller who knows that no worker is alive."""
    Step.objects.filter(campaign=campaign).exclude(name__in=AT_REST).update(
        worker="", lease_until=0.0, fence=F("fence") + 1, run_after=time.time(), attempts=0, error=""
    )


def retry(campaign: Campaign) -> bool:
    """Try a step again that had failed for good. Returns whether there was one."""
    stuck = Step.objects.filter(campaign=campaign, run_after__isnull=True).exclude(name__in=AT_REST)
    stuck = stuck.exclude(campaign__life=Campaign.PAUSED)
    return bool(stuck.update(run_after=time.time(), attempts=0, error=""))


def intervene(campaign: Campaign, decide: Callable[[CampaignState], Event]) -> CampaignState:
    """Write what somebody decided, between the steps.

    A worker that is in the middle of a step loses it and does it again as the new state wants it. A pause takes
    nothing away: the step under way is finished and written, and the next one does not start.

    Args:
        decide: From the newest state to the event; raises InputError where the decision makes no sense.

    Raises:
        JournalError: when the event cannot happen in this state.
    """
    with transaction.atomic():
        step = Step.objects.select_for_update(no_key=True).get(campaign=campaign)
        state = campaign_state(campaign)
        event = decide(state)
        after = apply_event(state, event)
        _insert(campaign, state.position, [event])
        _effects(campaign, event)
        if after.is_ending:
            Campaign.objects.filter(pk=campaign.pk).update(is_collecting=False)
        _steer(step, after, keeps_work=isinstance(event, CampaignPaused | CampaignResumed))
    return after


def _steer(step: Step, after: CampaignState, *, keeps_work: bool) -> None:
    """Make what is due now the campaign's step."""
    is_at_work = bool(step.worker) and step.lease_until >= time.time()
    due = next_step(after)
    if keeps_work and is_at_work:
        step.run_after = None if due is None else time.time()
        step.save(update_fields=["run_after"])
        return
    step.name = due.name if due else _name_at_rest(after)
    step.round_number = due.round_number if due else step.round_number
    step.run_after = time.time() if due else None
    step.worker, step.note, step.error, step.progress, step.attempts = "", "", "", 0.0, 0
    step.parts = []
    step.lease_until, step.fence = 0.0, step.fence + 1
    step.save()


def _name_at_rest(state: CampaignState) -> str:
    return "cancelled" if state.is_cancelled else "finished" if state.is_finished else "paused"


class DjangoStore:
    """`rounds.store.Store` for the platform's database."""

    def claim(self, worker: str, *, lease_seconds: float, campaign: str | None = None) -> Claim | None:
        """See `Store.claim`: a conditional update on the fence, so that of two workers one wins.

        A commit leaves the fence and changes the step, so the update asks for the step that was read, too.
        """
        _reconnect()
        now = time.time()
        free = Step.objects.filter(Q(run_after__lte=now), Q(worker="") | Q(lease_until__lt=now))
        if campaign is not None:
            free = free.filter(campaign__slug=campaign)
        for step in free.select_related("campaign").order_by("run_after")[:8]:
            unchanged = Step.objects.filter(
                pk=step.pk, fence=step.fence, name=step.name, round_number=step.round_number
            )
            won = unchanged.filter(run_after__lte=now).update(
                worker=worker,
                lease_until=now + lease_seconds,
                fence=F("fence") + 1,
                attempts=F("attempts") + 1,
                progress=0.0,
                parts=[],
            )
            if won:
                due = DueStep(step.name, step.round_number)  # type: ignore[arg-type]
                return Claim(step.campaign.slug, due, worker, step.fence + 1, step.attempts + 1, now)
        return None

    def renew(self, claim: Claim, *, lease_seconds: float) -> None:
        """See `Store.renew`."""
        _reconnect()
        if not self._mine(claim).update(lease_until=time.time() + lease_seconds):
            raise WorkerLostClaim(f"another worker owns {claim.step}")

    def load(self, campaign: str) -> CampaignState:
        """See `Store.load`."""
        return campaign_state(self._campaign(campaign))

    def waiting(self, campaign: str, round_number: int) -> Waiting:
        """See `Store.waiting`."""
        row = self._campaign(campaign)
        rows = (
            Contribution.objects.filter(takable(row))
            .filter(Q(planned_round=None) | Q(planned_round=round_number))
            .select_related("membership")
        )
        return Waiting(
            contributions=[_contribution(contribution) for contribution in rows],
            close_requested=row.close_requested_round >= round_number,
            is_complete=row.is_supplied,
            opened_at=row.round_opened.timestamp() if row.round_opened else time.time(),
            unreviewed=_unreviewed(row),
        )

    def voting(self, campaign: str, round_number: int) -> Voting:
        """See `Store.voting`. Votes open with the event that ends the evaluation."""
        row = self._campaign(campaign)
        rows = decided_votes(row, round_number).select_related("membership")
        ballots = [
            Ballot(vote.membership.contributor, vote.left, vote.right, RESULTS[vote.choice])
            for vote in rows.order_by("membership__contributor", "number")
        ]
        return Voting(ballots, voting_opened(row).timestamp(), row.close_requested_vote == round_number)

    def texts(self, campaign: str, ids: Sequence[str]) -> Sequence[ContributionRow]:
        """See `Store.texts`."""
        rows = (
            Contribution.objects.filter(campaign__slug=campaign, round_number__isnull=False)
            .exclude(response="")  # its contributor took it back
            .select_related("membership")
        )
        found = (
            {str(row.pk): _contribution(row) for row in rows.filter(pk__in=ids)}
            if len(ids) < 500
            else {str(row.pk): _contribution(row) for row in rows}
        )
        return [found[name] for name in ids if name in found]

    def commit(self, claim: Claim, state: CampaignState, events: Sequence[Event]) -> CampaignState:
        """See `Store.commit`: events, their effects and the next due step in one transaction."""
        _reconnect()
        campaign = self._campaign(claim.campaign)
        with transaction.atomic():
            locked = Step.objects.select_for_update(no_key=True)  # without a join: one row, no other
            if locked.filter(campaign=campaign, fence=claim.fence, worker=claim.worker).first() is None:
                raise WorkerLostClaim(f"another worker owns {claim.step}")
            state = self._with_pauses(campaign, state)
            after = state
            entries: list[LedgerEntry] = []
            for event in events:
                if isinstance(event, PointsAwarded | CampaignFinished):
                    entries.extend(ledger_entries(after, event))
                after = apply_event(after, event)
            self._hand_over(claim, after)
            _insert(campaign, state.position, events)
            LedgerRow.objects.bulk_create(_ledger_row(campaign, entry) for entry in entries)
            for event in events:
                _effects(campaign, event)
            checkpoint(claim.step.name, "in_transaction", claim.step.round_number)
        return after

    def _with_pauses(self, campaign: Campaign, state: CampaignState) -> CampaignState:
        """`state`, and the pauses that came while the step was done."""
        rows = JournalEvent.objects.filter(campaign=campaign, position__gte=state.position)
        newer = list(rows.order_by("position"))
        if any(row.kind not in (CampaignPaused.__name__, CampaignResumed.__name__) for row in newer):
            raise StalePositionError(
                f"Somebody else wrote at position {state.position} of {campaign.slug} first."
            )
        return fold((decode_event(row.kind, row.payload) for row in newer), state)

    def postpone(self, claim: Claim, *, seconds: float, reason: str) -> None:
        """See `Store.postpone`. A wake-up that came in while the step looked around is kept."""
        woken = When(run_after__gt=claim.claimed_at, then=F("run_after"))
        paused = When(run_after__isnull=True, then=F("run_after"))
        self._mine(claim).update(
            worker="",
            run_after=Case(paused, woken, default=Value(time.time() + seconds)),
            note=reason,
            error="",
            attempts=0,
            lease_until=0.0,
        )

    def fail(self, claim: Claim, *, seconds: float | None, error: str) -> None:
        """See `Store.fail`."""
        _reconnect()
        again = None if seconds is None else time.time() + seconds
        paused = When(run_after__isnull=True, then=F("run_after"))
        run_after = Case(paused, default=Value(again), output_field=FloatField())
        if not self._mine(claim).update(worker="", run_after=run_after, error=error, lease_until=0.0):
            raise WorkerLostClaim(f"another worker owns {claim.step}")

    def close(self) -> None:
        """See `Store.close`."""
        connection.close()

    def _campaign(self, slug: str) -> Campaign:
        try:
            return Campaign.objects.get(slug=slug)
        except Campaign.DoesNotExist:
            raise InputError(f"There is no campaign {slug!r} in this database.") from None

    def _mine(self, claim: Claim):  # type: ignore[no-untyped-def]
        return Step.objects.filter(campaign__slug=claim.campaign, fence=claim.fence, worker=claim.worker)

    def _hand_over(self, claim: Claim, after: CampaignState) -> None:
        """Release the claim and make the next step due; nothing happens when the claim is outdated."""
        due = next_step(after)
        if due is None:
            changed = self._mine(claim).update(
                worker="", run_after=None, name=_name_at_rest(after), lease_until=0.0, error=""
            )
        else:
            changed = self._mine(claim).update(
                worker="",
                run_after=time.time(),
                name=due.name,
                round_number=due.round_number,
                lease_until=0.0,
                attempts=0,
                error="",
                note="",
                progress=0.0,
                parts=[],
            )
        if not changed:
            raise WorkerLostClaim(f"another worker owns {claim.step}")


def _reconnect() -> None:
    """Have a connection that was lost made again. Django does so between requests, of which a worker has none."""
    if connection.settings_dict["CONN_HEALTH_CHECKS"] and not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def _insert(campaign: Campaign, position: int, events: Sequence[Event]) -> None:
    rows = []
    for offset, event in enumerate(events):
        kind, payload = encode_event(event)
        rows.append(JournalEvent(campaign=campaign, position=position + offset, kind=kind, payload=payload))
    try:
        with transaction.atomic():
            JournalEvent.objects.bulk_create(rows)
    except IntegrityError as error:
        raise StalePositionError(
            f"Somebody else wrote at position {position} of {campaign.slug} first."
        ) from error


def _effects(campaign: Campaign, event: Event) -> None:
    """What an event changes outside the journal and the ledger, and whom it is told."""
    tell_of(campaign, event)
    notify_of(campaign, event)
    mine = Campaign.objects.filter(pk=campaign.pk)
    match event:
        case RoundOpened():
            mine.update(round_number=event.round_number, round_opened=timezone.now(), is_collecting=True)
        case RoundClosed():
            mine.update(is_collecting=False)
            marked = 0
            ids = [ref.id for ref in event.contributions]
            for start in range(0, len(ids), 500):
                marked += Contribution.objects.filter(
                    takable(campaign), pk__in=ids[start : start + 500]
                ).update(round_number=event.round_number)
            if marked != len(ids):
                raise StalePositionError(
                    f"A contribution of round {event.round_number} was withdrawn or rejected while it closed."
                )
            _put_tasks_aside(campaign, round_number=event.round_number)
        case CampaignFinished():
            mine.update(finished=timezone.now(), is_collecting=False, life=Campaign.FINISHED)
        case ContributionsWithdrawn():
            _reopen_if_too_few(campaign)
        case RolledBack():
            _forget_votes(campaign)
        case CampaignPaused():
            mine.update(life=Campaign.PAUSED)
        case CampaignResumed():
            mine.update(life=Campaign.OPEN)
        case FinishCalled():
            mine.update(is_collecting=False, life=Campaign.OPEN)
            _put_tasks_aside(campaign)
        case CampaignCancelled():
            mine.update(finished=timezone.now(), is_collecting=False, life=Campaign.CANCELLED)
            _put_tasks_aside(campaign)
        case _:
            pass


def _put_tasks_aside(campaign: Campaign, **which: int) -> None:
    """Nothing can be handed in to unfinished tasks any more; their drafts stay."""
    unfinished = Task.objects.filter(campaign=campaign, state__in=Task.UNFINISHED, **which)
    unfinished.update(state=Task.EXPIRED, seat=None)


def _forget_votes(campaign: Campaign) -> None:
    """Remove the votes of a round that is not over: its candidates are given up, and new ones get their numbers."""
    over = JournalEvent.objects.filter(
        campaign=campaign, kind="RoundFinished", payload__round_number=campaign.round_number
    )
    if not over.exists():
        Vote.objects.filter(campaign=campaign, round_number=campaign.round_number).delete()
        Campaign.objects.filter(pk=campaign.pk).update(close_requested_vote=0)


def _reopen_if_too_few(campaign: Campaign) -> None:
    """Let a round collect again that has fewer contributors than groups, now that somebody took texts back.

    The rows of the contributions taken back are the caller's to remove, before this.
    """
    number = campaign.round_number
    rest = Contribution.objects.filter(campaign=campaign, round_number=number)
    if rest.values("membership").distinct().count() < campaign.settings.rounds.groups:
        rest.update(round_number=None)
        Campaign.objects.filter(pk=campaign.pk).update(is_collecting=True, close_requested_round=0)


def _unreviewed(campaign: Campaign) -> int:
    """How many contributions would be taken if reviewers accepted them."""
    rows = Contribution.objects.filter(campaign=campaign, round_number=None, standing=Contribution.WAITING)
    return rows.exclude(takable(campaign)).count()


def _contribution(row: Contribution) -> ContributionRow:
    return ContributionRow(
        id=str(row.pk),
        contributor=row.membership.contributor,
        prompt=row.prompt,
        response=row.response,
        digest=row.digest,
        planned_round=row.planned_round,
        draft=row.model_response,
        accepted_at=row.created.timestamp(),
        weight=row.weight,
    )


def _ledger_row(campaign: Campaign, entry: LedgerEntry) -> LedgerRow:
    return LedgerRow(
        campaign=campaign,
        position=entry.position,
        round_number=entry.round_number,
        contributor=entry.contributor,
        amount=entry.amount,
        reason=entry.reason,
        previous=entry.previous,
        hash=entry.hash,
    )


def ledger(campaign: Campaign) -> list[LedgerEntry]:
    """The campaign's ledger as values, in order."""
    return [
        LedgerEntry(
            row.position,
            campaign.slug,
            row.round_number,
            row.contributor,
            row.amount,
            row.reason,
            row.previous,
            row.hash,
        )
        for row in LedgerRow.objects.filter(campaign=campaign).order_by("position")
    ]
