"""The campaign behind an address, and somebody's membership in it: what nearly every request begins with."""

from __future__ import annotations

from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.prepared import Prepared

_CAMPAIGN = Prepared(
    lambda slug: Campaign.objects.filter(slug=slug).select_related("step").defer("plan"),
)
_MEMBERSHIP = Prepared(lambda campaign, user: Membership.objects.filter(campaign=campaign, user=user))


def campaign_at(slug: str) -> Campaign | None:
    """The campaign with this address, drafts included, with its step. Its plan is read when it is asked for."""
    return _CAMPAIGN.first(slug) if slug.isprintable() else None


def membership_of(campaign: Campaign, user: User) -> Membership | None:
    """How `user` is part of `campaign`, whatever the role, also after leaving."""
    found = _MEMBERSHIP.first(campaign.pk, user.pk)
    if found is not None:
        found.campaign = campaign
    return found
