"""What a worker says of its step, in the reader's language. Workers write English notes, whoever reads them.

A note that has none of these forms is shown as it was written, so a new note needs a line here; a test looks for it.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crowdsft.web.pages.measure import group_letter

WAITS = (
    gettext_noop(
        "waiting for contributors: {contributors} of at least {groups}; {unreviewed} contributions wait for a review"
    ),
    gettext_noop("waiting for contributors: {contributors} of at least {groups}"),
)
NOTES = (
    *WAITS,
    gettext_noop("collecting contributions"),
    gettext_noop("waiting for votes"),
    gettext_noop("waiting for the organiser to approve the winner"),
    gettext_noop("writing answers for contributors to work on"),
    gettext_noop("training group {group}, step {step} of {steps}"),
    gettext_noop("training on {count} examples, step {step} of {steps}"),
    gettext_noop("training a copy on the expert examples, to judge contributions by"),
    gettext_noop("reading {count} contributions"),
    gettext_noop("generating the selection sample: {count} outputs of {models} models"),
    gettext_noop("generating the reporting sample: {count} outputs of {models} models"),
    gettext_noop("measuring {count} answers of the base and of the trained model"),
    gettext_noop("asking how likely the expert examples are"),
    gettext_noop("the reward model reads {count} answers"),
    gettext_noop("asking {judge}: {done} of {count}"),
    gettext_noop("merging the {count} candidates in all ways, to value the groups"),
    gettext_noop("merging the {count} candidates"),
    gettext_noop("{name}: a node of the cluster was lost; starting again"),
    gettext_noop("{name} waits for a free node of the cluster"),
)
_WORDS = {"judge": ".+", "name": r"\w+"}  # everything else in the notes is a number


def _pattern(form: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", _part, re.escape(form)))


def _part(name: re.Match[str]) -> str:
    return f"(?P<{name[1]}>{_WORDS.get(name[1], r'[0-9]+')})"


_FORMS = tuple((form, _pattern(form)) for form in NOTES)


def form_of(note: str) -> tuple[str, dict[str, str]] | None:
    """The form of a note and what stands in it; None for one that has no form here."""
    for form, pattern in _FORMS:
        if found := pattern.fullmatch(note):
            return form, found.groupdict()
    return None


def note_words(note: str) -> str:
    """A worker's note with groups named by their letters."""
    found = form_of(note)
    if found is None:
        return note
    form, parts = found
    if "group" in parts:
        parts["group"] = group_letter(int(parts["group"]) - 1)
    return _(form).format(**parts)  # the forms are marked above


def is_waiting(note: str) -> bool:
    """Whether the round stays open because it waits for people."""
    found = form_of(note)
    return found is not None and found[0] in WAITS
