"""Filling a notice's sentence in the language of its reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from django.utils.translation import gettext

from crowdsft.web.saying import money, whole


class Money(TypedDict):
    """An amount in the smallest unit of a currency; how it is written depends on the reader."""

    units: int
    places: int
    currency: str


Value = str | int | Money
Values = Mapping[str, Value]


def filled(text: str, values: Values) -> str:
    """`text`, translated, with `%(name)s` replaced by `values`; numbers and amounts as the reader writes them.

    Raises:
        KeyError: when a value is missing, which `notify` has made sure does not happen.
    """
    if not values:
        return gettext(text)
    return gettext(text) % {name: _shown(value) for name, value in values.items()}


def _shown(value: Value) -> str:
    if isinstance(value, dict):
        return money(**value)
    return whole(value) if isinstance(value, int) else value
