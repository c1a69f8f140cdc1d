"""The audit log: who decided what about a campaign."""

from __future__ import annotations

from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import AuditLine, Campaign


def note(campaign: Campaign, actor: User | None, what: str, detail: str = "") -> AuditLine:
    """Write down that `actor` did `what` ("paused"), with a reason or other `detail`, cut at 500 characters."""
    return AuditLine.objects.create(campaign=campaign, actor=actor, what=what, detail=detail[:500])
