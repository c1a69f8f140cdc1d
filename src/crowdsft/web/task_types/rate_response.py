"""Rate a response of the round's base model, from 1 to 5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crowdsft.core.rater_agreement import Scale
from crowdsft.core.settings.tasks import GoldSection
from crowdsft.web.task_types.base import Fields, Known, Material, Outcome, Source
from crowdsft.web.task_types.judgements import answer_from_draft, answer_from_fields, item_name
from crowdsft.web.task_types.texts import clean_text, has_words

LOWEST, HIGHEST = 1, 5
RATINGS = tuple(str(rating) for rating in range(LOWEST, HIGHEST + 1))
REASONS = {
    "spot_on": gettext_lazy("Spot on"),
    "wrong_tone": gettext_lazy("Wrong tone"),
    "off_topic": gettext_lazy("Beside the point"),
    "untrue": gettext_lazy("Not true"),
    "clumsy": gettext_lazy("Clumsy words"),
    "unfinished": gettext_lazy("Breaks off"),
}


@dataclass(frozen=True, slots=True)
class RateResponse:
    """Rate an answer of the current model from 1 to 5; it trains with a weight from 0 to 1."""

    heading: ClassVar[Any] = gettext_lazy("Rate the model's response")
    fragment: ClassVar[str] = "pages/tasks/rate_response.html"
    needs_drafts: ClassVar[bool] = True
    is_judgement: ClassVar[bool] = True
    scale: ClassVar[Scale | None] = "interval"
    near: ClassVar[int] = 1
    ratings: ClassVar[Sequence[str]] = RATINGS
    reason_words: ClassVar[Sequence[tuple[str, Any]]] = tuple(REASONS.items())
    skip_reasons: ClassVar[Sequence[Any]] = (gettext_lazy("I cannot tell how good it is"),)

    def offers(self, source: Source) -> Sequence[Material]:
        """See `TaskType.offers`: each of the base's answers that says something."""
        rated = (
            self.single(draft.prompt, draft.response) for draft in source.drafts if has_words(draft.response)
        )
        return tuple({material.item: material for material in rated}.values())

    def single(self, prompt: str, response: str) -> Material:
        """A task about one text."""
        return Material(prompt, model_response=response, item=item_name("rate_response", prompt, (response,)))

    def first_draft(self, material: Material) -> str:
        """See `TaskType.first_draft`: nothing is chosen in advance."""
        return ""

    def write(self, fields: Fields) -> str:
        """See `TaskType.write`."""
        return answer_from_fields(fields, RATINGS, tuple(REASONS)).as_draft

    def show(self, draft: str) -> Mapping[str, Any]:
        """See `TaskType.show`."""
        return asdict(answer_from_draft(draft))

    def problem(self, material: Material, draft: str) -> str | None:
        """See `TaskType.problem`."""
        if answer_from_draft(draft).choice not in RATINGS:
            return _("No rating is chosen yet. Please choose one from 1 to 5, or skip the task.")
        return None

    def outcome(self, material: Material, draft: str) -> Outcome:
        """See `TaskType.outcome`: the model's text, with a weight from 0 (rated 1) to 1 (rated 5)."""
        rating = int(answer_from_draft(draft).choice)
        text = material.model_response
        weight = (rating - LOWEST) / (HIGHEST - LOWEST)
        return Outcome(clean_text(text), weight, model_response=text, verdict=rating)

    def known(self, gold: GoldSection, *, seed: int) -> Sequence[Known]:
        """See `TaskType.known`."""
        return tuple(Known(self.single(item.prompt, item.response), item.rating) for item in gold.rate)

    def is_right(self, verdict: int, expected: int) -> bool:
        """See `TaskType.is_right`: one more or one less is right, too."""
        return abs(verdict - expected) <= self.near
