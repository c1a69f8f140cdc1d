"""What a worker says of its step, in the reader's language. Workers write English notes, whoever reads them.

A note that has none of these forms is shown as it was written, so a new note needs a line here; a test looks for it.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

from crowdsft.web.pages.measure import group_letter
from crowdsft.web.stored_words import StoredWords

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
STEP_NOTES = StoredWords(
    NOTES,
    parts={"judge": ".+", "name": r"\w+"},
    said={"group": lambda number: group_letter(int(number) - 1)},
)


def note_words(note: str) -> str:
    """A worker's note with groups named by their letters."""
    return STEP_NOTES.say(note)


def is_waiting(note: str) -> bool:
    """Whether the round stays open because it waits for people."""
    found = STEP_NOTES.find(note)
    return found is not None and found[0] in WAITS
