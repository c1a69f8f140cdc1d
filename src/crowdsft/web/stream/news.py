"""What the watchers of a campaign are told: how it gets on, as pieces of its page, and when its results have changed.

"status" holds HTML that replaces the badge, the stages and the bars, the same for everybody. "results" holds a version:
tables and buttons differ from person to person, so a page that has another version asks for its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from django.db import close_old_connections
from django.template.loader import render_to_string
from django.utils import translation

from crowdsft.core.campaign import CampaignState
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.journal_django import campaign_state
from crowdsft.web.pages.progress import Progress, progress
from crowdsft.web.stream.hub import Message, News, Topic

PIECES = ("status", "doing")


def look_afresh(topics: Collection[Topic]) -> News:
    """`look` between requests, in a thread of its own: what the database may have hung up on is opened anew."""
    close_old_connections()
    try:
        return look(topics)
    finally:
        close_old_connections()


def look(topics: Collection[Topic]) -> News:
    """The newest messages of each topic; a handful of short queries for each campaign, whoever watches it."""
    numbers = {topic.campaign for topic in topics}
    shown = Campaign.objects.exclude(life=Campaign.DRAFT).filter(pk__in=numbers).select_related("step")
    campaigns = {campaign.pk: campaign for campaign in shown}
    news: dict[Topic, tuple[Message, ...]] = {}
    for number, campaign in campaigns.items():
        state = campaign_state(campaign)
        mine = [topic for topic in topics if topic.campaign == number]
        for language in {topic.language for topic in mine}:
            with translation.override(language):
                now = progress(campaign, state)
                for topic in mine:
                    if topic.language == language:
                        news[topic] = _messages(topic, campaign, state, now)
    return news


def _messages(topic: Topic, campaign: Campaign, state: CampaignState, now: Progress) -> tuple[Message, ...]:
    context = status_context(campaign, state, now, is_organiser=topic.is_organiser) | {"is_swap": True}
    html = "".join(render_to_string(f"pages/_campaign_{piece}.html", context) for piece in PIECES)
    position = state.position
    results = Message("results", context["results_version"], position)
    over = () if now.is_live else (Message("end", "over", position, is_last=True),)
    return (Message("status", html, position), results, *over)


def status_context(
    campaign: Campaign, state: CampaignState, now: Progress, *, is_organiser: bool
) -> dict[str, Any]:
    """What the pieces about a campaign's progress are made of."""
    return {
        "campaign": campaign,
        "plan": state.plan,
        "progress": now,
        "is_organiser": is_organiser,
        "status_version": hashlib.sha256(repr(now).encode()).hexdigest()[:12],
        "results_version": results_version(campaign, state, now),
    }


def results_version(campaign: Campaign, state: CampaignState, now: Progress) -> str:
    """Changes whenever the tables, the charts or the buttons of a campaign's page may change."""
    decided = sum(1 for current in state.rounds if current.selected is not None)
    paid = sum(1 for current in state.rounds if current.points is not None)
    voted = sum(1 for current in state.rounds if current.votes is not None)
    starts = sum(1 for current in state.rounds if current.starts_from is not None)
    parts = (
        len(state.rounds),
        decided,
        paid,
        voted,
        starts,
        state.is_finished,
        now.kind,
        campaign.is_collecting,
    )
    return "-".join(str(part) for part in parts)
