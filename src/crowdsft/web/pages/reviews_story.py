"""What the campaign's page says about reviews: to reviewers what waits, to contributors what became of their work."""

from __future__ import annotations

from typing import Any

from crowdsft.web.pages.access import Visit
from crowdsft.web.reviews.models import Appeal, Report
from crowdsft.web.reviews.moderation import pause_of, pause_words
from crowdsft.web.reviews.own_work import needs_attention
from crowdsft.web.reviews.queue import to_review


def reviews_context(found: Visit) -> dict[str, Any]:
    """Counts for the actions and the notice of the campaign's page; nothing for strangers."""
    if found.membership is None:
        return {}
    paused = pause_of(found.membership)
    context: dict[str, Any] = {
        "pause_words": pause_words(paused) if paused else "",
        "to_look_at": needs_attention(found.membership),
    }
    if found.is_reviewer:
        reports = Report.objects.filter(campaign=found.campaign, state=Report.OPEN).count()
        appeals = Appeal.objects.filter(campaign=found.campaign, state=Appeal.OPEN).count()
        context |= {"to_review": to_review(found.campaign, found.membership), "to_settle": reports + appeals}
    return context
