"""A backup is made while people write, holds everything, and is checked before anything is put in place."""

from __future__ import annotations

import json
import os
import sqlite3
import tarfile
import threading
from contextlib import closing
from pathlib import Path

import pytest

from crowdsft.core.errors import CrowdsftError, InputError
from crowdsft.web.backup import CONTENTS, back_up, restore
from tests.cli.campaigns import crowdsft

ROWS = 400


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder like a platform's, with something of everything."""
    folder = tmp_path / "platform"
    (folder / "artifacts" / "ab12").mkdir(parents=True)
    (folder / "artifacts" / "ab12" / "adapter_model.safetensors").write_bytes(os.urandom(3_000_000))
    (folder / "artifacts" / "cd34.jsonl").write_text('{"prompt": "a"}\n')
    (folder / "artifacts" / ".writing-x").write_text("half a file")
    (folder / "secret-key").write_text("k" * 64)
    with closing(sqlite3.connect(folder / "crowdsft.sqlite")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE texts (id INTEGER PRIMARY KEY, twin INTEGER)")
        connection.commit()
    return folder


def texts(folder: Path) -> list[tuple[int, int]]:
    with closing(sqlite3.connect(folder / "crowdsft.sqlite")) as connection:
        return connection.execute("SELECT id, twin FROM texts ORDER BY id").fetchall()


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "sqlite" not in path.name and not path.name.startswith(".")
    }


@pytest.mark.parametrize("name", ["one.tar", "one.tar.gz"])
def test_what_was_backed_up_while_somebody_wrote_is_a_moment_and_all_of_it(
    data: Path, tmp_path: Path, name: str
) -> None:
    """Two rows are written in each transaction: no backup holds one without the other."""
    begun, stop = threading.Event(), threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(data / "crowdsft.sqlite", timeout=30)) as connection:
            for number in range(1, ROWS):
                if stop.is_set():
                    return
                connection.execute("INSERT INTO texts VALUES (?, ?)", (2 * number, 2 * number + 1))
                connection.execute("INSERT INTO texts VALUES (?, ?)", (2 * number + 1, 2 * number))
                connection.commit()
                begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait(20)
    kept = back_up(data, tmp_path / "deep" / name)
    stop.set()
    writer.join()
    assert (tmp_path / "deep" / name).stat().st_mode & 0o077 == 0
    found = restore(tmp_path / "deep" / name, tmp_path / "again")
    assert found.files == kept.files and found.database == "crowdsft.sqlite" and found.size == kept.size
    rows = texts(tmp_path / "again")
    assert 2 <= len(rows) <= len(texts(data)) and len(rows) % 2 == 0
    assert set(rows) == {(twin, number) for number, twin in rows} <= set(texts(data))
    assert files(tmp_path / "again") == files(data)
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == [
        "artifacts", "crowdsft.sqlite", "secret-key",
    ]  # fmt: skip
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "again").rglob("*"))
    assert not [path for path in tmp_path.rglob(".*") if path.name.startswith((".backup", ".restoring"))]


def damage(backup: Path, how: str) -> None:
    content = bytearray(backup.read_bytes())
    match how:
        case "cut off":
            backup.write_bytes(content[: len(content) // 2])
        case "a changed byte":
            content[-2_000_000] ^= 1
            backup.write_bytes(content)
        case "no tar":
            backup.write_text("not a backup")
        case "one file more":
            with tarfile.open(backup, "a") as archive:
                archive.add(__file__, arcname="artifacts/more.jsonl")
        case "a file elsewhere":
            with tarfile.open(backup, "a") as archive:
                archive.add(__file__, arcname="../elsewhere")


@pytest.mark.parametrize("how", ["cut off", "a changed byte", "no tar", "one file more", "a file elsewhere"])
def test_a_damaged_backup_puts_nothing_in_place(data: Path, tmp_path: Path, how: str) -> None:
    back_up(data, tmp_path / "one.tar")
    damage(tmp_path / "one.tar", how)
    with pytest.raises(CrowdsftError, match="Nothing was restored; take an earlier one"):
        restore(tmp_path / "one.tar", tmp_path / "again")
    assert {path.name for path in tmp_path.iterdir()} == {"platform", "one.tar"}


def test_nothing_is_ever_overwritten_by_restoring(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "one.tar")
    with pytest.raises(InputError, match="is not empty"):
        restore(tmp_path / "one.tar", data)
    (tmp_path / "empty").mkdir()
    restore(tmp_path / "one.tar", tmp_path / "empty")
    assert texts(tmp_path / "empty") == []


def test_with_postgresql_the_folder_alone_is_kept(data: Path, tmp_path: Path) -> None:
    kept = back_up(data, tmp_path / "one.tar", with_database=False)
    assert kept.database == "" and set(kept.files) == {
        "secret-key", "artifacts/cd34.jsonl", "artifacts/ab12/adapter_model.safetensors",
    }  # fmt: skip
    restore(tmp_path / "one.tar", tmp_path / "again")
    assert not (tmp_path / "again" / "crowdsft.sqlite").exists()


def test_a_platform_goes_into_a_file_and_out_again_by_commands(tmp_path: Path) -> None:
    from benchmarks.web_loop import SLUG, served

    with served(tmp_path / "platform") as platform:
        platform.setup("campaign")
        backup = crowdsft(
            "backup", "--data", tmp_path / "platform", "--output", tmp_path / "b.tar.gz", "--json"
        )
        assert backup.returncode == 0, backup.stderr
    assert json.loads(backup.stdout)["files"] >= 2
    with tarfile.open(tmp_path / "b.tar.gz") as archive:
        assert archive.getnames()[0] == "crowdsft.sqlite" and archive.getnames()[-1] == CONTENTS
    restored = crowdsft("restore", tmp_path / "b.tar.gz", "--data", tmp_path / "again")
    assert restored.returncode == 0 and "Next: crowdsft serve --data" in restored.stderr
    checked = crowdsft("ledger", "verify", "--data", tmp_path / "again", "--campaign", SLUG)
    assert checked.returncode == 0, checked.stderr
    again = crowdsft("restore", tmp_path / "b.tar.gz", "--data", tmp_path / "again")
    assert again.returncode == 2 and "is not empty" in again.stderr
    missing = crowdsft("backup", "--data", tmp_path / "none", "--output", tmp_path / "c.tar")
    assert missing.returncode == 2 and "holds no crowdsft database" in missing.stderr
