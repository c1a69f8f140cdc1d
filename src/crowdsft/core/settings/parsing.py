"""From plain values to settings and back: every fault is found, and all are shown together."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from crowdsft.core.errors import Fault, SettingsError
from crowdsft.core.sentences import sentence
from crowdsft.core.settings.contradictions import CONTRADICTIONS
from crowdsft.core.settings.section import Section, out_of_bounds
from crowdsft.core.settings.whole import SECTIONS, CampaignSettings

SETTINGS_VERSION = 1


def parse_settings(data: Mapping[str, Any], *, source: str = "the campaign settings") -> CampaignSettings:
    """The settings that `data` describes.

    Args:
        data: Nested mapping of plain values, as `tomllib` or `json` gives it.
        source: What to call the settings in the error ("campaign.toml").

    Raises:
        SettingsError: listing every fault found.
    """
    faults: list[Fault] = []
    version = data.get("version", SETTINGS_VERSION)
    if version != SETTINGS_VERSION:
        faults.append(
            Fault(
                "version",
                sentence(
                    "is {version!r}; this crowdsft reads version {settings_version}",
                    version=version,
                    settings_version=SETTINGS_VERSION,
                ),
            )
        )
    unknown = sorted(set(data) - set(SECTIONS) - {"version"})
    faults.extend(Fault(name, _unknown_key(name, [*SECTIONS, "version"])) for name in unknown)
    sections: dict[str, Section] = {}
    for name, kind in SECTIONS.items():
        section = _parse_section(name, kind, data.get(name, {}), faults)
        if section is not None:
            sections[name] = section
    for check in CONTRADICTIONS:
        faults.extend(check(sections))
    if faults:
        raise SettingsError(faults, source=source)
    return CampaignSettings(**sections)


def settings_to_dict(settings: CampaignSettings) -> dict[str, Any]:
    """Plain values from which `parse_settings` makes the same settings again."""
    return settings.model_dump(mode="json", exclude_none=True)


def settings_digest(settings: CampaignSettings) -> str:
    """SHA-256 of the settings' canonical JSON."""
    text = json.dumps(settings_to_dict(settings), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _parse_section(name: str, kind: type[Section], value: object, faults: list[Fault]) -> Section | None:
    if not isinstance(value, Mapping):
        faults.append(
            Fault(
                name, sentence("is {value!r}; it must be a table, [{name}] in TOML", value=value, name=name)
            )
        )
        return None
    try:
        return kind.model_validate(dict(value))
    except ValidationError as error:
        faults.extend(_fault(name, kind, item) for item in error.errors(include_url=False))
        return None


def _fault(section: str, kind: type[Section], item: Any) -> Fault:
    where = ".".join([section, *(str(part) for part in item["loc"])])
    if item["type"] == "extra_forbidden":
        return Fault(where, _unknown_key(str(item["loc"][-1]), kind.model_fields))
    if item["type"] == "missing":
        return Fault(where, sentence("is missing and has no default; please set it"))
    if item["type"] == "value_error":
        return Fault(where, item["ctx"]["error"].args[0])
    given = repr(item["input"])
    shown = given if len(given) <= 60 else given[:57] + "..."
    return Fault(where, out_of_bounds(shown, item))


def _unknown_key(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    if close:
        return sentence("there is no such setting; did you mean {guess!r}?", guess=close[0])
    return sentence("there is no such setting; known here: {known}", known=tuple(known))
