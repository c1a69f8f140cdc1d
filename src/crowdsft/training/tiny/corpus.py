"""What the built-in model is trained on: comments of the built-in world in answer to all kinds of prompts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from crowdsft.training.base import Example
from crowdsft.world import EMOTIONS, PROMPTS, write_comment
from crowdsft.world.lexicon import LEXICON

_REQUESTS: Final = (
    "Write {form} about {topic}.",
    "Please write {form}.",
    "Tell me about {topic}.",
    "What do you think of {topic}?",
    "Any news about {topic}?",
    "Leave {form} for the others.",
    "Can you write {form} {when}?",
    "Describe {topic} in a few words.",
    "How was {topic}?",
    "Hello! How are you {when}?",
    "Say something.",
    "Answer in one or two sentences: what happened {when}?",
)
_FORMS: Final = (
    "a comment",
    "a short comment",
    "a note",
    "one line",
    "a reddit comment",
    "a post",
    "a message",
)
_TOPIC_SLOTS: Final = ("person", "event", "treat", "craft", "animal", "worry", "nuisance")
_KNOWN_SHARE: Final = 0.5  # of the examples answer a prompt of PROMPTS,
_REQUEST_SHARE: Final = 0.4  # these one of the requests above, and the rest a run of stray words


def examples(count: int, rng: np.random.Generator) -> list[Example]:
    """`count` prompts with comments, emotions in equal numbers, in random order.

    Prompt and comment are drawn apart, so the model learns to answer any prompt from the same distribution:
    fine-tuning then moves what it says, and a campaign may ask whatever it likes.
    """
    emotions = [EMOTIONS[position] for position in rng.permutation(count) % len(EMOTIONS)]
    return [Example(_any_prompt(rng), write_comment(emotion, rng)) for emotion in emotions]


def _any_prompt(rng: np.random.Generator) -> str:
    kind = rng.random()
    if kind < _KNOWN_SHARE:
        return _pick(PROMPTS, rng)
    if kind < _KNOWN_SHARE + _REQUEST_SHARE:
        topic = _pick(LEXICON[_pick(_TOPIC_SLOTS, rng)], rng)
        request = _pick(_REQUESTS, rng)
        return request.format(form=_pick(_FORMS, rng), topic=topic, when=_pick(LEXICON["when"], rng))
    return " ".join(_stray_word(rng) for _ in range(int(rng.integers(1, 9))))


def _stray_word(rng: np.random.Generator) -> str:
    """A word from anywhere, or a run of letters that is no word."""
    if rng.random() < 0.5:
        return _pick(write_comment(_pick(EMOTIONS, rng), rng).split(), rng)
    return "".join(
        _pick("abcdefghijklmnopqrstuvwxyz?!.,0123456789", rng) for _ in range(int(rng.integers(1, 8)))
    )


def _pick(choices: Sequence[str], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]
