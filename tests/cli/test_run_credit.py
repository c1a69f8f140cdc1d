"""A campaign that pays by credit measured while candidates train, from a file to the ledger."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crowdsft.core.campaign import CampaignState, apply, history, ledger_entries
from crowdsft.core.event_codec import decode_event
from crowdsft.core.events import CandidateTrained, Event, GroupsValued, PointsAwarded
from crowdsft.core.rewards import REWARDS
from crowdsft.core.seeds import derive_seed
from crowdsft.core.valuation.exact import exact_values
from crowdsft.world import expert_comments
from tests.cli.campaigns import SETTINGS, crowdsft, write_campaign

pytestmark = pytest.mark.train


def settings() -> str:
    examples = expert_comments("joy", 12, np.random.default_rng(4))
    return (
        SETTINGS.replace('emotion = "joy"', f"examples = {json.dumps(examples)}")
        .replace("passes = 1", 'passes = 2\nbackend = "multi_lora"\nlearning_rate = 2e-4')
        .replace("[evaluation]", '[points]\npolicy = "in_run_split"\n[evaluation]')
    )


def journal(output: Path) -> list[Event]:
    with sqlite3.connect(output / "campaign.sqlite") as database:
        rows = database.execute("SELECT kind, payload FROM campaigns_journalevent ORDER BY position")
        return [decode_event(kind, json.loads(payload)) for kind, payload in rows]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[Event]]:
    folder = tmp_path_factory.mktemp("credit")
    toml, jsonl = write_campaign(folder, contributors=6, settings=settings())
    answer = crowdsft("run", toml, "--contributions", jsonl, "--output", folder / "out", "--json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout), journal(folder / "out")


def test_credits_and_merged_values_are_in_the_journal(
    played: tuple[dict[str, Any], list[Event]],
) -> None:
    _, events = played
    trained = [event for event in events if isinstance(event, CandidateTrained)]
    assert len(trained) == 4
    for event in trained:
        assert len(event.credits) == len(event.weights) and any(event.credits)
    valued = [event for event in events if isinstance(event, GroupsValued)]
    assert [event.round_number for event in valued] == [1, 2]
    for event in valued:
        assert event.merges == len(event.gains) == 3 and event.errors == (0.0, 0.0)
        assert exact_values(np.array([0.0, *event.gains]), 2) == pytest.approx(event.values, abs=1e-12)
        assert sum(event.values) == pytest.approx(event.together, abs=1e-12)
        assert event.together == event.gains[-1] != 0


def test_every_award_follows_from_the_journal_alone(played: tuple[dict[str, Any], list[Event]]) -> None:
    result, events = played
    state, paid = CampaignState(), 0
    for event in events:
        if isinstance(event, PointsAwarded):
            again = REWARDS.make("in_run_split").settle(
                history(state),
                balances=state.balances,
                budget_per_round=state.plan.points.budget_per_round,
                utility=None,
                seed=derive_seed(state.plan.campaign.seed, "points"),
            )
            assert again.awards == event.awards and again.carry == event.carry
            paid += sum(entry.amount for entry in ledger_entries(state, event))
        state = apply(state, event)
    assert result["ledger"]["valid"] and paid == result["ledger"]["sum"]
    assert paid + result["carried"] == 2_000
    assert paid > 0, "the test's campaign pays nothing, so it shows nothing"
