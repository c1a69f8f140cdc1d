"""The form of a new campaign: texts in, the nested settings out, every fault back at its field.

The form itself refuses nothing. What may be said is known to `core.settings` alone; it names the setting of
each fault ("rounds.size"), and the fields bear those very names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from crowdsft.core.errors import Fault
from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.grouping import GROUPINGS
from crowdsft.core.rewards import REWARDS
from crowdsft.core.settings import (
    BACKENDS,
    CONSENT,
    SECTIONS,
    CampaignSection,
    PointsSection,
    RoundsSection,
)
from crowdsft.core.settings.tasks import GoldSection, TasksSection
from crowdsft.embedding import EMBEDDINGS
from crowdsft.web.pages.emotion_words import emotion_words
from crowdsft.web.saying import said
from crowdsft.web.task_types import TASK_TYPES
from crowdsft.world import PROMPTS

TARGET_KINDS = (
    ("emotion", _lazy("An emotion")),
    ("examples", _lazy("Expert examples")),
    ("vector", _lazy("A mix of emotions")),
)
CLOSES = (
    ("size", _lazy("With enough contributions")),
    ("deadline", _lazy("After a time")),
    ("manual", _lazy("When I say so")),
)
TASKS = tuple((name, TASK_TYPES[name].heading) for name in TASK_TYPES)
GOLD = {"choose": ("prompt", "better", "worse"), "rate": ("prompt", "response", "rating")}
GROUPING_WORDS = {
    "random": _lazy("by chance"),
    "epsilon_greedy": _lazy("mostly by points, partly by chance"),
    "interleaved": _lazy("strong and weak contributors mixed"),
    "balanced_design": _lazy("so that everybody meets everybody"),
    "dealt": _lazy("ranked and dealt out, so that groups are alike"),
}
POLICY_WORDS = {
    "rank": _lazy("by the rank of the group"),
    "marginal": _lazy("by the gain of the group"),
    "ridge_history": _lazy("by what each person adds, from all rounds"),
    "linear_history": _lazy("by what each person adds, for crowds of thousands"),
    "decoded_shapley": _lazy("by what each person adds, from the candidates' answers"),
    "in_run_split": _lazy("by what each person adds, watched while training"),
}
ALONE = (
    ("never", _lazy("Never")),
    ("first", _lazy("In the first round")),
    ("always", _lazy("In every round")),
)
MERGES = (
    ("mean", _lazy("The mean of the groups' copies")),
    ("by_value", _lazy("Their mean, better ones counting more")),
)
KEEPING = (
    ("all", _lazy("All of the round's own")),
    ("values", _lazy("The best of all so far, by what the models learn from values")),
    ("examples", _lazy("The best of all so far, by the expert examples")),
)
DISTANCE_WORDS = {
    "l2": _lazy("straight-line distance"),
    "l1": _lazy("sum of differences"),
    "dot": _lazy("inner product"),
}
EMBEDDING_WORDS = {"emotions": _lazy("emotion scores"), "hashed_words": _lazy("words used")}
BACKEND_WORDS = {
    "lora": _lazy("small adapters (LoRA)"),
    "multi_lora": _lazy("small adapters of all groups at once"),
    "full_finetune": _lazy("all weights"),
    "trl_sft": _lazy("adapters by TRL"),
}


Words = str | Promise


def named_choices(names: Iterable[str], words: Mapping[str, Words]) -> list[tuple[str, str]]:
    """Every name of a table, with its words where we have some."""
    return [(name, f"{name}: {words[name]}" if name in words else name) for name in names]


def _text(label: str, help_text: str = "", **attributes: object) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        strip=False,
        widget=forms.TextInput(attrs=attributes),
    )


def _lines(label: Any, help_text: Any = "", rows: int = 5) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "class": "short"})
    return forms.CharField(label=label, help_text=help_text, required=False, strip=False, widget=widget)


def _number(label: Any, help_text: Any = "", *, whole: bool = True) -> forms.CharField:
    attributes = {"inputmode": "numeric" if whole else "decimal", "autocomplete": "off"}
    return forms.CharField(
        label=label, help_text=help_text, required=False, widget=forms.TextInput(attrs=attributes)
    )


def _choice(label: str, choices: Iterable[tuple[str, Words]], help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=False, widget=forms.Select(choices=list(choices))
    )


def _tick(label: str, help_text: str = "") -> forms.BooleanField:
    return forms.BooleanField(label=label, help_text=help_text, required=False)


def _radio(label: str, choices: Iterable[tuple[str, Words]]) -> forms.CharField:
    return forms.CharField(label=label, required=False, widget=forms.RadioSelect(choices=list(choices)))


class Several(forms.Field):
    """Any number of a few values; which are allowed is not decided here."""

    widget = forms.CheckboxSelectMultiple

    def to_python(self, value: Any) -> list[str]:
        """The ticked values."""
        return [str(item) for item in value or ()]


class CampaignForm(forms.Form):
    """All settings that an organiser may decide on the web, named like the settings themselves."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.label_suffix = ""
        self.fields.update(_fields())
        self._offer_network()

    def plan(self, kept: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The nested settings that the form says; what was left empty is left out.

        Args:
            kept: Settings of a draft: those that the form has no field for stay as they are.
        """
        self.is_valid()
        values = {name: value for name, value in self.cleaned_data.items() if value not in ("", [], None)}
        plan = {section: self._without_fields(section, kept or {}) for section in SECTIONS}
        for name, value in values.items():
            section, _, key = name.partition(".")
            if key:
                plan[section][key] = value.strip() if isinstance(value, str) else value
        self._choose_target(plan, values)
        self._choose_closing(plan)
        plan["prompts"]["texts"] = lines_of(plan["prompts"].get("texts", ""))
        plan["tasks"]["kinds"] = self.cleaned_data["tasks.kinds"]
        for name, keys in GOLD.items():
            if name in plan["gold"]:
                plan["gold"][name] = table_of(plan["gold"][name], keys)
        return plan

    def _offer_network(self) -> None:
        """A draft from a campaign file may measure with a network from the hub, which no list can hold."""
        name = "evaluation.embedding"
        current = str(self.data.get(name) or self.initial.get(name) or "")
        widget = self.fields[name].widget
        if ":" in current and isinstance(widget, forms.Select):
            widget.choices = [*widget.choices, (current, current)]

    def _without_fields(self, section: str, kept: Mapping[str, Any]) -> dict[str, Any]:
        own = kept.get(section, {})
        return {key: value for key, value in own.items() if f"{section}.{key}" not in self.fields}

    def _choose_target(self, plan: dict[str, dict[str, Any]], values: Mapping[str, Any]) -> None:
        """Only what the chosen kind of target needs; texts of the other kinds stay in the form unused."""
        kind, target = values.get("target_kind"), plan["target"]
        given = {name: target.pop(name, None) for name in ("emotion", "examples", "vector")}
        if kind == "emotion" and given["emotion"]:
            target["emotion"] = given["emotion"]
        if kind == "examples":
            target["examples"] = lines_of(given["examples"] or "")
        if kind == "vector":
            target["vector"] = vector_of(given["vector"] or "")

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
            self.add_error(self.field_of(fault.where), readable(fault.problem))

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


def lines_of(text: str) -> list[str]:
    """The lines that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def vector_of(text: str) -> dict[str, str]:
    """ "joy = 0.8" on each line; what is not a number is left for the settings to refuse."""
    pairs = (line.partition("=") for line in lines_of(text.replace(",", "\n")))
    return {name.strip(): value.strip() for name, _, value in pairs}


def table_of(text: str, keys: Sequence[str]) -> list[dict[str, str]]:
    """ "message | better | worse" on each line; what is missing is left for the settings to ask for."""
    rows = ([cell.strip() for cell in line.split("|", len(keys) - 1)] for line in lines_of(text))
    return [dict(zip(keys, row, strict=False)) for row in rows]


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
        values["target.vector"] = "\n".join(f"{name} = {value}" for name, value in target["vector"].items())
    for name, keys in GOLD.items():
        rows = plan.get("gold", {}).get(name, ())
        values[f"gold.{name}"] = "\n".join(" | ".join(str(row[key]) for key in keys) for row in rows)
    if "kinds" in plan.get("tasks", {}):
        values["tasks.kinds"] = list(plan["tasks"]["kinds"])
    values["rounds.merges"] = list(plan.get("rounds", {}).get("merges", ()))
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
        "tasks.kinds": list(tasks.kinds),
        "tasks.per_contributor": tasks.per_contributor,
        "tasks.lease_minutes": round(tasks.lease_minutes),
        "tasks.max_characters": tasks.max_characters,
        "tasks.overlap": tasks.overlap,
        "tasks.drafts": tasks.drafts,
        "gold.share": f"{GoldSection().share:g}",
        "points.policy": points.policy,
        "points.budget_per_round": points.budget_per_round,
        **_advanced_values(),
    }


ADVANCED = {
    "rounds": ("groups_of_one", "merges"),
    "training": (
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
}


def _advanced_values() -> dict[str, Any]:
    values = {
        f"{section}.{name}": SECTIONS[section].model_fields[name].default
        for section, names in ADVANCED.items()
        for name in names
    }
    return {name: _shown(value) for name, value in values.items()}


def _shown(value: Any) -> Any:
    """A default as the form shows it; one that depends on the model is left empty."""
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else value


def _fields() -> dict[str, forms.Field]:
    return {
        "campaign.name": _text(_("Name"), _("Short and plain, such as “Joy in comments”."), maxlength=80),
        "campaign.description": _text(
            _("What it is for"), _("One sentence that everybody sees in the list."), maxlength=500
        ),
        "campaign.guidelines": _lines(
            _("Guidelines for contributors"), _("What makes a good response. Markdown works here."), 8
        ),
        "model.base": _text(
            _("Base model"),
            _("builtin:tiny needs nothing else. Or a Hugging Face id, or a folder on the server."),
            spellcheck="false",
        ),
        "target_kind": _radio(_("Where should the model go?"), TARGET_KINDS),
        "target.emotion": _choice(_("Emotion"), _emotion_choices()),
        "target.examples": _lines(
            _("Expert examples"), _("One response per line: how the model should sound."), 6
        ),
        "target.vector": _lines(_("Mix of emotions"), _("One per line: joy = 0.8"), 3),
        "target.hidden": _tick(
            _("Hide the goal from contributors"), _("They see how close the model is, not to what.")
        ),
        "prompts.texts": _lines(
            _("Prompts"), _("One per line. Contributors answer them, and candidates are measured on them."), 8
        ),
        "tasks.kinds": Several(
            label=_("Tasks"), widget=forms.CheckboxSelectMultiple(choices=TASKS), required=False
        ),
        "tasks.per_contributor": _number(_("Tasks for each contributor in a round")),
        "tasks.overlap": _number(
            _("People for each choice or rating"),
            _("Nobody is asked twice, and never more people than this."),
        ),
        "gold.choose": _lines(
            _("Choices with a known answer"), _("One per line: message | better response | worse response"), 3
        ),
        "gold.rate": _lines(
            _("Ratings with a known answer"), _("One per line: message | response | rating from 1 to 5"), 3
        ),
        "gold.share": _number(
            _("Share of tasks with a known answer"),
            _("They show who pays attention, and are never contributions. 0.1 is one in ten."),
            whole=False,
        ),
        "rounds.count": _number(_("Rounds")),
        "rounds.groups": _number(_("Groups in a round"), _("Each group trains its own copy; at least 2.")),
        "rounds.close": _radio(_("When does a round close?"), CLOSES),
        "rounds.size": _number(
            _("Contributions that close a round"), _("Empty: groups × tasks for each contributor.")
        ),
        "rounds.minutes": _number(
            _("Minutes a round stays open"), _("1,440 minutes are a day."), whole=False
        ),
        "rounds.approval": _tick(
            _("I approve each winner"), _("It becomes the next base only when you say so.")
        ),
        "expected": _number(
            _("Contributors you expect in a round"), _("For the estimate only. Empty: three a group.")
        ),
        "rounds.grouping": _choice(_("How contributors are split"), named_choices(GROUPINGS, GROUPING_WORDS)),
        "points.budget_per_round": _number(_("Points in each round")),
        "points.policy": _choice(_("How points are paid"), named_choices(REWARDS, POLICY_WORDS)),
        "campaign.licence": _text(_("Licence of the contributions"), maxlength=80),
        "campaign.consent": _lines(_("What contributors agree to"), rows=4),
        "tasks.lease_minutes": _number(
            _("Minutes a task is reserved"), _("Writing prolongs it."), whole=False
        ),
        "tasks.max_characters": _number(_("Longest response, in characters")),
        "tasks.drafts": _number(_("Answers of the model to work on, in each round")),
        "campaign.seed": _number(_("Seed"), _("The same seed and contributions give the same campaign.")),
        **_choosing_fields(),
        **_training_fields(),
        **_evaluation_fields(),
    }


def _choosing_fields() -> dict[str, forms.Field]:
    """Who trains alone, what competes, and which contributions are trained on."""
    return {
        "rounds.groups_of_one": _choice(
            _("Each contributor trains a copy of their own"), ALONE, _("It shows at once who helps.")
        ),
        "rounds.merges": Several(
            label=_("Also compete"), widget=forms.CheckboxSelectMultiple(choices=MERGES), required=False
        ),
        "training.keep": _choice(
            _("Which contributions are trained on"),
            KEEPING,
            _("Contributors see how many of theirs were."),
        ),
        "training.keep_share": _number(
            _("Part of the contributions that is kept"), _("0.25 is the best quarter."), whole=False
        ),
        "training.keep_floor": _number(
            _("Part of the training for everybody's"), _("So that nobody is silenced for good."), whole=False
        ),
        "training.learn_examples": _tick(_("Also train on the expert examples")),
        "training.last_rate": _number(
            _("Part of the learning rate left in the last round"),
            _("1: the same in all rounds."),
            whole=False,
        ),
    }


def _training_fields() -> dict[str, forms.Field]:
    return {
        "training.backend": _choice(_("What is trained"), named_choices(BACKENDS, BACKEND_WORDS)),
        "training.rank": _number(_("Rank of the adapters")),
        "training.learning_rate": _number(
            _("Learning rate"), _("Empty: by the size of the base model."), whole=False
        ),
        "training.batch_size": _number(_("Batch size")),
        "training.passes": _number(_("Passes over the contributions")),
        "training.max_tokens": _number(_("Longest training text, in tokens")),
    }


def _evaluation_fields() -> dict[str, forms.Field]:
    return {
        "evaluation.embedding": _choice(_("What is measured"), named_choices(EMBEDDINGS, EMBEDDING_WORDS)),
        "evaluation.distance": _choice(_("How it is compared"), named_choices(UTILITIES, DISTANCE_WORDS)),
        "evaluation.selection_samples": _number(_("Answers for choosing the winner")),
        "evaluation.report_samples": _number(_("Answers for reporting and points")),
        "evaluation.max_new_tokens": _number(_("Longest answer, in tokens")),
        "evaluation.temperature": _number(_("Temperature"), whole=False),
        "evaluation.improvement_standard_errors": _number(
            _("Margin over the base"), _("In standard errors; 2 is the usual care."), whole=False
        ),
    }


def _emotion_choices() -> list[tuple[str, str]]:
    labels = sorted(EMBEDDINGS.make("emotions").labels)
    return [(label, emotion_words(label)) for label in labels]
