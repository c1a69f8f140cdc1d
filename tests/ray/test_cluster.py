"""A campaign on a cluster ends as on one machine, also when a node is killed or the claim is lost while it trains."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # Ray's way of saying: this machine's loopback alone
pytest.importorskip("ray", reason="the executor ray needs the [ray] extra")
pytest.importorskip("torch", reason="training needs the [train] extra")

from ray.cluster_utils import Cluster

from tests.durability import workers

pytestmark = pytest.mark.ray

SECONDS = 300.0
NODE: dict[str, Any] = {
    "num_cpus": 1,
    "object_store_memory": 80 * 1024**2,
    "include_dashboard": False,
    "node_ip_address": "127.0.0.1",
}
QUICK_TO_NOTICE = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 500,
    "health_check_failure_threshold": 4,
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A head that does no steps, and two nodes that do one at a time."""
    made = Cluster(
        initialize_head=True,
        head_node_args=NODE | {"num_cpus": 0, "_system_config": QUICK_TO_NOTICE},
        shutdown_at_exit=True,
    )
    try:
        for _ in range(2):
            made.add_node(**NODE)
        yield made
    finally:
        session = made.head_node.get_session_dir_path()
        made.shutdown()
        shutil.rmtree(session, ignore_errors=True)


def start(doing: str, data: Path, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.ray.campaign", doing, str(data), *more])


def finish(process: subprocess.Popen[bytes]) -> None:
    try:
        assert process.wait(timeout=SECONDS) == 0
    finally:
        process.kill()


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("fresh") / "data"
    finish(start("create", data))
    return data


@pytest.fixture(scope="module")
def on_one_machine(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    data = workers.copy_of(fresh, tmp_path_factory.mktemp("local") / "data")
    finish(start("local", data))
    found = workers.outcome(data)
    assert found["kinds"][-1] == "CampaignFinished" and len(found["entries"]) > 0
    return found


def wait_for(report: str, data: Path, process: subprocess.Popen[bytes]) -> re.Match[str]:
    """The first report that matches."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and process.poll() is None:
        file = data / "reports.txt"
        if file.exists() and (found := re.search(report, file.read_text())):
            return found
        time.sleep(0.02)
    raise AssertionError(f"nothing like {report!r} was reported")


def test_a_killed_node_costs_nothing_but_time(
    cluster: Cluster, fresh: Path, on_one_machine: dict[str, Any], tmp_path: Path
) -> None:
    data = workers.copy_of(fresh, tmp_path / "data")
    process = start("ray", data, cluster.address)
    try:
        running = wait_for(r"train runs on node (\w+) [^\n]*\n(?:[^\n]*\n)*?training group", data, process)[1]
        (node,) = (one for one in cluster.worker_nodes if one.node_id == running)
        cluster.remove_node(node, allow_graceful=False)  # SIGKILL
        wait_for("train: a node of the cluster was lost", data, process)
        finish(process)
    finally:
        process.kill()
    assert workers.outcome(data) == on_one_machine
    places = re.findall(r"(train|evaluate) runs on node (\w+)", (data / "reports.txt").read_text())
    assert [name for name, _ in places] == ["train", "train", "evaluate", "train", "evaluate"]
    assert [node for name, node in places].count(running) == 1


def is_alive(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


def test_a_lost_claim_stops_the_step_on_the_cluster(
    cluster: Cluster, fresh: Path, on_one_machine: dict[str, Any], tmp_path: Path
) -> None:
    data = workers.copy_of(fresh, tmp_path / "data")
    process = start("ray", data, cluster.address)
    try:
        trains = r"train runs on node \w+ \(\S+ process (\d+)\)\n(?:[^\n]*\n)*?training group"
        remote = int(wait_for(trains, data, process)[1])
        with sqlite3.connect(data / "crowdsft.sqlite", timeout=20) as database:
            database.execute(
                "UPDATE campaigns_step SET worker='thief', fence=fence+1, lease_until=?", [time.time() + 4]
            )
        until = time.monotonic() + 20.0
        while is_alive(remote) and time.monotonic() < until:
            time.sleep(0.05)
        assert not is_alive(remote)  # a process whose step is done would be kept for the next one
        finish(process)
    finally:
        process.kill()
    assert workers.outcome(data) == on_one_machine
