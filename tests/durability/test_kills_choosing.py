"""Killed in the middle of choosing, merging, valuing and paying, a campaign ends as if nothing had happened."""

from __future__ import annotations

import json
import pickle
import signal
import sqlite3
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from tests.durability import choosing, workers

pytestmark = pytest.mark.train

POINTS = [
    "keep_contributions:done:2",
    "train:done:2",
    "merge:done:2",
    "merge:in_transaction:2",
    "value_groups:done:2",
    "value_groups:in_transaction:3",
    "award:committed:3",
]


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    return workers.context()


@pytest.fixture(scope="module")
def fresh(processes: ForkServerContext, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("choosing") / "data"
    process = processes.Process(target=choosing.create, args=(data,))
    process.start()
    process.join()
    assert process.exitcode == 0
    return data


@pytest.fixture(scope="module")
def undisturbed(
    processes: ForkServerContext, fresh: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    data = workers.copy_of(fresh, tmp_path_factory.mktemp("undisturbed") / "data")
    process = workers.start(processes, data)
    process.join()
    assert process.exitcode == 0
    return data, told(data)


def told(data: Path) -> dict[str, Any]:
    """The outcome, with what was chosen, merged and valued."""
    return workers.outcome(data) | {
        kind: payloads(data, kind)
        for kind in ("ContributionsKept", "CandidatesMerged", "GroupsValued", "PointsAwarded")
    }


def payloads(data: Path, kind: str) -> list[dict[str, Any]]:
    with sqlite3.connect(data / "crowdsft.sqlite", timeout=20) as database:
        rows = database.execute(
            "SELECT payload FROM campaigns_journalevent WHERE kind=? ORDER BY position", [kind]
        )
        return [json.loads(payload) for (payload,) in rows]


def test_everything_happens(undisturbed: tuple[Path, dict[str, Any]]) -> None:
    _, found = undisturbed
    assert [len(groups) for groups in found["groups"]] == [6, 2, 2]
    assert [len(kept["kept"]) for kept in found["ContributionsKept"]] == [24, 36]
    assert any(kept["gains"] for kept in found["ContributionsKept"])
    assert [merge["number"] for merge in found["CandidatesMerged"]] == [6, 7, 2, 3, 2, 3]
    assert [len(valued["gains"]) for valued in found["GroupsValued"]] == [63, 3, 3]


def test_workers_killed_at_named_points(
    processes: ForkServerContext, fresh: Path, undisturbed: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    data = workers.copy_of(fresh, tmp_path / "data")
    for point in POINTS:
        process = workers.start(processes, data, point)
        process.join()
        assert process.exitcode == -signal.SIGKILL, f"nobody died at {point}"
    process = workers.start(processes, data)
    process.join()
    assert process.exitcode == 0
    assert told(data) == undisturbed[1]


def test_two_workers_killed_at_random(
    processes: ForkServerContext, fresh: Path, undisturbed: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    data = workers.copy_of(fresh, tmp_path / "data")
    assert workers.kill_at_random(processes, data, workers=2, kills=4, seed=3) > 0
    assert told(data) == undisturbed[1]


def test_a_step_packed_for_another_machine_says_the_same(
    undisturbed: tuple[Path, dict[str, Any]], processes: ForkServerContext, tmp_path: Path
) -> None:
    """What a Ray cluster is sent, taken through bytes: the heavy steps of round 3 give the events of the journal."""
    data, _ = undisturbed
    process = processes.Process(target=replay, args=(data, tmp_path / "told"))
    process.start()
    process.join()
    assert process.exitcode == 0
    differences, steps = pickle.loads((tmp_path / "told").read_bytes())
    assert differences == []
    assert steps == ["keep_contributions", "train", "evaluate", "merge", "value_groups"]


def replay(data: Path, into: Path) -> None:
    """Do the heavy steps of round 3 as a node would, and say where they differ from what the journal holds."""
    from crowdsft.web.configure import configure

    configure(data)
    from crowdsft.core.campaign import CampaignState, apply, next_step
    from crowdsft.core.event_codec import decode_event, encode_event
    from crowdsft.rounds.executors.ray import HEAVY_STEPS
    from crowdsft.rounds.executors.remote_step import Done, perform, remote_step
    from crowdsft.rounds.resources import Resources
    from crowdsft.web.campaigns.models import JournalEvent
    from crowdsft.web.journal_django import DjangoStore

    events = [decode_event(row.kind, row.payload) for row in JournalEvent.objects.order_by("position")]
    state, differences, steps = CampaignState(), [], []
    for place, event in enumerate(events):
        due = next_step(state) if state.position else None
        is_new = (
            due is not None and due.round_number == 3 and due.name in HEAVY_STEPS and due.name not in steps
        )
        if due is not None and is_new:
            work = pickle.loads(pickle.dumps(remote_step(due, state, DjangoStore(), Resources(data))))
            *_, last = perform(work, place="a node")
            assert isinstance(last, Done), last
            steps.append(due.name)
            for there, here in zip(last.events, events[place:], strict=False):
                if timeless(encode_event(there)) != timeless(encode_event(here)):
                    differences.append(due.name)
        state = apply(state, event)
    into.write_bytes(pickle.dumps((differences, steps)))


def timeless(encoded: tuple[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    kind, payload = encoded
    return kind, {name: value for name, value in payload.items() if not name.endswith("seconds")}
