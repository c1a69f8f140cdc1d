"""The campaigns: what crowdsft is, and what is open."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crowdsft.web.campaigns.examples import source_of
from crowdsft.web.campaigns.models import Campaign, Example, Membership
from crowdsft.web.charts import sparkline
from crowdsft.web.journal_django import campaign_state
from crowdsft.web.pages.access import CONTRIBUTES
from crowdsft.web.pages.measure import share_of_the_way
from crowdsft.web.pages.progress import Progress, progress
from crowdsft.web.pages.rounds_story import closeness_line

CAMPAIGNS_SHOWN = 60


@dataclass(frozen=True, slots=True)
class CampaignCard:
    """A campaign in the list."""

    campaign: Campaign
    description: str
    is_simulated: bool
    progress: Progress
    contributors: int
    budget: int
    way: tuple[str, int] | None
    line: SafeString | None


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Open campaigns first, then the finished ones, newest first."""
    shown = Campaign.objects.exclude(life=Campaign.DRAFT).filter(archived=None)
    campaigns = shown.select_related("step", "example").order_by("-created")[:CAMPAIGNS_SHOWN]
    counted = Membership.objects.filter(CONTRIBUTES, campaign__in=[campaign.pk for campaign in campaigns])
    contributors = dict(counted.values_list("campaign").annotate(Count("pk")))
    cards = [_card(campaign, contributors.get(campaign.pk, 0)) for campaign in campaigns]
    open_cards = [card for card in cards if card.progress.is_live]
    finished_cards = [card for card in cards if not card.progress.is_live]
    return render(
        request,
        "pages/home.html",
        {
            "open_cards": open_cards,
            "finished_cards": finished_cards,
            "example": next(filter(None, map(_example, [*open_cards, *finished_cards])), None),
            "section": "campaigns",
        },
    )


def _card(campaign: Campaign, contributors: int) -> CampaignCard:
    state = campaign_state(campaign)
    values = closeness_line(state)
    return CampaignCard(
        campaign=campaign,
        description=state.plan.campaign.description,
        is_simulated=state.plan.campaign.simulated,
        progress=progress(campaign, state),
        contributors=contributors,
        budget=state.plan.points.budget_per_round,
        way=share_of_the_way(state),
        line=sparkline(values, _("How close the model is to the target, over the rounds"))
        if values
        else None,
    )


def _example(card: CampaignCard) -> Example | None:
    """What a worker found to show of the campaign, if the base has not changed since."""
    found: Example | None = getattr(card.campaign, "example", None)
    if found is None or not found.prompt:
        return None
    return found if found.source == source_of(campaign_state(card.campaign)) else None
