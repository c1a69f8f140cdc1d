"""The settings of reviews: who looks at contributions before they are trained on, and what is flagged for them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from crowdsft.core.settings.section import Section, known_name

WORD_LISTS = (
    *("cs", "da", "de", "el", "en", "es", "fi", "fr", "hu", "id", "it", "ja"),
    *("ko", "nl", "no", "pl", "pt", "ro", "ru", "sv", "th", "tr", "uk"),
)
"""Languages whose rude words can be flagged for reviewers."""


class ReviewsSection(Section):
    """People look at contributions before they are trained on; never at their own.

    With `required`, a round takes only what `per_contribution` reviewers accepted. Without, it takes all that nobody
    rejected before it closed.
    """

    required: bool = False
    per_contribution: Annotated[int, Field(ge=1, le=20)] = 1
    lease_minutes: Annotated[float, Field(gt=0, le=10_080)] = 20.0
    flags: tuple[Literal["personal", "rude"], ...] = ("personal", "rude")
    languages: tuple[str, ...] = ("en",)
    phone_region: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] | None = None

    @field_validator("languages")
    @classmethod
    def _known_languages(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            known_name("word list", name, WORD_LISTS)
        return tuple(dict.fromkeys(names))
