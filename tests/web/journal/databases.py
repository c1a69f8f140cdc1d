"""A database that threads really share, and threads that start at the same moment."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.db import connections

T = TypeVar("T")
PATIENCE_SECONDS = 60


@pytest.fixture
def shared_database(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """PostgreSQL as it is. SQLite as a file in place of the tests' database in memory, whose locks are others."""
    memory: Any = connections["default"]
    if memory.vendor != "sqlite":
        yield
        return
    file = tmp_path / "shared.sqlite"
    memory.ensure_connection()
    with sqlite3.connect(file) as copy:
        memory.connection.backup(copy)
    copy.close()
    name = memory.settings_dict["NAME"]
    memory.settings_dict["NAME"] = str(file)  # the same dictionary from which threads make their connections
    connections["default"] = type(memory)(memory.settings_dict, "default")
    try:
        yield
    finally:
        connections["default"].close()
        memory.settings_dict["NAME"] = name
        connections["default"] = memory


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Every call in a thread of its own, with a connection of its own, all let go at the same moment.

    Returns:
        What they returned, in their order. The first error of any of them is raised.
    """
    start = threading.Barrier(len(calls))
    results: list[T | None] = [None] * len(calls)
    errors: list[BaseException] = []

    def run(index: int) -> None:
        try:
            start.wait(PATIENCE_SECONDS)
            results[index] = calls[index]()
        except BaseException as error:
            errors.append(error)
            start.abort()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive(), "a thread did not come to an end"
    if errors:
        raise errors[0]
    return results  # type: ignore[return-value]
