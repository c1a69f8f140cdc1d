"""What a type of task is: how a task is made, what it shows, how an answer is read and checked, what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from crowdsft.core.rater_agreement import Scale
from crowdsft.core.settings.tasks import GoldSection

Fields = Mapping[str, Sequence[str]]
"""An answer as a form or the API sends it: the values of each field, by name."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One of the base's own answers of a round."""

    prompt: str
    response: str


@dataclass(frozen=True, slots=True)
class Source:
    """What tasks are made of.

    Args:
        prompts: The campaign's.
        drafts: The base's own answers of the round; empty unless a type of the campaign needs them.
        seed: Of this contributor's task of this number.
    """

    prompts: Sequence[str]
    drafts: Sequence[Draft]
    seed: int


@dataclass(frozen=True, slots=True)
class Material:
    """What a task is about, as its row keeps it.

    Args:
        prompt: The message.
        model_response: The model's text that the task is about, if it is about one.
        options: Texts to choose from, in the order shown.
        item: Names what is judged, the same for everybody; "" where it does not matter how many are asked.
    """

    prompt: str
    model_response: str = ""
    options: tuple[str, ...] = ()
    item: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an accepted answer comes to: an example for training, and what raters can be compared by.

    Args:
        response: The text to train on.
        weight: How much it counts in training; 0: not at all, and the answer is no contribution.
        model_response: The model's text that the response is made of; "" where the contributor wrote it alone.
        verdict: A number that means the same for everybody who judges the item; None where nothing is judged.
    """

    response: str
    weight: float = 1.0
    model_response: str = ""
    verdict: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A question with its right answer, as a verdict."""

    material: Material
    expected: int


class TaskType(Protocol):
    """One way to contribute; a frozen dataclass in a file of its own, and a line in the table.

    Laws, checked for every entry of the table:
    - `offers` depends on its arguments only, and every offer names the same item for everybody;
    - `show(write(fields))` is what was chosen or typed; `write({})` is an answer that `problem` refuses;
    - `problem` is a sentence that says what to do, and None for every answer that `outcome` can take;
    - a weight lies between 0 and 1, and a response is clean: as `clean_text` leaves it;
    - a judgement has a verdict, an item and a scale, what people write has none; only judgements have known answers.
    """

    heading: ClassVar[Any]
    """What to do, as a heading (translated when it is shown)."""
    fragment: ClassVar[str]
    """The template between the message and the action bar."""
    needs_drafts: ClassVar[bool]
    """Whether the base's own answers are needed."""
    is_judgement: ClassVar[bool]
    """Whether the answer judges an item about which several people are asked, each once."""
    scale: ClassVar[Scale | None]
    """What verdicts are: categories, or values on a scale; None where nothing is judged."""
    near: ClassVar[int]
    """How far apart two verdicts may be that still say the same."""
    skip_reasons: ClassVar[Sequence[Any]]
    """Reasons to skip that only this type has, before the common ones."""

    def offers(self, source: Source) -> Sequence[Material]:
        """What may be asked, in the order of preference; one thing, chosen by the seed, where items do not matter."""
        ...

    def first_draft(self, material: Material) -> str:
        """What the answer is before anything is typed or chosen."""
        ...

    def write(self, fields: Fields) -> str:
        """The answer as one text, as the task's draft keeps it. Whatever was sent, nothing raises."""
        ...

    def show(self, draft: str) -> Mapping[str, Any]:
        """A kept answer for the template, which knows it as `answer`."""
        ...

    def problem(self, material: Material, draft: str) -> str | None:
        """Why the answer cannot be accepted and what to do about it, or None."""
        ...

    def outcome(self, material: Material, draft: str) -> Outcome:
        """What an answer without a problem comes to."""
        ...

    def known(self, gold: GoldSection, *, seed: int) -> Sequence[Known]:
        """The campaign's questions of this type whose answers are known."""
        ...

    def is_right(self, verdict: int, expected: int) -> bool:
        """Whether an answer to such a question is right."""
        ...
