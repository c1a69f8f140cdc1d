"""A database of the first version works in this one: on SQLite, and on PostgreSQL where one is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.web.load.databases import own_database

ROOT = Path(__file__).parents[3]


def test_a_database_of_the_first_version_is_brought_forward_whole(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.web.older.first_database", str(tmp_path)]
    with own_database(os.environ.get("CROWDSFT_DATABASE_URL")) as database:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("CROWDSFT_")}
        environment = kept | ({"CROWDSFT_DATABASE_URL": database} if database else {})
        done = subprocess.run(
            command, cwd=ROOT, env=environment | {"CROWDSFT_HOSTS": "testserver,127.0.0.1"},
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "is_finished": True,
        "rounds": 2,
        "points": 2000,
        "ledger_is_the_journals": True,
        "lives": ["finished", "open"],
        "consents": 2,
        "agreements": 1,
        "texts": 24,
        "weights": [1.0],
        "me": "grace",
        "draft": "Half a thought.",
        "handed_in": 201,
        "pages": [200, 200, 200, 200],
    }
