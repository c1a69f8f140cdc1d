"""Under which names contributors appear on pages."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from crowdsft.web.campaigns.leaving import SOMEONE
from crowdsft.web.campaigns.models import Campaign, Membership


def public_names(campaign: Campaign, contributors: Iterable[str]) -> dict[str, str]:
    """Pseudonyms by identifier; who deleted the account is "somebody who left" in the reader's language."""
    rows = Membership.objects.filter(campaign=campaign, contributor__in=set(contributors))
    return {
        contributor: _("somebody who left") if user is None and name.startswith(SOMEONE) else name
        for contributor, name, user in rows.values_list("contributor", "pseudonym", "user")
    }
