"""Files named by the SHA-256 of what they hold: adapters, outputs, drafts. Writing one twice is harmless.

They live in a folder. With a storage (CROWDSFT_ARTIFACTS, any fsspec URL) the folder is this machine's cache of it, so
that web processes, workers and cluster nodes on many machines see the same artifacts.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crowdsft.core.errors import CrowdsftError
from crowdsft.rounds.storage import Storage
from crowdsft.training.adapters import folder_digest

URL_VARIABLE = "CROWDSFT_ARTIFACTS"
DIGEST_CHARACTERS = 64
ASIDE = ".aside-"
"""Before the name of an adapter that is about to be dropped: nobody finds it, and it can be put back."""


def artifacts_in(data: Path, storage_url: str | None = None) -> Artifacts:
    """The artifacts of the platform whose folder is `data`; where they are kept the environment says by default."""
    url = os.environ.get(URL_VARIABLE, "") if storage_url is None else storage_url
    return Artifacts(data / "artifacts", Storage(url) if url else None)


@dataclass(frozen=True, slots=True)
class Artifacts:
    """A folder of content-addressed artifacts. An adapter is a folder; rows of JSON are a file.

    Args:
        root: The folder.
        storage: Where everything is kept that `root` holds a part of; None: `root` is all there is.
    """

    root: Path
    storage: Storage | None = None

    def adapter(self, digest: str) -> Path:
        """The folder of the adapter with this digest, fetched first where it is not here.

        Raises:
            CrowdsftError: when it is nowhere, or does not hold what its name says.
        """
        path = self.root / digest
        if not path.is_dir():
            self._fetch_adapter(digest)
        elif folder_digest(path) != digest:
            raise _damaged(path)
        return path

    def keep_adapter(self, digest: str) -> None:
        """Put an adapter that was written to `root` into the storage, where there is one."""
        if self.storage is None:
            return
        with self._scratch() as scratch:
            with tarfile.open(scratch, "w") as archive:
                for file in sorted((self.root / digest).iterdir()):
                    archive.add(file, arcname=file.name, filter=_without_owner)
            self.storage.put(f"{digest}.tar", scratch)

    # Dropping: first aside, where nobody finds it; then, if nobody needs it after all, for good.

    def adapters_here(self) -> frozenset[str]:
        """The digests of all adapters, here and in the storage."""
        return frozenset(name for name in self._names() if not name.startswith("."))

    def adapters_aside(self) -> frozenset[str]:
        """The digests of the adapters that were set aside and neither put back nor dropped."""
        return frozenset(name.removeprefix(ASIDE) for name in self._names() if name.startswith(ASIDE))

    def set_aside(self, digest: str) -> None:
        """Hide an adapter. Doing it twice is harmless."""
        self._rename(digest, f"{ASIDE}{digest}")

    def put_back(self, digest: str) -> None:
        """Undo `set_aside`. Where the adapter was written again meanwhile, what was aside is dropped."""
        self._rename(f"{ASIDE}{digest}", digest)
        self.drop_aside(digest)

    def drop_aside(self, digest: str) -> int:
        """Remove an adapter that was set aside; returns its bytes. Doing it twice is harmless."""
        hidden = self.root / f"{ASIDE}{digest}"
        files = list(hidden.iterdir()) if hidden.is_dir() else []
        size = sum(file.stat().st_size for file in files)
        shutil.rmtree(hidden, ignore_errors=True)
        stored = 0 if self.storage is None else self.storage.remove(f"{ASIDE}{digest}.tar")
        return size if self.storage is None else stored

    def _names(self) -> set[str]:
        """Names of adapters, hidden ones too."""
        here = {path.name for path in self.root.iterdir() if path.is_dir()} if self.root.is_dir() else set()
        stored = [] if self.storage is None else self.storage.names()
        names = here | {name.removesuffix(".tar") for name in stored if name.endswith(".tar")}
        return {name for name in names if len(name.removeprefix(ASIDE)) == DIGEST_CHARACTERS}

    def _rename(self, old: str, new: str) -> None:
        if (self.root / old).is_dir() and not (self.root / new).exists():
            _rename_folder(self.root / old, self.root / new)
        if self.storage is not None:
            self.storage.rename(f"{old}.tar", f"{new}.tar")

    def put_rows(self, rows: Iterable[dict[str, Any]]) -> str:
        """Store rows as JSON lines and return their digest."""
        lines = (json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":")) for row in rows)
        data = "".join(line + "\n" for line in lines).encode()
        digest = hashlib.sha256(data).hexdigest()
        target = self.root / f"{digest}.jsonl"
        if not target.exists():
            self._write_whole(target, data)
        if self.storage is not None:
            self.storage.put(target.name, target)
        return digest

    def rows(self, digest: str) -> list[dict[str, Any]]:
        """The rows that `put_rows` stored, fetched first where they are not here.

        Raises:
            CrowdsftError: when they are nowhere, or are not what their name says.
        """
        path = self.root / f"{digest}.jsonl"
        if not path.exists():
            self._fetch_rows(path)
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != digest:
            raise _damaged(path)
        return [json.loads(line) for line in data.decode().split("\n") if line]

    def _fetch_rows(self, path: Path) -> None:
        with self._scratch() as scratch:
            if self.storage is None or not self.storage.get(path.name, scratch):
                raise CrowdsftError(f"The artifact {path} is missing{self._nor()}. Restore it from a backup.")
            if hashlib.sha256(scratch.read_bytes()).hexdigest() != path.stem:
                raise _damaged(f"{self.storage.url}/{path.name}")
            scratch.replace(path)

    def _fetch_adapter(self, digest: str) -> None:
        with self._scratch() as scratch:
            if self.storage is None or not self.storage.get(f"{digest}.tar", scratch):
                raise CrowdsftError(
                    f"The adapter {digest[:12]} is missing from {self.root}{self._nor()}. Restore it from a backup; "
                    "the journal names what it must hold."
                )
            unpacked = Path(tempfile.mkdtemp(dir=self.root, prefix=".unpacked-"))
            try:
                with tarfile.open(scratch) as archive:
                    archive.extractall(unpacked, filter="data")
                if folder_digest(unpacked) != digest:
                    raise _damaged(f"{self.storage.url}/{digest}.tar")
                unpacked.chmod(0o755)
                _rename_folder(unpacked, self.root / digest)
            except (tarfile.TarError, IsADirectoryError) as error:
                raise _damaged(f"{self.storage.url}/{digest}.tar") from error
            finally:
                shutil.rmtree(unpacked, ignore_errors=True)

    def _nor(self) -> str:
        return f" and from {self.storage.url}" if self.storage is not None else ""

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        """An empty file on the disk of `root`, gone afterwards unless it was moved."""
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self.root, prefix=".writing-")
        os.close(descriptor)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def _write_whole(self, target: Path, data: bytes) -> None:
        """All or nothing: a reader never sees half a file, whoever is killed when."""
        with self._scratch() as temporary:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)


def _damaged(where: Path | str) -> CrowdsftError:
    return CrowdsftError(
        f"{where} is damaged: it does not hold what its name, a digest, says. Restore it from a backup."
    )


def _without_owner(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Equal adapters give equal archives, whoever packs them when."""
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o644
    return entry


def _rename_folder(unfinished: Path, folder: Path) -> None:
    try:
        unfinished.rename(folder)
    except OSError:
        if not folder.is_dir():  # another process may have fetched the same adapter first
            raise
