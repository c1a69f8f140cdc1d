"""The files of a model: its card and its adapters, by the names they have in a zip, a folder or a repository."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from crowdsft.core.errors import InputError
from crowdsft.publishing.archive import Content
from crowdsft.publishing.card import CARD_FILE, ModelFacts, adapter_folders, card
from crowdsft.training.adapters import CONFIG_FILE, FULL_WEIGHTS


def model_files(
    facts: ModelFacts, adapters: Sequence[Path], *, where: str = "."
) -> list[tuple[str, Content]]:
    """The card first, then each adapter's files.

    Args:
        adapters: The folders of `facts.adapters`, in the same order.
        where: From where whoever reads the card will load it.
    """
    config = json.loads((adapters[-1] / CONFIG_FILE).read_text(encoding="utf-8"))
    facts = replace(facts, is_whole=config.get("peft_type") == FULL_WEIGHTS)
    files: list[tuple[str, Content]] = [(CARD_FILE, card(facts, where=where).encode())]
    for folder, adapter in zip(adapter_folders(len(adapters)), adapters, strict=True):
        files += [(f"{folder}{file.name}", file) for file in sorted(adapter.iterdir())]
    return files


def write_folder(files: Sequence[tuple[str, Content]], output: Path) -> list[Path]:
    """Write the files to the folder `output`, which appears whole; it must be new or empty.

    Raises:
        InputError: `output` holds something already.
    """
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise InputError(f"{output} holds something already; nothing was written. Give a folder that is new.")
    output.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{output.name}-", dir=output.parent))
    try:
        for name, content in files:
            target = unfinished / name
            target.parent.mkdir(exist_ok=True)
            if isinstance(content, bytes):
                target.write_bytes(content)
            else:
                shutil.copyfile(content, target)
        unfinished.chmod(0o755)
        unfinished.replace(output)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return [output / name for name, _ in files]
