"""A campaign whose ledger is long: rounds that paid one point to each of many contributors, written as events."""

from __future__ import annotations

from crowdsft.core.campaign import CampaignState, ledger_entries
from crowdsft.core.event_codec import encode_event
from crowdsft.core.events import PointsAwarded
from crowdsft.core.rewards.base import Award
from crowdsft.web.campaigns.models import JournalEvent, LedgerRow
from crowdsft.web.journal_django import _ledger_row, campaign_state, forget_states
from tests.web.pages.campaign_builder import CampaignBuilder


def make_long(builder: CampaignBuilder, *, entries: int) -> CampaignState:
    """Play a round whose award pays one point to each of `entries` contributors, most of whom nobody ever saw."""
    builder.open().contribute().close().decide_until_award(0.6, [0.5, 0.55, 0.4])
    state = campaign_state(builder.campaign)
    awards = tuple(Award(f"{number:020d}", 1) for number in range(entries))
    event = PointsAwarded(state.current.number, awards, 0, 0, 1)
    rows = [_ledger_row(builder.campaign, entry) for entry in ledger_entries(state, event)]
    LedgerRow.objects.bulk_create(rows, batch_size=5_000)
    kind, payload = encode_event(event)
    JournalEvent.objects.create(
        campaign=builder.campaign, position=state.position, kind=kind, payload=payload
    )
    forget_states()
    return campaign_state(builder.campaign)
