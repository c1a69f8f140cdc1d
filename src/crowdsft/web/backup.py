"""A platform's folder as one file, made while the platform runs, and made a folder again.

The database goes first, by SQLite's own online copy, artifacts second: they are only ever added, so a later copy has
all that the database names. A list of what everything holds goes last; nothing is put in place that differs from it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from crowdsft import __version__
from crowdsft.core.errors import CrowdsftError, InputError
from crowdsft.web.configure import OWNER_ONLY, PLATFORM_DATABASE, RUN_DATABASE, database_file

CONTENTS = "contents.json"
SECRET = "secret-key"
ARTIFACTS = "artifacts"
PIECE_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Kept:
    """What a backup holds.

    Args:
        made: When, in UTC.
        version: The crowdsft that made it.
        database: Name of the database in it; empty where that is in PostgreSQL and has a backup of its own.
        files: SHA-256 of each file by its name.
        size: Bytes of all files together.
    """

    made: str
    version: str
    database: str
    files: dict[str, str]
    size: int


class _Hashing(io.RawIOBase):
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest, self.size = file, hashlib.sha256(), 0

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self.digest.update(piece)
        self.size += len(piece)
        return piece


def back_up(data: Path, output: Path, *, with_database: bool = True) -> Kept:
    """Write everything in the folder `data` to the file `output`; whole, or not at all. Only its owner may read it.

    Args:
        with_database: False where the database is in PostgreSQL.

    Raises:
        InputError: when there is no platform in `data`, or `output` cannot be written.
    """
    database = database_file(data)
    if with_database and not database.exists():
        raise InputError(f"{data} holds no crowdsft database. Check the path given with --data.")
    if not data.is_dir():
        raise InputError(f"There is no folder {data}. Check the path given with --data.")
    if output.is_dir():
        raise InputError(f"{output} is a folder; a backup is one file. Give a file's name as --output.")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=".backup-")
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}. Give another --output.") from error
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            mode = "w|gz" if output.name.endswith("gz") else "w|"
            with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
                kept = _write(archive, data, database if with_database else None, unfinished.parent)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(output)
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}. Free some space there.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return kept


def _write(archive: tarfile.TarFile, data: Path, database: Path | None, scratch: Path) -> Kept:
    files: dict[str, str] = {}
    size = 0
    if database is not None:
        with tempfile.NamedTemporaryFile(dir=scratch, prefix=".backup-") as copy:
            _copy_database(database, Path(copy.name))
            files[database.name], size = _add(archive, Path(copy.name), database.name)
    for path in _others(data):
        with suppress(FileNotFoundError):  # a losing candidate's adapter may be dropped meanwhile
            name = str(path.relative_to(data))
            files[name], added = _add(archive, path, name)
            size += added
    kept = Kept(
        datetime.now(UTC).isoformat(timespec="seconds"),
        __version__,
        database.name if database else "",
        files,
        size,
    )
    content = json.dumps(
        {"made": kept.made, "version": kept.version, "database": kept.database, "files": files}
    ).encode()
    entry = tarfile.TarInfo(CONTENTS)
    entry.size, entry.mode = len(content), 0o600
    archive.addfile(entry, io.BytesIO(content))
    return kept


def _copy_database(database: Path, copy: Path) -> None:
    """SQLite's online backup: a moment of the database, whoever writes meanwhile."""
    with (
        closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")  # one file, without a second one beside it


def _others(data: Path) -> Iterator[Path]:
    if (data / SECRET).is_file():
        yield data / SECRET
    for path in sorted((data / ARTIFACTS).rglob("*")):
        is_finished = not any(part.startswith(".") for part in path.relative_to(data).parts)
        if is_finished and path.is_file() and not path.is_symlink():
            yield path


def _add(archive: tarfile.TarFile, path: Path, name: str) -> tuple[str, int]:
    """Returns: the file's SHA-256 and its size."""
    with path.open("rb") as file:
        entry = archive.gettarinfo(arcname=name, fileobj=file)
        entry.mode, entry.uid, entry.gid, entry.uname, entry.gname = 0o600, 0, 0, "", ""
        hashing = _Hashing(file)
        archive.addfile(entry, hashing)
    return hashing.digest.hexdigest(), hashing.size


def restore(backup: Path, data: Path) -> Kept:
    """Make the folder `data`, which must not hold anything yet, from a backup.

    Raises:
        InputError: when there is something in `data`, or no backup at `backup`.
        CrowdsftError: when the backup is damaged. Then nothing is put in place.
    """
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise InputError(f"{data} is not empty. Name a folder that does not exist yet; nothing was changed.")
    if not backup.is_file():
        raise InputError(f"There is no backup {backup}.")
    os.umask(OWNER_ONLY)
    try:
        data.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=data.parent, prefix=".restoring-"))
    except OSError as error:
        raise InputError(f"{data} cannot be written: {error.strerror}. Name another folder.") from error
    try:
        _unpack(backup, scratch)
        kept = _checked(backup, scratch)
        (scratch / CONTENTS).unlink()
        if data.exists():
            data.rmdir()
        scratch.rename(data)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return kept


def _unpack(backup: Path, folder: Path) -> None:
    try:
        with tarfile.open(backup) as archive:
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise _damaged(backup, str(error)) from error


def _checked(backup: Path, folder: Path) -> Kept:
    """What the backup says it holds, after everything was compared with it."""
    listed = folder / CONTENTS
    if not listed.is_file():
        raise _damaged(backup, f"it has no {CONTENTS}, so it is cut off or was not made by `crowdsft backup`")
    said = json.loads(listed.read_text())
    found = {
        str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file() and path != listed
    }
    if set(found) != set(said["files"]):
        raise _damaged(backup, "it does not hold the files that it lists")
    for name, path in found.items():
        if _digest(path) != said["files"][name]:
            raise _damaged(backup, f"{name} is not what it was")
    if said["database"]:
        _check_database(backup, folder / said["database"])
    size = sum(path.stat().st_size for path in found.values())
    return Kept(said["made"], said["version"], said["database"], said["files"], size)


def _check_database(backup: Path, database: Path) -> None:
    if database.name not in (PLATFORM_DATABASE, RUN_DATABASE):
        raise _damaged(backup, f"{database.name} is no name of a database")
    with closing(sqlite3.connect(database)) as connection:
        (said,) = connection.execute("PRAGMA integrity_check").fetchone()
    if said != "ok":
        raise _damaged(backup, f"its database: {said}")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _damaged(backup: Path, why: str) -> CrowdsftError:
    return CrowdsftError(
        f"The backup {backup} cannot be used: {why}. Nothing was restored; take an earlier one."
    )
