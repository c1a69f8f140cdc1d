"""Write a response to one of the campaign's prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crowdsft.core.rater_agreement import Scale
from crowdsft.core.settings.tasks import GoldSection
from crowdsft.web.task_types.base import Fields, Known, Material, Outcome, Source
from crowdsft.web.task_types.texts import clean_text, has_words


@dataclass(frozen=True, slots=True)
class WriteResponse:
    """Write an answer to a prompt."""

    heading: ClassVar[Any] = gettext_lazy("Write a response")
    fragment: ClassVar[str] = "pages/tasks/write_response.html"
    needs_drafts: ClassVar[bool] = False
    is_judgement: ClassVar[bool] = False
    scale: ClassVar[Scale | None] = None
    near: ClassVar[int] = 0
    skip_reasons: ClassVar[Sequence[Any]] = ()

    def offers(self, source: Source) -> Sequence[Material]:
        """See `TaskType.offers`: one of the prompts."""
        return (Material(source.prompts[source.seed % len(source.prompts)]),)

    def first_draft(self, material: Material) -> str:
        """See `TaskType.first_draft`: an empty sheet."""
        return ""

    def write(self, fields: Fields) -> str:
        """See `TaskType.write`: the text as it was typed."""
        return next(iter(fields.get("response", ())), "")

    def show(self, draft: str) -> Mapping[str, Any]:
        """See `TaskType.show`."""
        return {"text": draft}

    def problem(self, material: Material, draft: str) -> str | None:
        """See `TaskType.problem`."""
        if not has_words(clean_text(draft)):
            return _("The response is empty. Please write something, or skip the task.")
        return None

    def outcome(self, material: Material, draft: str) -> Outcome:
        """See `TaskType.outcome`: the contributor's own words."""
        return Outcome(clean_text(draft))

    def known(self, gold: GoldSection, *, seed: int) -> Sequence[Known]:
        """See `TaskType.known`: there is no one right text."""
        return ()

    def is_right(self, verdict: int, expected: int) -> bool:
        """See `TaskType.is_right`."""
        return verdict == expected
