"""Real worker processes for real SIGKILLs, forked from a server that has imported torch once.

Importing torch and transformers takes longer than a small campaign. The fork server imports them, and every
worker that it forks is an ordinary process of its own, which can be killed like any other.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import shutil
import signal
import sqlite3
import time
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

LEASE_SECONDS = 1.5
ROUNDS = 3

CAMPAIGN = {
    "campaign": {"name": "Durable", "seed": 11},
    "target": {"emotion": "joy"},
    "rounds": {"count": ROUNDS, "groups": 2, "grouping": "interleaved"},
    "training": {"passes": 2, "rank": 4},
    "evaluation": {
        "selection_samples": 24,
        "report_samples": 24,
        "max_new_tokens": 12,
        "improvement_standard_errors": 0.5,
    },
}


def context() -> ForkServerContext:
    """Where worker processes come from."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["tests.durability.warm"])
    return found


def create(data: Path) -> None:
    """Make the campaign in `data`; runs in a process of its own, since Django is set up once per process."""
    import numpy as np

    from crowdsft.core.settings import parse_settings
    from crowdsft.web.configure import configure, migrate
    from crowdsft.world import heterogeneous_crowd

    configure(data)
    migrate()
    from crowdsft.web.campaigns.create import create_campaign, member_from_file
    from crowdsft.web.contributions.models import Contribution
    from crowdsft.web.journal_django import contribution_digest

    campaign = create_campaign(parse_settings(CAMPAIGN), owner=None, salt="salt", is_supplied=True)
    rng = np.random.default_rng(3)
    for persona in heterogeneous_crowd("joy", 6, rng=rng):
        member = member_from_file(campaign, persona.name)
        for number in range(ROUNDS * 4):
            text = f"{persona.write(rng)} ({number})"
            Contribution.objects.create(
                campaign=campaign,
                membership=member,
                kind="supplied",
                prompt="Write a comment.",
                response=text,
                digest=contribution_digest("Write a comment.", text),
                planned_round=number % ROUNDS + 1,
            )


def work(data: Path, kill_at: str | None) -> None:
    """A worker until the campaign is finished, or until it kills itself at a named point."""
    from crowdsft.rounds import checkpoints
    from crowdsft.web.configure import configure

    checkpoints._kill_at = kill_at
    configure(data)
    from crowdsft.rounds.resources import Resources
    from crowdsft.rounds.worker import Worker
    from crowdsft.web.journal_django import DjangoStore

    worker = Worker(DjangoStore(), Resources(data), lease_seconds=LEASE_SECONDS)
    worker.run_campaign("durable", lambda state: None)


def start(processes: ForkServerContext, data: Path, kill_at: str | None = None) -> ForkServerProcess:
    """A worker process."""
    process = processes.Process(target=work, args=(data, kill_at), daemon=True)
    process.start()
    return process


def copy_of(data: Path, into: Path) -> Path:
    """A fresh copy of a folder that nobody works in."""
    shutil.copytree(data, into)
    return into


def is_finished(data: Path) -> bool:
    """Whether the campaign in `data` is over."""
    with sqlite3.connect(data / "crowdsft.sqlite", timeout=20) as database:
        (found,) = database.execute(
            "SELECT COUNT(*) FROM campaigns_journalevent WHERE kind='CampaignFinished'"
        ).fetchone()
    return bool(found)


def outcome(data: Path) -> dict[str, Any]:
    """What must not depend on who was killed when: winners, adapters, points, and the ledger's last hash."""
    with sqlite3.connect(data / "crowdsft.sqlite", timeout=20) as database:
        events = [
            (kind, json.loads(payload))
            for kind, payload in database.execute(
                "SELECT kind, payload FROM campaigns_journalevent ORDER BY position"
            )
        ]
        entries = database.execute(
            "SELECT position, contributor, amount, hash FROM campaigns_ledgerrow ORDER BY position"
        ).fetchall()
    return {
        "kinds": [kind for kind, _ in events],
        "groups": [payload["groups"] for kind, payload in events if kind == "GroupsFormed"],
        "adapters": [payload["adapter"] for kind, payload in events if kind == "CandidateTrained"],
        "outputs": [payload["outputs"] for kind, payload in events if kind == "CandidateEvaluated"],
        "winners": [payload["winner"] for kind, payload in events if kind == "WinnerSelected"],
        "entries": entries,
    }


def kill_at_random(processes: ForkServerContext, data: Path, *, workers: int, kills: int, seed: int) -> int:
    """Keep `workers` workers at work and kill one at random times until `kills` are done or the campaign is.

    Returns:
        How many were killed.
    """
    rng = random.Random(seed)
    alive = [start(processes, data) for _ in range(workers)]
    killed = 0
    while not is_finished(data):
        time.sleep(rng.uniform(0.2, 1.6) if killed < kills else 0.1)
        for index, process in enumerate(alive):
            if process.exitcode not in (None, 0, -signal.SIGKILL):
                raise AssertionError(f"a worker ended with exit code {process.exitcode}")
            if process.exitcode == -signal.SIGKILL:
                alive[index] = start(processes, data)
        if killed < kills and not is_finished(data):
            victim = rng.choice(alive)
            if victim.exitcode is None:
                victim.kill()
                victim.join()
                killed += 1
    for process in alive:
        process.join(timeout=30)
        if process.exitcode is None:
            process.kill()
    return killed
