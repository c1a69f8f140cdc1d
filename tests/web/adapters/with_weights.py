"""A campaign whose candidates have weights on disk: small ones, in PEFT's format and with true digests."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

from django.conf import settings as django_settings

from crowdsft.core.events import CandidateTrained, Event
from crowdsft.rounds.artifacts import Artifacts, artifacts_in
from crowdsft.training.adapters import CONFIG_FILE, WEIGHTS_FILE, folder_digest
from tests.web.pages.campaign_builder import CampaignBuilder

WEIGHT_BYTES = 4096


class WithWeights(CampaignBuilder):
    """As `CampaignBuilder`, but training leaves adapters."""

    def trained(self) -> tuple[Event, ...]:
        """Candidates of the round, their weights made up."""
        events = []
        for event in CampaignBuilder.trained(self):
            assert isinstance(event, CandidateTrained)
            text = f"{self.state.plan.campaign.seed} {event.round_number} {event.group}"
            events.append(replace(event, adapter=make_adapter(artifacts(), text)))
        return tuple(events)


def artifacts() -> Artifacts:
    """Those of the platform under test."""
    return artifacts_in(Path(django_settings.DATA))


def make_adapter(where: Artifacts, text: str) -> str:
    """Write an adapter that holds `text`, as training would; returns its digest."""
    unfinished = where.root / f".made-{len(text)}"
    unfinished.mkdir(parents=True)
    (unfinished / CONFIG_FILE).write_text(json.dumps({"peft_type": "LORA", "r": 4}), encoding="utf-8")
    (unfinished / WEIGHTS_FILE).write_bytes(text.encode().ljust(WEIGHT_BYTES, b"."))
    digest = folder_digest(unfinished)
    if (where.root / digest).exists():
        shutil.rmtree(unfinished)
    else:
        unfinished.rename(where.root / digest)
    where.keep_adapter(digest)
    return digest
