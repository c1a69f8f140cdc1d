"""English texts that are kept in the database, said again in the reader's language.

What a worker notes, what the audit log says and why a line of a file was refused is written once, whoever reads it.
Each kind of such text has a closed table of forms; a text that has none of them is shown as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext

NUMBER = r"[0-9][0-9,]*"


@dataclass(frozen=True, slots=True)
class StoredWords:
    """The forms of one kind of text, the more exact ones first.

    Args:
        forms: English texts with {names}, marked for translation where they stand.
        parts: For a name what can stand there, as a regular expression; for every other name it is a number.
        said: For a name how what stands there is said in the reader's language; everything else stays as it is.
    """

    forms: Sequence[str]
    parts: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    _patterns: list[tuple[str, re.Pattern[str]]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        for form in self.forms:
            self._patterns.append(
                (form, re.compile(re.sub(r"\\{(\w+)\\}", self._part, re.escape(form)), re.S))
            )

    def _part(self, found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{self.parts.get(found[1], NUMBER)})"

    def find(self, text: str) -> tuple[str, dict[str, str]] | None:
        """The form of a text and what stands in it; None where it has no form here."""
        for form, pattern in self._patterns:
            if found := pattern.fullmatch(text):
                return form, found.groupdict()
        return None

    def say(self, text: str) -> str:
        """The text in the reader's language."""
        found = self.find(text)
        if found is None:
            return text
        form, parts = found
        shown = {name: self.said[name](part) if name in self.said else part for name, part in parts.items()}
        return gettext(form).format(**shown)  # the forms are marked where they stand
