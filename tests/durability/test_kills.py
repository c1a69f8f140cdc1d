"""Workers are killed with SIGKILL; the campaign must end as if nothing had happened."""

from __future__ import annotations

import os
import signal
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from crowdsft.rounds.checkpoints import POINTS
from tests.durability import workers

STEPS = (
    "open_round", "close_round", "form_groups", "train", "evaluate", "select", "award", "finish_round",
)  # fmt: skip
EVERY_POINT = [f"{step}:{point}:2" for step in STEPS for point in POINTS] + [
    f"finish_campaign:{point}:{workers.ROUNDS}" for point in POINTS
]
A_FEW_POINTS = [
    "close_round:in_transaction:2",
    "train:claimed:2",
    "train:done:2",
    "evaluate:in_transaction:2",
    "award:done:2",
    "award:in_transaction:2",
    "award:committed:2",
]

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    return workers.context()


@pytest.fixture(scope="module")
def fresh(processes: ForkServerContext, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign that nobody has worked on."""
    data = tmp_path_factory.mktemp("fresh") / "data"
    process = processes.Process(target=workers.create, args=(data,))
    process.start()
    process.join()
    assert process.exitcode == 0
    return data


@pytest.fixture(scope="module")
def undisturbed(
    processes: ForkServerContext, fresh: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """How the campaign ends when nobody is killed."""
    data = workers.copy_of(fresh, tmp_path_factory.mktemp("undisturbed") / "data")
    process = workers.start(processes, data)
    process.join()
    assert process.exitcode == 0
    found = workers.outcome(data)
    assert found["kinds"][-1] == "CampaignFinished" and len(found["entries"]) > 0
    return found


def kill_at_points(processes: ForkServerContext, data: Path, points: list[str]) -> int:
    """One worker after the other dies at the next point; the last one finishes."""
    killed = 0
    for point in points:
        process = workers.start(processes, data, point)
        process.join()
        assert process.exitcode == -signal.SIGKILL, f"nobody died at {point}"
        killed += 1
    process = workers.start(processes, data)
    process.join()
    assert process.exitcode == 0
    return killed


def test_a_few_named_points(
    processes: ForkServerContext, fresh: Path, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    data = workers.copy_of(fresh, tmp_path / "data")
    assert kill_at_points(processes, data, A_FEW_POINTS) == len(A_FEW_POINTS)
    assert workers.outcome(data) == undisturbed


def test_two_workers_killed_at_random(
    processes: ForkServerContext, fresh: Path, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    data = workers.copy_of(fresh, tmp_path / "data")
    assert workers.kill_at_random(processes, data, workers=2, kills=4, seed=1) > 0
    assert workers.outcome(data) == undisturbed


@pytest.mark.durability
def test_every_named_point(
    processes: ForkServerContext, fresh: Path, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    data = workers.copy_of(fresh, tmp_path / "data")
    assert kill_at_points(processes, data, EVERY_POINT) == len(EVERY_POINT)
    assert workers.outcome(data) == undisturbed


@pytest.mark.durability
@pytest.mark.parametrize("count", [1, 2])
def test_many_random_kills(
    count: int, processes: ForkServerContext, fresh: Path, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    """Campaigns are killed again and again, until there were enough kills."""
    wanted, killed, seed = int(os.environ.get("CROWDSFT_KILLS", "24")) // 2, 0, 100 * count
    while killed < wanted:
        data = workers.copy_of(fresh, tmp_path / f"data-{seed}")
        killed += workers.kill_at_random(
            processes, data, workers=count, kills=min(6, wanted - killed), seed=seed
        )
        assert workers.outcome(data) == undisturbed
        seed += 1
    print(f"{killed} random kills of {count} worker(s)")
