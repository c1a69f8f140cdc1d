"""The catalogues of translations: every marked text is there, translated, and compiled."""

from __future__ import annotations

import re
from pathlib import Path

import allauth
import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django.conf import settings

from scripts.messages import collected, faults, languages, read


@pytest.fixture(scope="module")
def marked() -> Catalog:
    return collected()


def test_texts_are_found_in_templates_and_in_python(marked: Catalog) -> None:
    assert marked.get("Skip to content")
    assert marked.get("System", "colour theme")
    assert marked.get(("%(count)s day", "%(count)s days"))
    assert marked.get(("%(count)s contributor", "%(count)s contributors")), "words of the filter `plural`"


@pytest.mark.parametrize("language", languages())
def test_a_language_is_complete_and_compiled(language: str, marked: Catalog) -> None:
    found = list(faults(language, marked))
    assert not found, "\n".join(["Run `make messages`, then translate:", *found])


def test_every_language_that_can_be_chosen_has_a_catalogue_and_the_other_way_round() -> None:
    assert {code for code, _ in settings.LANGUAGES} == {*languages(), "en"}


def test_a_missing_a_broken_and_a_left_over_translation_are_found(marked: Catalog) -> None:
    other = Catalog(locale="de")
    for message in marked:
        if message.id and message.id != "Skip to content":
            other.add(message.id, context=message.context, locations=message.locations)
    other.add("A text of %(somebody)s that nobody has translated", locations=[("web/here.html", 1)])
    found = list(faults("de", other))
    assert len(found) == 2
    assert (
        "'A text of %(somebody)s that nobody has translated' (web/here.html) has no translation" in found[0]
    )
    assert "'Skip to content' is translated but stands nowhere in the code" in found[1]


@pytest.mark.parametrize("language", languages())
def test_no_translation_was_cut_off(language: str) -> None:
    """A line that began like one of the head was once left out. No language needs half as few letters as English."""
    cut = [
        message
        for message in read(language)
        if len(message.id) > 20 and 2 * len(message.string) < len(message.id)
    ]
    assert not cut, "\n".join(f"{message.id!r} is translated as {message.string!r}" for message in cut)


FORMAL = re.compile(r"\b(Sie|Ihr|Ihre|Ihrem|Ihren|Ihrer|Ihnen)\b")
NOT_SHOWN = re.compile(r"phone|webauthn|passkey|login_code|code_message|code\.html|adapter\.py|fields\.py")


def test_what_allauth_says_in_german_is_as_informal_as_the_rest() -> None:
    """Its own German says "Sie"; ours goes before it for every text of a page or mail that can come up here."""
    ours = read("de")
    file = Path(allauth.__file__).parent / "locale" / "de" / "LC_MESSAGES" / "django.po"
    with file.open("rb") as opened:
        theirs = read_po(opened, locale="de")
    formal = [
        message.id
        for message in theirs
        if isinstance(message.id, str)
        and message.id
        and FORMAL.search(str(message.string))
        and not all(NOT_SHOWN.search(place) for place, _ in message.locations)
        and not ours.get(message.id)
    ]
    assert not formal, "Put these into web/borrowed_words.py and translate them"
    inside = re.compile(rf"[a-zäöüß,] {FORMAL.pattern}")  # "Sie" may begin a sentence: she, or they
    assert not [message.id for message in ours if inside.search(str(message.string))]
