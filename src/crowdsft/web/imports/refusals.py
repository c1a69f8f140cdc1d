"""Why a file, or a line of it, was refused, in the reader's language. Workers write the reason in English."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from crowdsft.web.stored_words import StoredWords

REFUSALS = StoredWords(
    (
        gettext_noop("has no '{key}'; expected {example}"),
        gettext_noop("has no 'prompt' that is a text"),
        gettext_noop("'{key}' is {value}, not a text"),
        gettext_noop("'{key}' is empty"),
        gettext_noop("'{key}' holds nothing but white space"),
        gettext_noop("'round' is {value}; it must be a whole number from 1 to {count}"),
        gettext_noop(
            "'weight' is {value}; it must be a number above 0, at most {most}. Leave out lines that should not count"
        ),
        gettext_noop("the response has {count} characters; tasks.max_characters allows {most}"),
        gettext_noop("the prompt has {count} characters; at most {most} are kept"),
        gettext_noop("the contributor's name has {count} characters; at most {most} are kept"),
        gettext_noop("the response holds nothing that can be seen"),
        gettext_noop("the prompt holds nothing that can be seen"),
        gettext_noop("holds U+0000 or half a surrogate pair, which cannot be kept"),
        gettext_noop("this contributor has said the same to this prompt before, here or on an earlier line"),
        gettext_noop("this prompt is there already, in the draft or on an earlier line"),
        gettext_noop("a campaign has at most {most} prompts"),
        gettext_noop("{name} is, or was, the name of a member; give this contributor another name"),
        gettext_noop("round {number} is closed; leave 'round' out for the next one"),
        gettext_noop("is not JSON ({value} at column {column})"),
        gettext_noop("is not a JSON object"),
        gettext_noop("is not CSV ({value})"),
        gettext_noop("has more or fewer cells than the header has names"),
        gettext_noop("The file has more than {most} lines. Cut it into parts."),
        gettext_noop("Something went wrong here, and nothing was imported. Try it again."),
        gettext_noop("The campaign has ended since the file was checked. Nothing was imported."),
    ),
    parts={"key": r"\w+", "value": ".*", "example": ".+", "name": ".+", "most": "[0-9,.e+]+"},
)


def why_refused(reason: str) -> str:
    """A reason in the reader's language."""
    return REFUSALS.say(reason)
