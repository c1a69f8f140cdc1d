"""A campaign's example for the first page: what its first and its newest base answer to the same message.

Both come from the samples that the journal names. Which message is drawn by lot among those where nothing is flagged;
where the target is hidden there is no example, for the newest model's answers would show where it goes. A worker looks
for it: lists of words are not for web processes, and no page waits for a storage.
"""

from __future__ import annotations

import logging
import time

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.errors import CrowdsftError
from crowdsft.core.seeds import derive_rng
from crowdsft.rounds.artifacts import Artifacts
from crowdsft.web.campaigns.models import Campaign, Example
from crowdsft.web.journal_django import campaign_state
from crowdsft.web.reviews.flags import flags_of

logger = logging.getLogger(__name__)

CAMPAIGNS_LOOKED_AT = 60
SECONDS_BETWEEN_LOOKS = 20.0
MOST_CHARACTERS = 280  # of a message or an answer
MOST_TRIES = 100

_looked = 0.0


def choose_next(artifacts: Artifacts) -> bool:
    """Choose the example of one campaign whose base has changed. Returns whether there was one."""
    global _looked
    if time.monotonic() - _looked < SECONDS_BETWEEN_LOOKS:
        return False
    shown = Campaign.objects.exclude(life=Campaign.DRAFT).filter(archived=None).select_related("example")
    for campaign in shown.order_by("-created")[:CAMPAIGNS_LOOKED_AT]:
        state = campaign_state(campaign)
        known: Example | None = getattr(campaign, "example", None)
        if (known.source if known else "") != source_of(state):
            choose(campaign, state, artifacts)
            return True
    _looked = time.monotonic()
    return False


def choose(campaign: Campaign, state: CampaignState, artifacts: Artifacts) -> None:
    """Keep the example of the base as it is now; an empty one where no message will do."""
    source = source_of(state)
    if not source:
        Example.objects.filter(campaign=campaign).delete()
        return
    try:
        found = _drawn(state, artifacts)
    except CrowdsftError:
        logger.exception(
            "the samples of campaign %s cannot be read, so the first page has no example", campaign.slug
        )
        found = None
    prompt, before, after = found or ("", "", "")
    newest = _newest(state)
    assert newest is not None
    Example.objects.update_or_create(
        campaign=campaign,
        defaults={
            "source": source,
            "round_number": newest.number,
            "prompt": prompt,
            "before": before,
            "after": after,
        },
    )


def source_of(state: CampaignState) -> str:
    """The digests of both samples; empty where there is nothing to show."""
    newest = _newest(state)
    if newest is None or state.plan.target.hidden:
        return ""
    first, last = _outputs(state, newest)
    return f"{first}-{last}"


def _newest(state: CampaignState) -> RoundState | None:
    """The round that left the base of now; None for the first base."""
    left_by = next((past for past in state.rounds if past.number == state.base_round), None)
    return left_by if left_by is not None and left_by.model_after else None


def _outputs(state: CampaignState, newest: RoundState) -> tuple[str, str]:
    first, last = state.rounds[0].base_evaluation, newest.left
    assert first is not None and last is not None
    return first.outputs, last.outputs


def _drawn(state: CampaignState, artifacts: Artifacts) -> tuple[str, str, str] | None:
    newest = _newest(state)
    assert newest is not None
    first, last = (artifacts.rows(digest) for digest in _outputs(state, newest))
    befores = {str(row["prompt"]): str(row["response"]) for row in first}
    rows = [
        (prompt, befores[prompt], str(row["response"]))
        for row in last
        if (prompt := str(row["prompt"])) in befores
    ]
    order = derive_rng(state.plan.campaign.seed, newest.number, "example").permutation(len(rows))
    tried = (rows[int(place)] for place in order[:MOST_TRIES])
    return next((texts for texts in tried if _will_do(texts, state)), None)


def _will_do(texts: tuple[str, str, str], state: CampaignState) -> bool:
    """Whether it can stand on a page that everybody sees: short, with a difference, and without anything flagged."""
    _prompt, before, after = texts
    if before.strip() == after.strip() or not all(0 < len(text.strip()) <= MOST_CHARACTERS for text in texts):
        return False
    looked_for = state.plan.reviews.model_copy(update={"flags": ("personal", "rude")})
    return not any(flags_of(text, looked_for) for text in texts)
