"""Personal data and rude words in a text, for reviewers to look at. A flag decides nothing.

Only what can be told from the text alone: addresses of mail, telephone numbers, bank accounts and cards by their check
digits, and words of a list. Names and street addresses need a language model; see docs/decisions/flags.md.

For workers: the word list and the numbering plans are loaded on first use, and no web process needs them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from crowdsft.core.settings import ReviewsSection

MOST_CHARACTERS = 20_000  # of a text that are looked at
MOST_FOUND = 10  # words kept for each kind

MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
CARD = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b")


def flags_of(text: str, settings: ReviewsSection) -> dict[str, list[str]]:
    """What the campaign wants flagged, by kind, with the words that led to it; kinds without any are left out."""
    looked_at = text[:MOST_CHARACTERS]
    found = {
        kind: list(dict.fromkeys(FINDERS[kind](looked_at, settings)))[:MOST_FOUND] for kind in settings.flags
    }
    return {kind: words for kind, words in found.items() if words}


def find_personal(text: str, settings: ReviewsSection) -> Iterator[str]:
    """Addresses of mail, telephone numbers, bank accounts and cards, as they stand in the text.

    Without `reviews.phone_region`, telephone numbers are found with their country's code only.
    """
    import phonenumbers

    yield from MAIL.findall(text)
    for match in phonenumbers.PhoneNumberMatcher(text, settings.phone_region):
        yield match.raw_string
    for pattern, is_one in ((CARD, is_card), (IBAN, is_iban)):
        for run in pattern.findall(text):
            yield from _numbers_in(run, pattern, is_one)


def _numbers_in(run: str, pattern: re.Pattern[str], is_one: Callable[[str], bool]) -> Iterator[str]:
    """The longest beginning of `run` that is such a number, if any: a date or another code may follow it."""
    ends = [len(run), *(place for place in range(len(run) - 1, 0, -1) if run[place] in " -")]
    for end in ends:
        if pattern.fullmatch(run[:end]) and is_one(run[:end]):
            yield run[:end]
            return


def find_rude(text: str, settings: ReviewsSection) -> Iterator[str]:
    """Words on the lists of `reviews.languages`, disguised ones too."""
    for match in _word_list(settings.languages).find(text):  # type: ignore[attr-defined]
        yield match.matched_text


FINDERS: dict[str, Callable[[str, ReviewsSection], Iterator[str]]] = {
    "personal": find_personal,
    "rude": find_rude,
}


def is_card(number: str) -> bool:
    """Whether the digits pass Luhn's check, and are not one digit repeated."""
    digits = [int(sign) for sign in number if sign.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_iban(number: str) -> bool:
    """Whether the check digits of an international bank account number (ISO 13616) fit."""
    plain = number.replace(" ", "")
    return int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


@lru_cache(maxsize=8)
def _word_list(languages: tuple[str, ...]) -> object:
    from badwords import ProfanityFilter

    found = ProfanityFilter()
    found.init(languages=list(languages))
    return found
