"""Contributors at work all at once against the real server: nothing is lost, and nobody does more than asked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.web_loop import WAYS, Served, measure, peak_megabytes, served
from tests.web.load.databases import own_database

CROWD, LOOPS_EACH, TABS = 8, 4, 2
MOST_MEGABYTES = 150


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A platform with two web processes: on SQLite, or on a PostgreSQL database of its own where one is named."""
    with (
        own_database(os.environ.get("CROWDSFT_DATABASE_URL")) as database,
        served(tmp_path_factory.mktemp("platform"), database=database, processes=2) as found,
    ):
        found.setup("campaign")
        yield found


@pytest.mark.parametrize("way", list(WAYS))
def test_all_at_once_in_two_tabs_each_nothing_is_lost_and_nothing_too_many(
    platform: Served, way: str
) -> None:
    line = measure(platform, way, CROWD, loops=LOOPS_EACH, think_seconds=0.0, tabs=TABS)
    assert line.lost == line.over == 0
    answered = len(line.measured.accepted) + len(line.measured.refused)
    assert answered == CROWD * LOOPS_EACH * TABS
    assert (
        len(line.measured.accepted) >= CROWD * LOOPS_EACH
    )  # two tabs may meet over one task: then one is told so
    assert all("already" in said for said in line.measured.refused), line.measured.refused


def test_web_processes_stay_small(platform: Served) -> None:
    measure(platform, "pages", 2, loops=2, think_seconds=0.0)
    assert max(peak_megabytes(platform.process)) < MOST_MEGABYTES


def test_a_thinking_crowd_is_measured_too(platform: Served, tmp_path: Path) -> None:
    line = measure(platform, "api", 4, loops=2, think_seconds=0.2)
    assert len(line.measured.loops) == len(line.measured.accepted) == 8
    assert line.cpu_seconds > 0 and line.lost == 0
