"""The settings of evaluation: how candidates are measured, and when a difference counts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from crowdsft.core.errors import Fault
from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.sentences import sentence
from crowdsft.core.settings.section import NonEmpty, Section, known_name

EMBEDDINGS = ("emotions", "hashed_words")
NETWORK_EMBEDDINGS = ("sentence", "classifier")
"""Before a colon and the hub id or folder of a network: "sentence:organisation/model"."""


class EvaluationSection(Section):
    """How candidates are measured, and when a difference counts."""

    embedding: str = "emotions"
    embedding_revision: NonEmpty | None = None
    distance: str = "l2"
    selection_samples: Annotated[int, Field(ge=8, le=100_000)] = 400
    report_samples: Annotated[int, Field(ge=8, le=100_000)] = 400
    max_new_tokens: Annotated[int, Field(ge=1, le=8_192)] = 32
    temperature: Annotated[float, Field(ge=0, le=10)] = 1.0
    improvement_standard_errors: Annotated[float, Field(ge=0)] = 2.0
    tie_standard_errors: Annotated[float, Field(ge=0)] = 2.0
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95

    @field_validator("embedding")
    @classmethod
    def _known_embedding(cls, name: str) -> str:
        kind, _, model = name.partition(":")
        if kind in NETWORK_EMBEDDINGS and model.strip():
            return f"{kind}:{model.strip()}"
        return known_name("embedding", name, (*EMBEDDINGS, *(f"{kind}:ID" for kind in NETWORK_EMBEDDINGS)))

    @field_validator("distance")
    @classmethod
    def _known_distance(cls, name: str) -> str:
        return known_name("evaluation", name, UTILITIES)


def revision_faults(evaluation: EvaluationSection) -> list[Fault]:
    """A revision of an embedding that has none."""
    if evaluation.embedding_revision is None or ":" in evaluation.embedding:
        return []
    return [
        Fault(
            "evaluation.embedding_revision",
            sentence(
                'contradicts evaluation.embedding = "{embedding}", which has no revisions; remove it',
                embedding=evaluation.embedding,
            ),
        )
    ]
