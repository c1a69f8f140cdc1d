"""Writing down what has to be told, in the transaction in which it happens: told exactly if it happened."""

from __future__ import annotations

import time
import uuid
from typing import Any

from django.utils import timezone

from crowdsft.core.events import CampaignFinished, Event, PointsAwarded, RoundClosed, RoundFinished
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.prepared import Prepared
from crowdsft.web.webhooks.models import Delivery, Webhook

_HOOKS = Prepared(lambda campaign: Webhook.objects.filter(campaign=campaign).order_by("pk"))


def tell(campaign: Campaign, event: str, data: dict[str, Any]) -> int:
    """Make `event` due for every webhook of the campaign that wants it. Returns for how many."""
    wanting = [hook for hook in _HOOKS.rows(campaign.pk) if event in hook.event_names]
    for hook in wanting:
        write(hook, event, data)
    return len(wanting)


def write(hook: Webhook, event: str, data: dict[str, Any]) -> Delivery:
    """A message that is due now. It names contributors by their random identifiers, and holds no texts."""
    number = uuid.uuid4()
    body = {
        "id": str(number),
        "event": event,
        "campaign": hook.campaign.slug,
        "happened": timezone.now().isoformat(),
        "data": data,
    }
    return Delivery.objects.create(id=number, webhook=hook, event=event, body=body, next_try=time.time())


def tell_of(campaign: Campaign, event: Event) -> None:
    """Tell of an event of the journal, if it is one of those that are told."""
    data: dict[str, Any]
    match event:
        case RoundClosed():
            data = {
                "round": event.round_number,
                "contributions": len(event.contributions),
                "contributors": len({ref.contributor for ref in event.contributions}),
            }
            tell(campaign, "round.closed", data)
        case PointsAwarded():
            awards = [{"contributor": a.contributor, "points": a.points} for a in event.awards if a.points]
            data = {"round": event.round_number, "awards": awards, "carried": event.carry}
            tell(campaign, "points.awarded", data)
        case RoundFinished():
            tell(campaign, "round.finished", {"round": event.round_number, "adapters": list(event.lineage)})
        case CampaignFinished():
            awards = [{"contributor": a.contributor, "points": a.points} for a in event.closing_awards]
            tell(campaign, "campaign.finished", {"rounds": campaign.round_number, "closing_awards": awards})
        case _:
            pass
