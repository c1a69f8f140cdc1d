"""Adapters on disk: content-addressed folders that appear whole or not at all.

A LoRA adapter is in PEFT's format (adapter_config.json, adapter_model.safetensors), so any tool that reads
PEFT reads it. The files hold no clock, machine path or unordered set: equal tensors give equal bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crowdsft.core.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"
PIECE_BYTES = 1024 * 1024
FULL_WEIGHTS = "FULL_DELTA"
"""The `peft_type` of a folder that holds a delta for whole weight matrices; PEFT itself does not know it."""


@dataclass(frozen=True, slots=True)
class StoredAdapter:
    """An adapter read from disk: its configuration and its tensors by name."""

    config: Mapping[str, Any]
    tensors: Mapping[str, Tensor]


def folder_digest(folder: Path) -> str:
    """SHA-256 (hexadecimal) over the names and contents of a folder's files, sorted by name.

    Each name and content is preceded by its length, so that no two folders read the same. Files are read a piece at a
    time: an adapter may be larger than a web process.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        name = path.name.encode()
        with path.open("rb") as file:
            digest.update(len(name).to_bytes(8, "big") + name)
            digest.update(os.fstat(file.fileno()).st_size.to_bytes(8, "big"))
            while piece := file.read(PIECE_BYTES):
                digest.update(piece)
    return digest.hexdigest()


def lora_config(*, rank: int, alpha: float, target_modules: list[str], base: str) -> dict[str, Any]:
    """The adapter_config.json of a plain LoRA adapter; what it leaves out has PEFT's default."""
    is_path = Path(base).is_absolute() or base.startswith((".", "~")) or Path(base).is_dir()
    return {
        "base_model_name_or_path": None if is_path else base,
        "bias": "none",
        "inference_mode": True,
        "lora_alpha": int(alpha) if float(alpha).is_integer() else alpha,
        "lora_dropout": 0.0,
        "peft_type": "LORA",
        "r": rank,
        "target_modules": sorted(target_modules),
        "task_type": "CAUSAL_LM",
        "use_dora": False,
        "use_rslora": False,
    }


def save_adapter(output: Path, config: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> tuple[Path, str]:
    """Write an adapter to `output`/<digest>; a folder of that name holds the same bytes and is kept.

    The files are written to a hidden temporary folder beside it, flushed to disk and renamed, so that a
    process that dies half-way leaves no adapter.

    Returns:
        The folder and its digest.
    """
    from safetensors.torch import save

    output.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=output))
    try:
        contents = {
            CONFIG_FILE: (json.dumps(config, indent=2, sort_keys=True) + "\n").encode(),
            WEIGHTS_FILE: save(
                {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(tensors.items())},
                metadata={"format": "pt"},
            ),
        }
        for name, content in contents.items():
            _write_durably(unfinished / name, content)
        unfinished.chmod(0o755)
        digest = folder_digest(unfinished)
        folder = output / digest
        if not folder.is_dir():
            _rename(unfinished, folder)
        return folder, digest
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def read_adapter(folder: Path) -> StoredAdapter:
    """Read an adapter's configuration and tensors (on the CPU, in the precision they were stored in).

    Raises:
        ModelError: There is no adapter in `folder`.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        tensors = load_file(folder / WEIGHTS_FILE)
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(
            f"{folder} is not an adapter: {error}. Expected {CONFIG_FILE} and {WEIGHTS_FILE} in it."
        ) from error
    return StoredAdapter(config, tensors)


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _rename(unfinished: Path, folder: Path) -> None:
    try:
        unfinished.rename(folder)
    except OSError:
        if not folder.is_dir():  # another process may have written the same bytes first
            raise
