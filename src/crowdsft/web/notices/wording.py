"""Filling a notice's sentence in the language of its reader."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.formats import number_format
from django.utils.translation import gettext

Values = Mapping[str, str | int]


def filled(text: str, values: Values) -> str:
    """`text`, translated, with `%(name)s` replaced by `values`; whole numbers in groups of three.

    Raises:
        KeyError: when a value is missing, which `notify` has made sure does not happen.
    """
    if not values:
        return gettext(text)
    return gettext(text) % {name: _shown(value) for name, value in values.items()}


def _shown(value: str | int) -> str:
    return number_format(value, force_grouping=True) if isinstance(value, int) else value
