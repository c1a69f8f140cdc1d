"""Under which names contributors appear on pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from crowdsft.web.campaigns.leaving import SOMEONE
from crowdsft.web.campaigns.models import Campaign, Membership


@dataclass(frozen=True, slots=True)
class PublicName:
    """A pseudonym. `has_left`: the account is still there, but takes no part in the campaign any more."""

    name: str
    has_left: bool = False


def public_names(campaign: Campaign, contributors: Iterable[str]) -> dict[str, PublicName]:
    """Names by identifier; who deleted the account is "somebody who left" in the reader's language."""
    wanted = set(contributors)
    rows = Membership.objects.filter(campaign=campaign, contributor__in=wanted)
    known = {
        contributor: PublicName(_("somebody who left"))
        if user is None and name.startswith(SOMEONE)
        else PublicName(name, left is not None)
        for contributor, name, user, left in rows.values_list("contributor", "pseudonym", "user", "left")
    }
    return {contributor: known.get(contributor, PublicName(_("somebody who left"))) for contributor in wanted}
