"""Saying in the reader's language what core said in English, and numbers as the reader writes them."""

from __future__ import annotations

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from crowdsft.core.errors import CrowdsftError
from crowdsft.core.payout import amount_text
from crowdsft.core.sentences import Sentence


def said(what: object) -> str:
    """A text, an error's message, or a part of one, in the active language; texts of people stay as they are."""
    if isinstance(what, CrowdsftError):
        what = what.args[0] if what.args else ""
    if not isinstance(what, Sentence):
        return str(what)
    if what.many is None:
        pattern = gettext(what.pattern)
    else:
        pattern = ngettext(what.pattern, what.many, int(str(what.parameters["count"])))
    return pattern.format(**{name: _part(value) for name, value in what.parameters.items()})


def _part(value: object) -> object:
    """A part of a sentence: a sentence itself, a list of words, or a value to which the pattern gives its form."""
    if isinstance(value, tuple):
        return ", ".join(said(word) for word in value)
    return said(value) if isinstance(value, str) else value


def whole(value: int) -> str:
    """A whole number with its thousands apart: "1,200", "1.200"."""
    return number_format(value, force_grouping=True)


def decimal(value: float, places: int) -> str:
    """A number with so many places behind the decimal sign: "0.250", "0,250"."""
    return number_format(f"{value:.{places}f}", force_grouping=True)


def money(units: int, places: int, currency: str) -> str:
    """An amount in the smallest unit with its currency: "1,212.50 EUR", "1.212,50 EUR"."""
    amount = Decimal(amount_text(units, places))
    return f"{number_format(amount, decimal_pos=places, force_grouping=True)} {currency}"
