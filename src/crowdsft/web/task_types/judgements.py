"""What tasks that judge a model's text share: answers of a choice with reasons, and the names of items."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from crowdsft.web.task_types.base import Fields
from crowdsft.web.task_types.texts import clean_text, storable

MOST_CHARACTERS = 500  # of a note; a longer one is cut


@dataclass(frozen=True, slots=True)
class Answer:
    """What was chosen, and why."""

    choice: str = ""
    reasons: tuple[str, ...] = ()
    note: str = ""

    @property
    def as_draft(self) -> str:
        """As the task's draft keeps it; nothing chosen and nothing said is an empty draft."""
        if self == Answer():
            return ""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)


def answer_from_fields(fields: Fields, choices: Sequence[str], known_reasons: Sequence[str] = ()) -> Answer:
    """What was sent; a choice or reason that there is not counts as none."""
    choice = next(iter(fields.get("choice", ())), "")
    note = clean_text(storable(next(iter(fields.get("note", ())), "")))[:MOST_CHARACTERS]
    given = set(fields.get("reasons", ()))
    reasons = tuple(reason for reason in known_reasons if reason in given)
    return Answer(choice if choice in choices else "", reasons, note)


def answer_from_draft(draft: str) -> Answer:
    """What a draft keeps; whatever else it is, is no answer."""
    try:
        found = json.loads(draft) if draft else {}
        return Answer(str(found["choice"]), tuple(map(str, found["reasons"])), str(found["note"]))
    except (ValueError, KeyError, TypeError):
        return Answer()


def item_name(kind: str, prompt: str, texts: Sequence[str]) -> str:
    """The same name wherever and whenever the same texts are judged in the same way."""
    joined = "\x1f".join((kind, prompt, *sorted(texts)))
    return hashlib.sha256(joined.encode()).hexdigest()[:32]
