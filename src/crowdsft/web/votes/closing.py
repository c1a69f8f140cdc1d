"""Closing a vote by hand: what has been voted is counted, and the round goes on."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.audit import note
from crowdsft.web.campaigns.models import Campaign, Step
from crowdsft.web.journal_django import campaign_state, wake
from crowdsft.web.votes.voting import is_voting


def request_count(campaign: Campaign, actor: User | None) -> int:
    """Count the votes of the newest round now, as its organiser asks. Asking twice changes nothing.

    The step is locked, so that no rollback comes between looking at the round and asking for its votes.

    Returns:
        The round whose votes are counted.

    Raises:
        InputError: when nobody is asked to vote.
    """
    with transaction.atomic():
        Step.objects.select_for_update(no_key=True).filter(campaign=campaign).first()
        state = campaign_state(campaign)
        if not is_voting(state):
            raise InputError(
                _(
                    "No vote is open, so there is nothing to close. Votes open when a round's candidates are measured."
                )
            )
        number = state.current.number
        asked = Campaign.objects.filter(pk=campaign.pk).exclude(close_requested_vote=number)
        if asked.update(close_requested_vote=number):
            note(campaign, actor, "closed a vote by hand", f"round {number}")
        wake(campaign, "count_votes")
    campaign.refresh_from_db()
    return number
