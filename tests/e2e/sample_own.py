"""What people wrote in the sample platform, and names that are the same in every language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def own_texts() -> list[str]:
    """Every such text of the database."""
    return sorted({text for text in _texts() if text})


def _texts() -> Iterator[str]:
    from crowdsft.core.evaluation import UTILITIES
    from crowdsft.core.grouping import GROUPINGS
    from crowdsft.core.rewards import REWARDS
    from crowdsft.embedding import EMBEDDINGS
    from crowdsft.training import BACKENDS
    from crowdsft.web.accounts.models import User
    from crowdsft.web.campaigns.models import Campaign, ConsentVersion, Membership
    from crowdsft.web.contributions.models import Contribution, Task
    from crowdsft.web.imports.models import Import
    from crowdsft.web.payouts.models import PayoutLine
    from crowdsft.web.playground.models import Exchange
    from crowdsft.web.reviews.models import Appeal, Moderation, Report, Review
    from crowdsft.web.templatetags.crowdsft import initials
    from crowdsft.web.webhooks.models import EVENT_NAMES, Webhook
    from tests.e2e.sample_platform import COMFORT
    from tests.web.pages.campaign_builder import DRAFTS, many_drafts

    fields: tuple[tuple[Any, tuple[str, ...]], ...] = (
        (User, ("username", "pseudonym", "email")),
        (Campaign, ("slug", "name")),
        (Membership, ("contributor",)),
        (Task, ("prompt", "model_response", "draft")),
        (Contribution, ("prompt", "response", "model_response")),
        (Review, ("words",)),
        (Report, ("words", "text")),
        (Moderation, ("words",)),
        (Appeal, ("words", "answer")),
        (PayoutLine, ("reference", "contributor")),
        (Import, ("name", "preview")),
        (Exchange, ("message", "answers")),
        (Webhook, ("url",)),
        (ConsentVersion, ("text", "licence")),
    )
    for model, names in fields:
        for row in model.objects.values_list(*names):
            yield from _strings(row)
    for table in (UTILITIES, GROUPINGS, REWARDS, EMBEDDINGS, BACKENDS):
        yield from table
    yield from EVENT_NAMES
    yield from (row.digest[:12] for row in Import.objects.all())
    yield from COMFORT
    yield from _strings([*DRAFTS, *many_drafts(48)])
    yield from (initials(user.pseudonym) for user in User.objects.all())
    for campaign in Campaign.objects.all():
        plan = campaign.settings
        about = plan.campaign
        yield from (about.name, about.description, about.licence, about.consent, plan.model.base)
        yield from (line.strip("# -") for line in about.guidelines.splitlines())
        yield from plan.prompts.texts
        yield plan.model.base.split(":")[-1]


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strings(part)
