"""What organisers decide while a campaign runs: pause, resume, finish, cancel, roll back, approve, archive.

Each decision is one event in the journal and one line in the audit log, together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crowdsft.core.campaign import CampaignState, next_step
from crowdsft.core.errors import InputError
from crowdsft.core.events import (
    CampaignCancelled,
    CampaignPaused,
    CampaignResumed,
    Event,
    FinishCalled,
    RolledBack,
    WinnerReviewed,
)
from crowdsft.core.life import LIFE_WORDS, OVER, Life, check_change
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.audit import note
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.journal_django import intervene
from crowdsft.web.notices.of_decisions import notify_of_decision
from crowdsft.web.saying import said


def life_of(state: CampaignState) -> Life:
    """The campaign's life as its journal tells it."""
    if state.is_cancelled:
        return "cancelled"
    if state.is_finished:
        return "finished"
    return "paused" if state.is_paused else "open"


def life_words(life: str) -> str:
    """ "open", in the reader's language."""
    return said(LIFE_WORDS[life])


def pause(campaign: Campaign, actor: User | None, reason: str = "") -> None:
    """Start no more steps and give out no more tasks; a step under way is brought to its end.

    Raises:
        InputError: when the campaign is not open.
    """
    _decide(campaign, actor, "paused", reason, _changing("paused", CampaignPaused(reason)))


def resume(campaign: Campaign, actor: User | None) -> None:
    """Go on. Raises: InputError when the campaign is not paused."""
    _decide(campaign, actor, "resumed", "", _changing("open", CampaignResumed()))


def finish(campaign: Campaign, actor: User | None, reason: str = "") -> None:
    """Open no more rounds: an open one is given up, a closed one ends, then what was kept back is paid.

    Raises:
        InputError: when the campaign is over or about to finish.
    """

    def event(state: CampaignState) -> Event:
        check_change(life_of(state), "finished")
        if state.is_ending:
            raise InputError(_("The campaign is about to finish already. Please wait for its round to end."))
        return FinishCalled(reason)

    _decide(campaign, actor, "finished early", reason, event)


def cancel(campaign: Campaign, actor: User | None, reason: str = "") -> None:
    """Stop at once and for good; what was paid stays paid. A draft is removed.

    Raises:
        InputError: when the campaign is over.
    """
    if campaign.life == Campaign.DRAFT:
        campaign.delete()
        return
    _decide(campaign, actor, "cancelled", reason, _changing("cancelled", CampaignCancelled(reason)))


def roll_back(campaign: Campaign, actor: User | None, to_round: int, reason: str = "") -> None:
    """Make what round `to_round` left the base again (0: the first base).

    Raises:
        InputError: when there is no such base, it is the base already, or the round is being paid.
    """

    def event(state: CampaignState) -> Event:
        if state.is_over:
            raise InputError(
                _("The campaign is {life}; its base cannot change any more.").format(
                    life=life_words(life_of(state))
                )
            )
        if to_round not in bases(state):
            raise InputError(
                _("Round {to_round} has left no model. Choose one of {rounds}.").format(
                    to_round=to_round, rounds=sorted(bases(state))
                )
            )
        if to_round == state.base_round:
            raise InputError(_("This is the base already, so there is nothing to roll back."))
        if state.rounds and not state.current.finished and state.current.points is not None:
            raise InputError(_("The round is being paid at this moment. Please try again in a few seconds."))
        return RolledBack(to_round, reason)

    words = f"to round {to_round}" if to_round else "to the first base"
    _decide(campaign, actor, "rolled back", f"{words}: {reason}" if reason else words, event)


def bases(state: CampaignState) -> tuple[int, ...]:
    """The rounds to whose models the campaign can go back, 0 for the first base; equal models once."""
    found: dict[tuple[str, ...], int] = {(): 0}
    for past in state.rounds:
        if past.model_after is not None:
            found.setdefault(past.model_after, past.number)
    return tuple(found.values())


def review_winner(campaign: Campaign, actor: User | None, *, approve: bool, reason: str = "") -> None:
    """Approve the winner, or decline it: then the base stays, and the round's points are carried over.

    Raises:
        InputError: when no winner waits, or one is declined without a reason.
    """
    if not approve and not reason.strip():
        raise InputError(_("Please say why the winner is declined: its group's contributors will read it."))

    def event(state: CampaignState) -> Event:
        if not waits_for_approval(state):
            raise InputError(_("No winner waits for approval. Somebody else may have decided already."))
        return WinnerReviewed(state.current.number, approve, reason)

    _decide(campaign, actor, "approved" if approve else "declined", reason, event)


def waits_for_approval(state: CampaignState) -> bool:
    """Whether a winner waits to be approved or declined."""
    due = next_step(state)
    return due is not None and due.name == "approve"


def archive(campaign: Campaign, actor: User | None, *, is_archived: bool = True) -> None:
    """Take a campaign that is over out of the lists, or put it back. Whoever has its address can read it.

    Raises:
        InputError: while it is not over.
    """
    if campaign.life not in OVER:
        raise InputError(
            _("The campaign is {life}. Only finished and cancelled ones can be archived.").format(
                life=life_words(campaign.life)
            )
        )
    with transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(archived=timezone.now() if is_archived else None)
        note(campaign, actor, "archived" if is_archived else "taken out of the archive")
    campaign.refresh_from_db()


def _changing(wanted: Life, event: Event) -> Callable[[CampaignState], Event]:
    def decide(state: CampaignState) -> Event:
        check_change(life_of(state), wanted)
        return event

    return decide


def _decide(
    campaign: Campaign,
    actor: User | None,
    what: str,
    detail: str,
    event: Callable[[CampaignState], Event],
) -> None:
    if campaign.life == Campaign.DRAFT:
        raise InputError(_("The campaign is a draft. Open it first."))
    with transaction.atomic():
        intervene(campaign, event)
        note(campaign, actor, what, detail)
        notify_of_decision(campaign, actor, what)
    campaign.refresh_from_db()
