"""The form of a new campaign: texts in, the nested settings out, every fault back at its field.

The form itself refuses nothing. What may be said is known to `core.settings` alone; it names the setting of
each fault ("rounds.size"), and the fields bear those very names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _lazy

from crowdsft.core.errors import Fault
from crowdsft.core.settings import (
    CONSENT,
    SECTIONS,
    CampaignSection,
    PointsSection,
    RoundsSection,
)
from crowdsft.core.settings.section import Section
from crowdsft.core.settings.tasks import GoldSection, TasksSection
from crowdsft.web.pages.campaign_fields import TARGET_KINDS, campaign_fields
from crowdsft.web.pages.campaign_people_fields import people_values
from crowdsft.web.pages.kept_texts import (
    pairs_text,
    row_text,
    rows_of,
    same_text,
    shortened,
    texts_of,
    vector_of,
)
from crowdsft.web.saying import said
from crowdsft.world import PROMPTS

GOLD = {"choose": ("prompt", "better", "worse"), "rate": ("prompt", "response", "rating")}
WHOLE_LISTS = ("tasks.kinds", "rounds.merges", "reviews.flags", "reviews.languages")
"""Lists of which nothing may be ticked."""


class CampaignForm(forms.Form):
    """All settings that an organiser may decide on the web, named like the settings themselves."""

    def __init__(self, *args: Any, kept: Mapping[str, Any] | None = None, **options: Any) -> None:
        """`kept` are the settings of a draft; those without a field are listed, so that they can be left out."""
        super().__init__(*args, **options)
        self.label_suffix = ""
        self.fields.update(campaign_fields())
        self._offer_network()
        self._offer_to_leave_out(kept or {})

    def plan(self, kept: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The nested settings that the form says; what was left empty is left out.

        Args:
            kept: Settings of a draft: those that the form has no field for stay as they are.
        """
        self.is_valid()
        values = {name: value for name, value in self.cleaned_data.items() if value not in ("", [], None)}
        plan = {section: self._without_fields(section, kept or {}) for section in SECTIONS}
        before = {section: (kept or {}).get(section, {}) for section in SECTIONS}
        for name, value in values.items():
            section, _, key = name.partition(".")
            if key:
                is_text = isinstance(value, str)
                plan[section][key] = same_text(value, before[section].get(key)) if is_text else value
        self._choose_target(plan, values, before["target"])
        self._choose_closing(plan)
        plan["prompts"]["texts"] = texts_of(
            values.get("prompts.texts", ""), before["prompts"].get("texts", ())
        )
        for name in WHOLE_LISTS:  # nothing ticked says so, and is not left open
            section, _, key = name.partition(".")
            plan[section][key] = self.cleaned_data[name]
        for name, keys in GOLD.items():
            if name in plan["gold"]:
                plan["gold"][name] = rows_of(values[f"gold.{name}"], keys, before["gold"].get(name, ()))
        return plan

    def _offer_network(self) -> None:
        """A draft from a campaign file may measure with a network from the hub, which no list can hold."""
        name = "evaluation.embedding"
        current = str(self.data.get(name) or self.initial.get(name) or "")
        widget = self.fields[name].widget
        if ":" in current and isinstance(widget, forms.Select):
            widget.choices = [*widget.choices, (current, current)]

    def _offer_to_leave_out(self, kept: Mapping[str, Any]) -> None:
        """What a campaign file set beyond its default and the form has no field for; it may contradict a field."""
        widget = self.fields["left_out"].widget
        assert isinstance(widget, forms.CheckboxSelectMultiple)
        widget.choices = [
            (name, f"{name} = {shortened(value)}")
            for section, kind in SECTIONS.items()
            for key, value in kept.get(section, {}).items()
            if (name := f"{section}.{key}") not in self.fields and value != _default(kind, key)
        ]

    @property
    def has_kept(self) -> bool:
        """Whether there is anything that could be left out."""
        widget = self.fields["left_out"].widget
        return isinstance(widget, forms.CheckboxSelectMultiple) and bool(list(widget.choices))

    def _without_fields(self, section: str, kept: Mapping[str, Any]) -> dict[str, Any]:
        dropped = self.cleaned_data.get("left_out", ())
        own = {f"{section}.{key}": (key, value) for key, value in kept.get(section, {}).items()}
        return dict(pair for name, pair in own.items() if name not in self.fields and name not in dropped)

    def _choose_target(
        self, plan: dict[str, dict[str, Any]], values: Mapping[str, Any], before: Mapping[str, Any]
    ) -> None:
        """Only what the chosen kind of target needs; texts of the other kinds stay in the form unused."""
        kind, target = values.get("target_kind"), plan["target"]
        given = {name: target.pop(name, None) for name in ("emotion", "examples", "vector")}
        if kind == "emotion" and given["emotion"]:
            target["emotion"] = given["emotion"]
        if kind == "examples":
            target["examples"] = texts_of(values.get("target.examples", ""), before.get("examples") or ())
        if kind == "vector":
            target["vector"] = vector_of(values.get("target.vector", ""), before.get("vector") or {})

    def _choose_closing(self, plan: dict[str, dict[str, Any]]) -> None:
        rounds = plan["rounds"]
        if rounds.get("close") != "size":
            rounds.pop("size", None)
        if rounds.get("close") != "deadline":
            rounds.pop("minutes", None)

    def show_faults(self, faults: Iterable[Fault]) -> None:
        """Put every fault at its field, or above the form when no field has its name."""
        self.is_valid()
        for fault in faults:
            field, problem = self.field_of(fault.where), readable(fault.problem)
            problem = str(OWN_FAULTS.get(fault.where, problem))
            if field is None and self.has_kept:
                field, problem = "left_out", f"{fault.where}: {problem}"
            self.add_error(field, problem)

    def field_of(self, where: str) -> str | None:
        """The field of a setting: its own name or that of a table around it."""
        special = {"target": "target_kind"}
        while where:
            name = special.get(where, where)
            if name in self.fields:
                return name
            where = where.rpartition(".")[0]
        return None

    @property
    def fault_list(self) -> list[tuple[str, str, str]]:
        """Each faulty field's identifier, label and first fault, in the order of the form."""
        return [
            (
                str(self[name].id_for_label or f"id_{name}"),
                str(self.fields[name].label),
                str(self.errors[name][0]),
            )
            for name in self.fields
            if name in self.errors
        ]


OWN_FAULTS = {
    "reviews.phone_region": _lazy("Please give two capital letters, such as DE, or leave this empty.")
}
"""What is said in place of a pattern that nobody can read."""


def _at_least_or_most(found: re.Match[str]) -> str:
    return f"it must be at {'least' if found[1] == 'greater' else 'most'} {found[2]}"


PLAINER: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"^is \[\]; .*", "Please give at least one"),
    (r"input should be a valid integer.*", "it must be a whole number"),
    (r"input should be a valid number.*", "it must be a number"),
    (r"input should be (greater|less) than or equal to (\S+)", _at_least_or_most),
    (r"input should be (greater|less) than (\S+)", r"it must be \1 than \2"),
    (r"string should have at most (\S+) characters?", r"it may have at most \1 characters"),
    (r"tuple should have at most (\S+) items?.*", r"it may have at most \1 lines"),
    (r"is missing and has no default; please set it", "Please fill this in"),
)


def readable(problem: str) -> str:
    """A fault as a sentence under its field, without the words of programmers."""
    words = said(problem)
    if words != str(problem):  # translators have written it for people already
        return words[:1].upper() + words[1:] + ("" if words.endswith((".", "?")) else ".")
    problem = str(problem)
    for pattern, plainer in PLAINER:
        problem = re.sub(pattern, plainer, problem)
    begins_with_verb = problem.split(" ", 1)[0] in ("is", "has", "contradicts", "says", "cannot")
    sentence = f"This {problem}" if begins_with_verb else problem[:1].upper() + problem[1:]
    return sentence if sentence.endswith((".", "?")) else sentence + "."


def form_values(plan: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows of `plan`, which holds all settings or only those that differ from the defaults."""
    values = starting_values()
    for section, settings in plan.items():
        if section in SECTIONS:
            values |= {f"{section}.{key}": _as_text(value) for key, value in settings.items()}
    target = plan.get("target", {})
    kind = next((kind for kind, _ in TARGET_KINDS if target.get(kind) is not None), None)
    if kind is not None:
        values["target_kind"] = kind
    if target.get("vector"):
        values["target.vector"] = pairs_text(target["vector"])
    for name, keys in GOLD.items():
        rows = plan.get("gold", {}).get(name, ())
        values[f"gold.{name}"] = "\n".join(row_text(row, keys) for row in rows)
    for name in WHOLE_LISTS:
        section, _, key = name.partition(".")
        values[name] = list(plan.get(section, {}).get(key, values[name]))
    return values


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, list | tuple):
        return "\n".join(map(str, value))
    return _shown(value)


def starting_values() -> dict[str, Any]:
    """Good defaults: a campaign that runs on a laptop as it is."""
    rounds, points, tasks = RoundsSection(), PointsSection(), TasksSection()
    return {
        "campaign.licence": CampaignSection(name="x").licence,
        "campaign.consent": said(CONSENT),
        "model.base": "builtin:tiny",
        "prompts.texts": "\n".join(PROMPTS),
        "target_kind": "emotion",
        "target.emotion": "joy",
        "rounds.count": rounds.count,
        "rounds.groups": rounds.groups,
        "rounds.grouping": rounds.grouping,
        "rounds.close": rounds.close,
        "rounds.merges": [],
        "tasks.kinds": list(tasks.kinds),
        "tasks.per_contributor": tasks.per_contributor,
        "tasks.lease_minutes": round(tasks.lease_minutes),
        "tasks.max_characters": tasks.max_characters,
        "tasks.overlap": tasks.overlap,
        "tasks.drafts": tasks.drafts,
        "gold.share": f"{GoldSection().share:g}",
        "points.policy": points.policy,
        "points.budget_per_round": points.budget_per_round,
        **people_values(),
        **_advanced_values(),
    }


ADVANCED = {
    "rounds": ("groups_of_one", "most_groups", "merges"),
    "training": (
        "weighting",
        "keep",
        "keep_share",
        "keep_floor",
        "learn_examples",
        "backend",
        "rank",
        "learning_rate",
        "last_rate",
        "batch_size",
        "passes",
        "max_tokens",
    ),
    "evaluation": (
        "embedding",
        "distance",
        "selection_samples",
        "report_samples",
        "max_new_tokens",
        "temperature",
        "improvement_standard_errors",
    ),
    "artifacts": ("keep",),
}


def _advanced_values() -> dict[str, Any]:
    values = {
        f"{section}.{name}": SECTIONS[section].model_fields[name].default
        for section, names in ADVANCED.items()
        for name in names
        if f"{section}.{name}" not in WHOLE_LISTS
    }
    return {name: _shown(value) for name, value in values.items()}


def _shown(value: Any) -> Any:
    """A default as the form shows it; one that depends on the model is left empty."""
    if value is None:
        return ""
    return repr(value).removesuffix(".0") if isinstance(value, float) else value


def _default(kind: type[Section], key: str) -> Any:
    """A setting's default as a plan holds it."""
    default = kind.model_fields[key].get_default(call_default_factory=True)
    return list(default) if isinstance(default, tuple) else default
