"""Files named by the SHA-256 of what they hold: adapters, outputs, drafts. Writing one twice is harmless."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crowdsft.core.errors import CrowdsftError


@dataclass(frozen=True, slots=True)
class Artifacts:
    """A folder of content-addressed artifacts. An adapter is a folder; rows of JSON are a file."""

    root: Path

    def adapter(self, digest: str) -> Path:
        """The folder of the adapter with this digest.

        Raises:
            CrowdsftError: when it is not there.
        """
        path = self.root / digest
        if not path.is_dir():
            raise CrowdsftError(
                f"The adapter {digest[:12]} is missing from {self.root}. Restore the folder from a backup; "
                "the journal names what it must hold."
            )
        return path

    def put_rows(self, rows: Iterable[dict[str, Any]]) -> str:
        """Store rows as JSON lines and return their digest."""
        lines = (json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":")) for row in rows)
        data = "".join(line + "\n" for line in lines).encode()
        digest = hashlib.sha256(data).hexdigest()
        target = self.root / f"{digest}.jsonl"
        if not target.exists():
            self._write_whole(target, data)
        return digest

    def rows(self, digest: str) -> list[dict[str, Any]]:
        """The rows that `put_rows` stored.

        Raises:
            CrowdsftError: when they are not there.
        """
        path = self.root / f"{digest}.jsonl"
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise CrowdsftError(f"The artifact {path} is missing. Restore it from a backup.") from None
        return [json.loads(line) for line in text.split("\n") if line]

    def _write_whole(self, target: Path, data: bytes) -> None:
        """All or nothing: a reader never sees half a file, whoever is killed when."""
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self.root, prefix=".writing-")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
