"""What the campaign form is made of: fields that refuse nothing, since `core.settings` alone knows what may be said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.formats import get_format
from django.utils.functional import Promise

Words = str | Promise


class DecimalText(forms.CharField):
    """A decimal number as its writer's language has it: "0,5" where the decimal sign is a comma, "0.5" anywhere."""

    def to_python(self, value: Any) -> str:
        """The text with a decimal point; what cannot be one number is left for the settings to refuse."""
        text = str(super().to_python(value))
        is_ours = get_format("DECIMAL_SEPARATOR") == "," and text.count(",") == 1 and "." not in text
        return text.replace(",", ".") if is_ours else text


def named_choices(names: Iterable[str], words: Mapping[str, Words]) -> list[tuple[str, str]]:
    """Every name of a table, with its words where we have some."""
    return [(name, f"{name}: {words[name]}" if name in words else name) for name in names]


def text_field(label: str, help_text: str = "", **attributes: object) -> forms.CharField:
    """One line of text."""
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        strip=False,
        widget=forms.TextInput(attrs=attributes),
    )


def lines_field(label: Any, help_text: Any = "", rows: int = 5) -> forms.CharField:
    """Several lines of text."""
    widget = forms.Textarea(attrs={"rows": rows, "class": "short"})
    return forms.CharField(label=label, help_text=help_text, required=False, strip=False, widget=widget)


def number_field(label: Any, help_text: Any = "", *, whole: bool = True) -> forms.CharField:
    """A number, as text until the settings read it."""
    attributes = {"inputmode": "numeric" if whole else "decimal", "autocomplete": "off"}
    kind = forms.CharField if whole else DecimalText
    return kind(label=label, help_text=help_text, required=False, widget=forms.TextInput(attrs=attributes))


def choice_field(label: str, choices: Iterable[tuple[str, Words]], help_text: str = "") -> forms.CharField:
    """One of a list."""
    return forms.CharField(
        label=label, help_text=help_text, required=False, widget=forms.Select(choices=list(choices))
    )


def tick_field(label: str, help_text: str = "") -> forms.BooleanField:
    """Yes or no."""
    return forms.BooleanField(label=label, help_text=help_text, required=False)


def radio_field(label: str, choices: Iterable[tuple[str, Words]]) -> forms.CharField:
    """One of a few that all are seen."""
    return forms.CharField(label=label, required=False, widget=forms.RadioSelect(choices=list(choices)))


class Several(forms.Field):
    """Any number of a few values; which are allowed is not decided here."""

    widget = forms.CheckboxSelectMultiple

    def to_python(self, value: Any) -> list[str]:
        """The ticked values."""
        return [str(item) for item in value or ()]
