"""Choose the better of two responses of the round's base model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crowdsft.core.rater_agreement import Scale
from crowdsft.core.settings.tasks import GoldSection
from crowdsft.web.task_types.base import Draft, Fields, Known, Material, Outcome, Source
from crowdsft.web.task_types.judgements import answer_from_draft, answer_from_fields, item_name
from crowdsft.web.task_types.texts import clean_text, has_words

LEFT, RIGHT = "left", "right"


@dataclass(frozen=True, slots=True)
class ChooseResponse:
    """Choose the better of two answers of the current model; the chosen one is the contribution."""

    heading: ClassVar[Any] = gettext_lazy("Choose the better response")
    fragment: ClassVar[str] = "pages/tasks/choose_response.html"
    needs_drafts: ClassVar[bool] = True
    is_judgement: ClassVar[bool] = True
    scale: ClassVar[Scale | None] = "nominal"
    near: ClassVar[int] = 0
    skip_reasons: ClassVar[Sequence[Any]] = (
        gettext_lazy("Neither is good"),
        gettext_lazy("I cannot tell which is better"),
    )

    def offers(self, source: Source) -> Sequence[Material]:
        """See `TaskType.offers`: each two answers to the same prompt; which stands left is the seed's.

        Every answer is in one pair, so that nobody contributes one text twice by choosing it twice.
        """
        pairs: dict[str, Material] = {}
        waiting: dict[str, Draft] = {}
        for draft in source.drafts:
            other = waiting.get(draft.prompt)
            if other is None:
                waiting[draft.prompt] = draft
            elif clean_text(other.response) != clean_text(draft.response):
                del waiting[draft.prompt]
                pair = self.pair(draft.prompt, other.response, draft.response, seed=source.seed)
                pairs.setdefault(pair.item, pair)
        return tuple(pairs.values())

    def pair(self, prompt: str, one: str, other: str, *, seed: int) -> Material:
        """A task about two texts, their sides shuffled by the seed."""
        texts = sorted((one, other))
        item = item_name("choose_response", prompt, texts)
        is_swapped = (seed // 11) % 2 == 1
        return Material(prompt, options=tuple(reversed(texts) if is_swapped else texts), item=item)

    def first_draft(self, material: Material) -> str:
        """See `TaskType.first_draft`: nothing is chosen in advance."""
        return ""

    def write(self, fields: Fields) -> str:
        """See `TaskType.write`."""
        return answer_from_fields(fields, (LEFT, RIGHT)).as_draft

    def show(self, draft: str) -> Mapping[str, Any]:
        """See `TaskType.show`."""
        return asdict(answer_from_draft(draft))

    def problem(self, material: Material, draft: str) -> str | None:
        """See `TaskType.problem`."""
        choice = answer_from_draft(draft).choice
        if choice not in (LEFT, RIGHT):
            return _(
                "Nothing is chosen yet. Please choose one of the two; if neither is good, skip the task and say so."
            )
        if not has_words(clean_text(material.options[choice == RIGHT])):
            return _("There is nothing to read in what you chose. Please choose the other, or skip the task.")
        return None

    def outcome(self, material: Material, draft: str) -> Outcome:
        """See `TaskType.outcome`: the chosen text, which is the model's own."""
        chosen = material.options[answer_from_draft(draft).choice == RIGHT]
        verdict = sorted(material.options).index(chosen)
        return Outcome(clean_text(chosen), model_response=chosen, verdict=verdict)

    def known(self, gold: GoldSection, *, seed: int) -> Sequence[Known]:
        """See `TaskType.known`."""
        return tuple(
            Known(
                self.pair(item.prompt, item.better, item.worse, seed=seed),
                expected=sorted((item.better, item.worse)).index(item.better),
            )
            for item in gold.choose
        )

    def is_right(self, verdict: int, expected: int) -> bool:
        """See `TaskType.is_right`."""
        return verdict == expected
