"""Files at a URL: s3://bucket/folder, gs://, memory://, a mounted folder; whatever fsspec knows.

A name is written once and whole: object stores do so by themselves, in a folder a file is renamed into place.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crowdsft.core.errors import CrowdsftError, InputError, MissingExtraError


@dataclass(frozen=True, slots=True)
class Storage:
    """Files by name in the folder or bucket at `url`."""

    url: str

    def put(self, name: str, file: Path) -> None:
        """Store a copy of `file` as `name`, unless there is one. Raises: CrowdsftError."""
        with self._files("written to") as (files, root):
            target = f"{root}/{name}"
            if files.exists(target):
                return
            if "file" not in _protocols(files):
                files.put_file(str(file), target)
                return
            files.makedirs(root, exist_ok=True)
            unfinished = f"{root}/.writing-{uuid.uuid4().hex}"
            files.put_file(str(file), unfinished)
            files.mv(unfinished, target)

    def get(self, name: str, into: Path) -> bool:
        """Copy what is stored as `name` to the file `into`; False when there is nothing. Raises: CrowdsftError."""
        with self._files("read from") as (files, root):
            try:
                files.get_file(f"{root}/{name}", str(into))
            except FileNotFoundError:
                return False
            return True

    def names(self) -> list[str]:
        """Everything that is stored, by name. Raises: CrowdsftError."""
        with self._files("read from") as (files, root):
            try:
                return [str(path).rsplit("/", 1)[-1] for path in files.ls(root, detail=False)]
            except FileNotFoundError:
                return []

    def rename(self, old: str, new: str) -> None:
        """Give what is stored as `old` the name `new`; nothing happens where there is none. Raises: CrowdsftError."""
        with self._files("written to") as (files, root):
            if files.exists(f"{root}/{old}"):
                files.mv(f"{root}/{old}", f"{root}/{new}")

    def remove(self, name: str) -> int:
        """Remove what is stored as `name`; returns its size, 0 where there is nothing. Raises: CrowdsftError."""
        with self._files("written to") as (files, root):
            if not files.exists(f"{root}/{name}"):
                return 0
            size = int(files.size(f"{root}/{name}") or 0)
            files.rm_file(f"{root}/{name}")
            return size

    @property
    def is_of_one_process(self) -> bool:
        """Whether nobody else sees these files."""
        return self.url.startswith("memory:")

    @contextmanager
    def _files(self, doing: str) -> Iterator[tuple[Any, str]]:
        try:
            import fsspec
        except ImportError as error:
            raise MissingExtraError("Keeping artifacts at a URL", "storage") from error
        try:
            files, root = fsspec.core.url_to_fs(self.url)
            files.invalidate_cache()
            yield files, root.rstrip("/")
        except ImportError as error:
            raise InputError(
                f"CROWDSFT_ARTIFACTS is {self.url}, which needs a package of its own: {error}"
            ) from error
        except ValueError as error:
            raise InputError(f"CROWDSFT_ARTIFACTS is {self.url}, which is no storage: {error}") from error
        except OSError as error:
            raise CrowdsftError(
                f"The storage {self.url} cannot be {doing}: {error}. Check its address, its credentials and the "
                "network; the step is done again then."
            ) from error


def _protocols(files: Any) -> tuple[str, ...]:
    return (files.protocol,) if isinstance(files.protocol, str) else tuple(files.protocol)
