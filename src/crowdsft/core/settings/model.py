"""The settings of the first base model, and of what is kept of the models after it."""

from __future__ import annotations

from typing import Literal

from crowdsft.core.errors import Fault, unknown_name_problem
from crowdsft.core.sentences import sentence
from crowdsft.core.settings.section import NonEmpty, Section


class ModelSection(Section):
    """The first base model: "builtin:tiny", a Hugging Face id, or a local folder."""

    base: NonEmpty = "builtin:tiny"
    revision: str | None = None
    trust_remote_code: bool = False


class ArtifactsSection(Section):
    """What is kept on disk. "winners": the weights of candidates that lost are dropped when their round has finished.

    Measurements, texts and points are kept either way; only who lost cannot be downloaded or talked to any more.
    """

    keep: Literal["all", "winners"] = "all"


def builtin_faults(model: ModelSection) -> list[Fault]:
    """What a built-in base cannot be."""
    if model.base.startswith("builtin:"):
        if model.base != "builtin:tiny":
            return [Fault("model.base", unknown_name_problem("built-in model", model.base, ["builtin:tiny"]))]
        if model.revision is not None:
            return [
                Fault(
                    "model.revision",
                    sentence("contradicts a built-in base model, which has no revisions; remove it"),
                )
            ]
    return []
