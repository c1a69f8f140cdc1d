"""Eight processes choose and rate at the real server: nothing is answered too often, and nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.web_loop import Served, served
from crowdsft.client import Client
from tests.web.load.databases import own_database
from tests.web.load.judging_setup import GOLD_EACH, OVERLAP, PER_CONTRIBUTOR

CROWD = 8
SCRIPT = Path(__file__).with_name("judging_setup.py")
PATIENCE_SECONDS = 300


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two web processes: on SQLite, or on a PostgreSQL database of its own where one is named."""
    with (
        own_database(os.environ.get("CROWDSFT_DATABASE_URL")) as database,
        served(tmp_path_factory.mktemp("platform"), database=database, processes=2) as found,
    ):
        yield found


def aside(platform: Served, what: str, *arguments: object) -> Any:
    """Do something with the platform's database in a process of its own."""
    command = [sys.executable, str(SCRIPT), what, str(platform.data), *map(str, arguments)]
    done = subprocess.run(
        command,
        env=platform.environment,
        check=True,
        timeout=PATIENCE_SECONDS,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def all_at_work(platform: Served, tokens: list[str]) -> list[dict[str, Any]]:
    """Every contributor in a process of its own, let go together. What the server took from each."""
    people = [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), "contributor", platform.address, token, str(seed)],
            env=platform.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed, token in enumerate(tokens)
    ]
    try:
        for person in people:
            assert person.stdin is not None
            person.stdin.write("\n")
            person.stdin.flush()
        told = [person.communicate(timeout=PATIENCE_SECONDS)[0] for person in people]
    finally:
        for person in people:
            person.kill()
    return [json.loads(lines) for lines in told]


def test_eight_processes_choose_and_rate_and_nothing_is_too_many_or_lost(platform: Served) -> None:
    made = aside(platform, "campaign", CROWD)
    said = all_at_work(platform, made["tokens"])
    kept = aside(platform, "kept")
    taken = {task: choice for one in said for task, choice in one["taken"].items()}

    assert [one["refused"] for one in said] == [[]] * CROWD
    assert set(taken) == set(kept)  # nothing lost, nothing there that nobody sent
    assert all(json.loads(row["draft"])["choice"] == taken[task] for task, row in kept.items())

    ordinary = [row for row in kept.values() if not row["is_known"]]
    answers = Counter(row["item"] for row in ordinary)
    assert max(answers.values()) == OVERLAP  # reached, never passed
    assert max(Counter((row["member"], row["item"]) for row in kept.values()).values()) == 1
    assert max(Counter(row["member"] for row in kept.values()).values()) <= PER_CONTRIBUTOR
    for row in kept.values():
        trains = not row["is_known"] and row["verdict"] != (1 if row["kind"] == "rate_response" else None)
        assert row["has_contribution"] == trains, row

    known = Counter(row["member"] for row in kept.values() if row["is_known"])
    assert max(known.values()) <= GOLD_EACH
    with Client(platform.address, made["organiser"]) as organiser:
        figures = organiser.judgements(made["slug"])
    assert figures["judged"] == len(taken)
    assert figures["known"]["answered"] == sum(known.values())
    assert sum(one["judged"] for one in figures["people"]) == len(taken)
    print(f"{len(taken)} answers to {len(answers)} texts: 0 too many, 0 lost")
