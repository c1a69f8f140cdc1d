"""Invitation links: each gives a role in one campaign, until it runs out, is used up or taken back."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.models import User, token_digest
from crowdsft.web.campaigns.audit import note
from crowdsft.web.campaigns.create import member
from crowdsft.web.campaigns.models import Campaign, Invitation, Membership
from crowdsft.web.notices.of_decisions import notify_of_acceptance, notify_of_role

RANK = {Membership.CONTRIBUTOR: 0, Membership.REVIEWER: 1, Membership.ORGANISER: 2}
LONGEST_DAYS = 365
MOST_USES = 10_000


def invite(
    campaign: Campaign, actor: User | None, role: str, *, days: int | None = 14, uses: int | None = None
) -> tuple[Invitation, str]:
    """A new link for `role`.

    Args:
        days: How long it works, 1 to 365; None: without end.
        uses: How often it works, 1 to 10,000; None: as often as people come.

    Returns:
        The invitation and its key, which can be read only here.

    Raises:
        InputError: when a number is out of range or the role unknown.
    """
    if role not in RANK:
        raise InputError(
            _("There is no role {role!r}. Allowed: {allowed}.").format(role=role, allowed=", ".join(RANK))
        )
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise InputError(
            _("An invitation works for 1 to {longest_days} days, or without end.").format(
                longest_days=LONGEST_DAYS
            )
        )
    if uses is not None and not 1 <= uses <= MOST_USES:
        raise InputError(
            _("An invitation works 1 to {most_uses} times, or without a limit.").format(most_uses=MOST_USES)
        )
    key = secrets.token_urlsafe(24)
    with transaction.atomic():
        invitation = Invitation.objects.create(
            campaign=campaign,
            role=role,
            digest=token_digest(key),
            expires=None if days is None else timezone.now() + timedelta(days=days),
            uses_left=uses,
        )
        note(campaign, actor, "invited", f"{role}, link {invitation.pk}")
    return invitation, key


def find_invitation(key: str) -> Invitation:
    """The invitation with this key.

    Raises:
        InputError: when it does not exist or does not work any more, without saying which.
    """
    found = Invitation.objects.select_related("campaign").filter(_works(), digest=token_digest(key)).first()
    if found is None:
        raise InputError(
            _("This invitation does not work: mistyped, used up, run out or taken back. Ask for a new one.")
        )
    return found


def accept(invitation: Invitation, user: User) -> Membership:
    """Give `user` the invitation's role; who has it or a higher one already keeps that and uses nothing up.

    Raises:
        InputError: when it stopped working in this moment.
    """
    with transaction.atomic():
        membership = member(invitation.campaign, user)
        is_back = membership.left is not None
        if RANK[membership.role] >= RANK[invitation.role] and not is_back:
            return membership
        used = Invitation.objects.filter(_works(), pk=invitation.pk).update(
            uses=F("uses") + 1, uses_left=F("uses_left") - 1
        )
        if not used:
            raise InputError(_("This invitation has just been used up or taken back. Ask for a new one."))
        if RANK[membership.role] < RANK[invitation.role]:
            membership.role = invitation.role
        membership.left = None
        membership.save(update_fields=["role", "left"])
        note(invitation.campaign, user, "accepted", f"{invitation.role}, link {invitation.pk}")
        notify_of_acceptance(membership)
    return membership


def take_back(campaign: Campaign, actor: User | None, invitation_id: int) -> None:
    """Make an invitation stop working; who has accepted it stays. Raises: InputError when there is none."""
    with transaction.atomic():
        changed = campaign.invitations.filter(pk=invitation_id, revoked=None).update(revoked=timezone.now())
        if not changed:
            raise InputError(_("There is no such invitation of this campaign, or it was taken back before."))
        note(campaign, actor, "took back an invitation", f"link {invitation_id}")


def change_role(campaign: Campaign, actor: User | None, membership_id: int, role: str) -> Membership:
    """Give a member another role.

    Raises:
        InputError: for an unknown member or role, and when no organiser would be left.
    """
    if role not in RANK:
        raise InputError(
            _("There is no role {role!r}. Allowed: {allowed}.").format(role=role, allowed=", ".join(RANK))
        )
    with transaction.atomic():
        people = campaign.memberships.select_for_update(no_key=True).filter(user__isnull=False)
        membership = people.filter(pk=membership_id).first()
        if membership is None:
            raise InputError(_("There is no such member of this campaign."))
        others = people.filter(role=Membership.ORGANISER, left=None).exclude(pk=membership.pk)
        is_last = membership.role == Membership.ORGANISER and not others.exists()
        if is_last and role != Membership.ORGANISER:
            raise InputError(_("A campaign needs an organiser. Make somebody else one first."))
        membership.role = role
        membership.save(update_fields=["role"])
        note(campaign, actor, "changed a role", f"{membership.pseudonym}: {role}")
        notify_of_role(membership, actor)
    return membership


def _works() -> Q:
    now = timezone.now()
    return Q(revoked=None) & (Q(expires=None) | Q(expires__gt=now)) & (Q(uses_left=None) | Q(uses_left__gt=0))
