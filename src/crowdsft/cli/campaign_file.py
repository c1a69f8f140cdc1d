"""Reading a campaign file: TOML, with texts that may stand in files beside it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crowdsft.core.errors import Fault, InputError, SettingsError
from crowdsft.core.settings import CampaignSettings, parse_settings

FILE_KEYS = {
    ("target", "examples_file"): ("target", "examples"),
    ("prompts", "file"): ("prompts", "texts"),
    ("campaign", "guidelines_file"): ("campaign", "guidelines"),
}


def read_campaign_file(path: Path, *, base_model: str | None = None) -> CampaignSettings:
    """The settings in a TOML file.

    `target.examples_file` and `prompts.file` name files beside it with one text a line (.txt) or JSON lines with
    a "response" or "text" (.jsonl); `campaign.guidelines_file` a Markdown file.

    Args:
        base_model: Replaces `model.base`.

    Raises:
        InputError: when the file is missing, not UTF-8 or not TOML.
        SettingsError: listing everything wrong with the settings.
    """
    try:
        data: dict[str, Any] = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is not valid TOML: {error}.") from error
    faults = _inline_files(data, path.parent)
    if base_model is not None:
        data.setdefault("model", {})["base"] = base_model
    try:
        settings = parse_settings(data, source=str(path))
    except SettingsError as error:
        hidden = {fault.where.split(".")[0] for fault in faults}
        rest = [fault for fault in error.faults if fault.where not in hidden]
        raise SettingsError([*faults, *rest], source=str(path)) from None
    if faults:
        raise SettingsError(faults, source=str(path))
    return settings


def read_text(path: Path) -> str:
    """The UTF-8 text of a file.

    Raises:
        InputError: saying what is the matter with it.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(
            f"There is no file {path}. Check the path, or make one with: crowdsft init"
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def _inline_files(data: dict[str, Any], folder: Path) -> list[Fault]:
    faults = []
    for (section, key), (_, into) in FILE_KEYS.items():
        table = data.get(section)
        if not isinstance(table, dict) or key not in table:
            continue
        where, name = f"{section}.{key}", table.pop(key)
        if into in table:
            faults.append(Fault(where, f"contradicts {section}.{into}; keep one of them"))
            continue
        try:
            table[into] = _READERS[key](folder / str(name))
        except InputError as error:
            faults.append(Fault(where, str(error)))
    return faults


def _texts(path: Path) -> list[str]:
    lines = [line.strip() for line in read_text(path).split("\n") if line.strip()]
    if path.suffix != ".jsonl":
        return lines
    return [_text_of(path, number, line) for number, line in enumerate(lines, start=1)]


def _text_of(path: Path, number: int, line: str) -> str:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"line {number} of {path} is not JSON ({error.msg}).") from None
    text = (
        row
        if isinstance(row, str)
        else row.get("response", row.get("text"))
        if isinstance(row, dict)
        else None
    )
    if not isinstance(text, str) or not text.strip():
        raise InputError(
            f'line {number} of {path} has no text; expected {{"response": "..."}} or a JSON string.'
        )
    return text.strip()


_READERS: dict[str, Callable[[Path], object]] = {
    "examples_file": _texts,
    "file": _texts,
    "guidelines_file": read_text,
}
