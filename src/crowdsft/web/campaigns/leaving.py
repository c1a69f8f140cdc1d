"""Leaving a campaign, and leaving nothing behind: what is taken back, what is blanked, what has to stay.

| What                                   | Leave          | Leave and take back | Account deleted |
| -------------------------------------- | -------------- | ------------------- | --------------- |
| texts that nothing was trained on yet  | stay           | removed             | removed         |
| texts that a model was trained on      | stay           | stay                | blanked         |
| tasks, drafts, reasons, votes          | stay           | stay                | removed         |
| notices                                | stay           | stay                | removed         |
| reviews, reports, moderation, appeals  | stay           | stay                | see `reviews.leaving` |
| points, ledger and payouts, by random identifier | stay | stay                | stay            |
| pseudonym                              | stays          | stays               | "someone who left" |

The journal and the ledger name nobody: they hold random identifiers and digests, and stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crowdsft.core.campaign import CampaignState
from crowdsft.core.errors import InputError
from crowdsft.core.events import ContributionsWithdrawn
from crowdsft.core.life import OVER
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.audit import note
from crowdsft.web.campaigns.models import Campaign, Membership, Step
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.journal_django import campaign_state, intervene
from crowdsft.web.reviews.leaving import forget_person
from crowdsft.web.votes.models import Vote

SOMEONE = "someone who left"


def leave(membership: Membership, *, withdraw: bool = False) -> int:
    """End somebody's part in a campaign: no more tasks. Joining again is possible at any time.

    Args:
        withdraw: Also take back what nothing was trained on yet.

    Returns:
        How many contributions were taken back.

    Raises:
        InputError: for the only organiser of a campaign that is not over.
    """
    campaign = membership.campaign
    if membership.role == Membership.ORGANISER and is_only_organiser(membership):
        raise InputError(
            _(
                "You are the only organiser of {name}. Invite another one, or finish or cancel it first."
            ).format(name=campaign.name)
        )
    with transaction.atomic():
        now = timezone.now()
        Membership.objects.filter(pk=membership.pk).update(left=now, role=Membership.CONTRIBUTOR)
        Task.objects.filter(membership=membership, state__in=Task.UNFINISHED).update(
            state=Task.SKIPPED, seat=None, skip_reason="left the campaign", changed=now
        )
        taken_back = _remove_unused(membership) if withdraw else 0
    membership.refresh_from_db()
    return taken_back


def unused_contributions(membership: Membership) -> int:
    """How many contributions could be taken back now."""
    return len(_unused(membership, campaign_state(membership.campaign)))


def is_only_organiser(membership: Membership) -> bool:
    """Whether the campaign is not over and has no other organiser."""
    others = Membership.objects.filter(
        campaign=membership.campaign, role=Membership.ORGANISER, user__isnull=False, left=None
    ).exclude(pk=membership.pk)
    return membership.campaign.life not in OVER and not others.exists()


def campaigns_that_need(user: User) -> list[Campaign]:
    """Open and paused campaigns that nobody else organises; drafts need nobody, they go with the account."""
    mine = Membership.objects.filter(user=user, role=Membership.ORGANISER).exclude(
        campaign__life=Campaign.DRAFT
    )
    return [row.campaign for row in mine.select_related("campaign") if is_only_organiser(row)]


def delete_account(user: User) -> None:
    """Delete `user` and everything personal; see the table above for what stays.

    Each campaign is its own transaction, the account goes last: after a crash in between, doing it again does
    the rest.

    Raises:
        InputError: while a campaign would be left without an organiser.
    """
    needed = campaigns_that_need(user)
    if needed:
        names = ", ".join(campaign.name for campaign in needed)
        raise InputError(
            _(
                "You are the only organiser of {names}. Invite another organiser, or finish or cancel it "
                "first; then delete your account. Nothing was deleted."
            ).format(names=names)
        )
    for membership in Membership.objects.filter(user=user).select_related("campaign"):
        if membership.campaign.life == Campaign.DRAFT and is_only_organiser(membership):
            membership.campaign.delete()
        else:
            _erase(membership)
    user.delete()


def _erase(membership: Membership) -> None:
    with transaction.atomic():
        if membership.campaign.life != Campaign.DRAFT:
            _remove_unused(membership)
        Contribution.objects.filter(membership=membership).update(response="", model_response="", task=None)
        Task.objects.filter(membership=membership).delete()
        Vote.objects.filter(membership=membership).delete()
        forget_person(membership)
        membership.user = None
        membership.pseudonym = _name_for_nobody(membership)
        membership.role = Membership.CONTRIBUTOR
        membership.left = timezone.now()
        membership.save()
        note(membership.campaign, None, "member deleted", membership.pseudonym)


def _name_for_nobody(membership: Membership) -> str:
    """ "someone who left", numbered where others left before: names are keys in results."""
    taken = set(
        membership.campaign.memberships.filter(pseudonym__startswith=SOMEONE).values_list(
            "pseudonym", flat=True
        )
    )
    name, number = SOMEONE, 2
    while name in taken:
        name, number = f"{SOMEONE} ({number})", number + 1
    return name


def _remove_unused(membership: Membership) -> int:
    """Remove what nothing was trained on yet, inside a transaction. Of a closed round, the journal is told."""
    campaign = membership.campaign
    Step.objects.select_for_update(no_key=True).filter(campaign=campaign).first()  # no round closes meanwhile
    unused = _unused(membership, campaign_state(campaign))
    closed = [row for row in unused if row.round_number is not None]
    Task.objects.filter(pk__in=[row.task_id for row in unused]).update(seat=None)
    Contribution.objects.filter(pk__in=[row.pk for row in unused]).delete()
    if closed:
        ids = tuple(sorted(str(row.pk) for row in closed))
        intervene(campaign, lambda state: ContributionsWithdrawn(state.current.number, ids))
    return len(unused)


def _unused(membership: Membership, state: CampaignState) -> Sequence[Contribution]:
    rows = Contribution.objects.filter(membership=membership)
    untrained = None
    if state.rounds and not state.is_over and not state.current.candidates:
        untrained = state.current.number
    return [row for row in rows if row.round_number is None or row.round_number == untrained]
