"""Correct a response of the round's base model."""

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
class CorrectResponse:
    """Make the current model's own answer better."""

    heading: ClassVar[Any] = gettext_lazy("Correct the model's response")
    fragment: ClassVar[str] = "pages/tasks/correct_response.html"
    needs_drafts: ClassVar[bool] = True
    is_judgement: ClassVar[bool] = False
    scale: ClassVar[Scale | None] = None
    near: ClassVar[int] = 0
    skip_reasons: ClassVar[Sequence[Any]] = ()

    def offers(self, source: Source) -> Sequence[Material]:
        """See `TaskType.offers`: one of the base's answers."""
        draft = source.drafts[(source.seed // 7) % len(source.drafts)]
        return (Material(draft.prompt, draft.response),)

    def first_draft(self, material: Material) -> str:
        """See `TaskType.first_draft`: what the model said."""
        return material.model_response

    def write(self, fields: Fields) -> str:
        """See `TaskType.write`: the text as it was typed."""
        return next(iter(fields.get("response", ())), "")

    def show(self, draft: str) -> Mapping[str, Any]:
        """See `TaskType.show`."""
        return {"text": draft}

    def problem(self, material: Material, draft: str) -> str | None:
        """See `TaskType.problem`. The model's own answer is no correction."""
        response = clean_text(draft)
        if not has_words(response):
            return _("The response is empty. Please write something, or skip the task.")
        if response == clean_text(material.model_response):
            return _(
                "This is still the model's own answer. Please change what should be better, or skip the task."
            )
        return None

    def outcome(self, material: Material, draft: str) -> Outcome:
        """See `TaskType.outcome`: the corrected text, and what it was before."""
        return Outcome(clean_text(draft), model_response=material.model_response)

    def known(self, gold: GoldSection, *, seed: int) -> Sequence[Known]:
        """See `TaskType.known`: there is no one right text."""
        return ()

    def is_right(self, verdict: int, expected: int) -> bool:
        """See `TaskType.is_right`."""
        return verdict == expected
