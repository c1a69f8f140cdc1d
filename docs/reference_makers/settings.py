"""The campaign's settings: a table for each section, and the JSON schema of a campaign file."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import crowdsft
from crowdsft.cli.campaign_file import FILE_KEYS
from crowdsft.core import settings as campaign_settings
from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.grouping import GROUPINGS
from crowdsft.core.rewards import REWARDS
from crowdsft.core.settings.tasks import TASK_KINDS
from crowdsft.embedding import EMBEDDINGS
from crowdsft.training import BACKENDS
from reference_makers.markdown import MissingWordsError, table
from reference_makers.meanings import FILE_SETTINGS, SETTINGS

NAMED: dict[str, Iterable[str]] = {
    "rounds.grouping": GROUPINGS,
    "training.backend": BACKENDS,
    "evaluation.embedding": EMBEDDINGS,
    "evaluation.distance": UTILITIES,
    "points.policy": REWARDS,
    "tasks.kinds": TASK_KINDS,
    "reviews.languages": campaign_settings.WORD_LISTS,
}

WEB_SETTINGS = Path(crowdsft.__file__).parent / "web" / "settings.py"
_VARIABLE = re.compile(r"^(CROWDSFT_\w+)\s+(.+)$", re.MULTILINE)

Schema = dict[str, Any]


def settings_part() -> str:
    """All sections, in the order of a campaign file."""
    schema = campaign_file_schema()
    faults = sorted(
        (set(SETTINGS) | set(FILE_SETTINGS)) ^ {f"{s}.{key}" for s, key, _ in _every_setting(schema)}
    )
    if faults:
        raise MissingWordsError(
            f"docs/reference_makers/meanings.py and the settings disagree about: {', '.join(faults)}"
        )
    return "\n\n".join(_section(name, schema) for name in campaign_settings.SECTIONS)


def schema_text() -> str:
    """`campaign-schema.json`: what links say on the page is plain text here."""
    text = json.dumps(campaign_file_schema(), indent=2, ensure_ascii=False)
    return re.sub(r"\[([^]]*)]\([^)]*\)", r"\1", text) + "\n"


def environment_part() -> str:
    """The variables that `crowdsft.web.settings` lists at its top."""
    listed = ast.get_docstring(ast.parse(WEB_SETTINGS.read_text(encoding="utf-8"))) or ""
    rows = [(f"`{name}`", meaning) for name, meaning in _VARIABLE.findall(listed)]
    return table(("Variable", "Meaning"), rows)


def campaign_file_schema() -> Schema:
    """Of a campaign *file*: pydantic's schema with the names of the tables, the meanings and the file keys."""
    schema = _without_titles(campaign_settings.CampaignSettings.model_json_schema())
    sections = schema["$defs"]
    for (section, key), (_, instead_of) in FILE_KEYS.items():
        text: Schema = {"type": "string", "minLength": 1, "x-instead-of": instead_of}
        sections[_definition(schema, section)]["properties"][key] = text
    for section, key, setting in _every_setting(schema):
        name = f"{section}.{key}"
        if name in NAMED:
            names = {"enum": list(NAMED[name])}
            setting["items" if setting.get("type") == "array" else "enum"] = (
                names if setting.get("type") == "array" else names["enum"]
            )
        if name == "evaluation.embedding":
            network = {"type": "string", "pattern": f"^({'|'.join(campaign_settings.NETWORK_EMBEDDINGS)}):.+"}
            setting["anyOf"] = [{"enum": setting.pop("enum")}, network]
        setting["description"] = (SETTINGS | FILE_SETTINGS).get(name, "")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A campaign of crowdsft",
        **schema,
    }


def _without_titles(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            key: _without_titles(value)
            for key, value in schema.items()
            if not (key == "title" and isinstance(value, str))
        }
    return schema


def _definition(schema: Schema, section: str) -> str:
    return str(schema["properties"][section]["$ref"].rsplit("/", 1)[1])


def _every_setting(schema: Schema) -> list[tuple[str, str, Schema]]:
    return [
        (section, key, setting)
        for section in campaign_settings.SECTIONS
        for key, setting in schema["$defs"][_definition(schema, section)]["properties"].items()
    ]


def _section(name: str, schema: Schema) -> str:
    definition = schema["$defs"][_definition(schema, name)]
    required = definition.get("required", [])
    rows = [
        (f"`{key}`", _type_words(setting), _default_words(setting, key in required), setting["description"])
        for key, setting in definition["properties"].items()
    ]
    words = inspect.cleandoc(campaign_settings.SECTIONS[name].__doc__ or "")
    return f"## [{name}]\n\n{words}\n\n" + table(("Setting", "Type and range", "Default", "Meaning"), rows)


def _type_words(setting: Schema) -> str:
    chosen = next((one for one in setting.get("anyOf", []) if one.get("type") != "null"), setting)
    if "x-instead-of" in setting:
        return "path"
    if "enum" in chosen:
        return "one of " + ", ".join(f"`{name}`" for name in chosen["enum"])
    return _KINDS[chosen["type"]](chosen)


def _text(setting: Schema) -> str:
    longest, shortest = setting.get("maxLength"), setting.get("minLength", 0)
    limit = f", at most {longest:,} characters" if longest else ""
    return f"text{', not empty' if shortest else ''}{limit}"


def _number(setting: Schema) -> str:
    word = "whole number" if setting["type"] == "integer" else "number"
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [f"{sign} {_shown(setting[name])}" for name, sign in signs.items() if name in setting]
    return ", ".join([word, *limits])


def _list(setting: Schema) -> str:
    shortest, longest = setting.get("minItems", 0), setting.get("maxItems")
    item = setting.get("items", {})
    if "enum" in item:
        return "list of one or more of " + ", ".join(f"`{name}`" for name in item["enum"])
    many = f", {shortest} to {longest:,}" if longest else ""
    return f"list of {'tables' if '$ref' in item else 'texts'}{many}"


_KINDS: dict[str, Callable[[Schema], str]] = {
    "string": _text,
    "integer": _number,
    "number": _number,
    "boolean": lambda setting: "`true` or `false`",
    "array": _list,
    "object": lambda setting: (
        "table of numbers" if setting["additionalProperties"].get("type") == "number" else "table of options"
    ),
}


def _shown(number: float) -> str:
    if number == 2**63:
        return "2^63"
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"


def _default_words(setting: Schema, required: bool) -> str:
    if required:
        return "*required*"
    default = setting.get("default")
    if default is None or default == "":
        return "none"
    shown = json.dumps(default, ensure_ascii=False)
    return f"`{shown}`" if len(shown) <= 60 else "see the schema"
