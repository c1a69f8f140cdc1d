"""Zip files that are written while they are sent: never more than a piece of them is in memory."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

PIECE_BYTES = 256 * 1024
READABLE_FILE = 0o100644 << 16
Content = bytes | Path


def zip_pieces(entries: Iterable[tuple[str, Content]]) -> Iterator[bytes]:
    """The bytes of a zip file, piece by piece; equal entries give equal bytes.

    Nothing is compressed: weights do not get smaller.

    Args:
        entries: Names in the archive, and what they hold: bytes, or a file that is read when its turn comes.
    """
    made = _Made()
    with ZipFile(made, "w", ZIP_STORED) as archive:
        for name, content in entries:
            about = ZipInfo(name)  # of 1980, whoever makes it when
            about.external_attr = READABLE_FILE
            about.file_size = _size(content)  # so that files beyond 2 GB are announced as such
            with archive.open(about, "w") as into, _opened(content) as source:
                while piece := source.read(PIECE_BYTES):
                    into.write(piece)
                    yield made.taken()
    yield made.taken()


class _Made(io.RawIOBase):
    """Takes what is written until somebody takes it away; nobody can go back in it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def _size(content: Content) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _opened(content: Content) -> AbstractContextManager[IO[bytes]]:
    return io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
