"""The emotions that the built-in embedding knows, in the reader's language."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

EMOTIONS = {
    "admiration": pgettext_lazy("emotion", "admiration"),
    "amusement": pgettext_lazy("emotion", "amusement"),
    "anger": pgettext_lazy("emotion", "anger"),
    "annoyance": pgettext_lazy("emotion", "annoyance"),
    "curiosity": pgettext_lazy("emotion", "curiosity"),
    "disappointment": pgettext_lazy("emotion", "disappointment"),
    "fear": pgettext_lazy("emotion", "fear"),
    "gratitude": pgettext_lazy("emotion", "gratitude"),
    "joy": pgettext_lazy("emotion", "joy"),
    "love": pgettext_lazy("emotion", "love"),
    "neutral": pgettext_lazy("emotion", "neutral"),
    "optimism": pgettext_lazy("emotion", "optimism"),
    "sadness": pgettext_lazy("emotion", "sadness"),
    "surprise": pgettext_lazy("emotion", "surprise"),
}


def emotion_words(label: str) -> str:
    """The name of an emotion; a label that another embedding brings stays as it is."""
    return str(EMOTIONS.get(label, label))
