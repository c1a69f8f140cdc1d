"""Journals written by earlier versions are read as what they were: fields that came later have their defaults."""

from __future__ import annotations

from dataclasses import MISSING, fields

import pytest

from crowdsft.core.campaign import CampaignState, apply, history
from crowdsft.core.event_codec import decode_event, encode_event
from crowdsft.core.events import CandidateTrained
from tests.core.campaigns import whole_campaign

FIRST_FIELDS = {
    "CampaignOpened": {"campaign", "settings"},
    "TargetMeasured": {"target", "labels", "expert_utility"},
    "RoundOpened": {"round_number", "drafts"},
    "RoundClosed": {"round_number", "contributions"},
    "GroupsFormed": {"round_number", "groups"},
    "CandidateTrained": {"round_number", "group", "adapter", "steps", "loss", "weights", "seconds"},
    "CandidateEvaluated": {
        "round_number",
        "group",
        "selection",
        "report",
        "likelihood",
        "outputs",
        "generate_seconds",
        "evaluate_seconds",
    },
    "WinnerSelected": {"round_number", "winner", "outcome", "contenders"},
    "PointsAwarded": {"round_number", "awards", "carry", "escrow", "covered_rounds"},
    "RoundFinished": {"round_number", "lineage"},
    "CampaignFinished": {"closing_awards"},
}
"""What version 0.1's journals hold."""


def test_a_journal_without_the_newer_fields_folds_to_the_same_state() -> None:
    now, then = CampaignState(), CampaignState()
    for event in whole_campaign():
        kind, payload = encode_event(event)
        old = {name: value for name, value in payload.items() if name in FIRST_FIELDS[kind]}
        now, then = apply(now, event), apply(then, decode_event(kind, old))
    assert then == now
    assert [record.credits for record in history(then)] == [None, None]


@pytest.mark.parametrize("kind", sorted(FIRST_FIELDS))
def test_every_later_field_has_a_default(kind: str) -> None:
    known = {type(event).__name__: type(event) for event in whole_campaign()}
    later = [field for field in fields(known[kind]) if field.name not in FIRST_FIELDS[kind]]
    assert all(field.default is not MISSING for field in later)


def test_a_candidate_of_an_old_journal_has_no_credits() -> None:
    payload = {
        "round_number": 1,
        "group": 0,
        "adapter": "a",
        "steps": 3,
        "loss": 1.0,
        "weights": [1.0],
        "seconds": 1,
    }
    event = decode_event("CandidateTrained", payload)
    assert isinstance(event, CandidateTrained) and event.credits == ()
