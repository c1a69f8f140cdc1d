"""What organisers' decisions mean for the others: told in the transaction in which they are taken.

Whoever decided is not told of it.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.notices.kinds import Kind
from crowdsft.web.notices.notify import Told, notify, notify_each
from crowdsft.web.notices.people import deciding, members

DECISIONS = {
    "opened": gettext_noop("%(campaign)s is open. Its first round begins now."),
    "paused": gettext_noop(
        "%(campaign)s is paused. What you wrote is kept; no tasks are given out until it goes on."
    ),
    "resumed": gettext_noop("%(campaign)s goes on. There may be tasks for you."),
    "finished early": gettext_noop(
        "%(campaign)s ends early. A round that is closed is still decided and paid; no new one begins."
    ),
    "cancelled": gettext_noop("%(campaign)s was cancelled. Points that were paid stay paid."),
    "rolled back": gettext_noop(
        "%(campaign)s goes on from an earlier model. Your contributions and points stay as they are."
    ),
}
CONSENT = gettext_noop(
    "%(campaign)s has a new consent text (version %(version)s). Please read it before your next task; what you "
    "handed in before stays under the version it was given under."
)
ROLES = {
    Membership.ORGANISER: gettext_noop("You are an organiser of %(campaign)s now."),
    Membership.REVIEWER: gettext_noop("You are a reviewer of %(campaign)s now."),
    Membership.CONTRIBUTOR: gettext_noop("You are a contributor of %(campaign)s now, without another role."),
}
ACCEPTED = {
    Membership.ORGANISER: gettext_noop(
        "%(person)s accepted an invitation and organises %(campaign)s with you."
    ),
    Membership.REVIEWER: gettext_noop("%(person)s accepted an invitation and is a reviewer of %(campaign)s."),
}


def notify_of_decision(campaign: Campaign, actor: User | None, what: str) -> None:
    """Tell the members what was decided, if it is one of `DECISIONS`."""
    if what in DECISIONS:
        everybody = [member.user_id for member in members(campaign)]
        _tell(campaign, "campaign", everybody, actor, DECISIONS[what])


def notify_of_consent(campaign: Campaign, actor: User | None, version: int) -> None:
    """Tell everybody who agreed to an earlier version."""
    agreed = campaign.memberships.filter(user__isnull=False, left=None).exclude(consent="")
    people = [user_id for user_id in agreed.values_list("user_id", flat=True) if user_id is not None]
    link = f"/campaigns/{campaign.slug}/join/"
    _tell(campaign, "consent", people, actor, CONSENT, link=link, version=str(version))


def notify_of_role(membership: Membership, actor: User | None) -> None:
    """Tell somebody that others gave them another role."""
    campaign = membership.campaign
    if membership.user is not None and membership.user != actor:
        text, link = ROLES[membership.role], f"/campaigns/{campaign.slug}/"
        notify(membership.user, "role", campaign, text, link, {"campaign": campaign.name})


def notify_of_acceptance(membership: Membership) -> None:
    """Tell the organisers that somebody shares the work now; contributors come without a word."""
    campaign = membership.campaign
    if membership.role in ACCEPTED:
        organisers = deciding(campaign, roles=(Membership.ORGANISER,))
        link, text = f"/campaigns/{campaign.slug}/manage/", ACCEPTED[membership.role]
        _tell(campaign, "role", organisers, membership.user, text, link=link, person=membership.pseudonym)


def _tell(
    campaign: Campaign,
    kind: Kind,
    people: list[int],
    actor: User | None,
    text: str,
    *,
    link: str = "",
    **values: str,
) -> None:
    told = [
        Told(user_id, text, link or f"/campaigns/{campaign.slug}/", {"campaign": campaign.name, **values})
        for user_id in people
        if actor is None or user_id != actor.pk
    ]
    notify_each(kind, campaign, told)
