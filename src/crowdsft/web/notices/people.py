"""Who is there to be told: people with an account who have not left."""

from __future__ import annotations

from dataclasses import dataclass

from crowdsft.web.campaigns.models import Campaign, Membership


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a campaign."""

    membership: int
    user_id: int
    contributor: str


def members(campaign: Campaign, *, gone: bool = False) -> list[Member]:
    """Everybody in the campaign, whatever their role; with `gone` also those who left, to whom money may be due."""
    rows = campaign.memberships.filter(user__isnull=False).order_by("pk")
    rows = rows if gone else rows.filter(left=None)
    return [
        Member(membership, user_id, contributor)
        for membership, user_id, contributor in rows.values_list("pk", "user_id", "contributor")
        if user_id is not None
    ]


def deciding(
    campaign: Campaign, *, roles: tuple[str, ...] = (Membership.ORGANISER, Membership.REVIEWER)
) -> list[int]:
    """The accounts of organisers and reviewers, or of other `roles`."""
    rows = campaign.memberships.filter(user__isnull=False, left=None, role__in=roles).order_by("pk")
    return [user_id for user_id in rows.values_list("user_id", flat=True) if user_id is not None]
