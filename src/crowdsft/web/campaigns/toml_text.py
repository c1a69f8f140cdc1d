"""Settings as the text of a campaign file, from which the same settings come back."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from django.utils.translation import gettext as _

from crowdsft.core.errors import InputError
from crowdsft.core.settings import SECTIONS, CampaignSettings, settings_to_dict
from crowdsft.web.saying import whole

LONGEST_FILE = 2_000_000  # characters


def settings_as_toml(settings: CampaignSettings) -> str:
    """The campaign file; long lists have a line for each entry."""
    plan = settings_to_dict(settings)
    blocks = [f"version = {plan['version']}"]
    for section in SECTIONS:
        lines = [f"{key} = {_value(value)}" for key, value in plan[section].items()]
        if lines:
            blocks.append("\n".join([f"[{section}]", *lines]))
    return "\n\n".join(blocks) + "\n"


def read_toml(text: str) -> dict[str, Any]:
    """The nested values of a campaign file.

    Raises:
        InputError: when it is no TOML, saying in which line.
    """
    if len(text) > LONGEST_FILE:
        raise InputError(
            _("The file has {count} characters; at most {longest_file} can be read here.").format(
                count=whole(len(text)), longest_file=whole(LONGEST_FILE)
            )
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            _("The file is no TOML: {error}. Correct that place and try again.").format(error=error)
        ) from None


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "[\n" + "".join(f"  {_value(item)},\n" for item in value) + "]" if value else "[]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value)
