"""What people read about a campaign, and what it is about: its prompts and the target."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from crowdsft.core.errors import Fault
from crowdsft.core.sentences import sentence
from crowdsft.core.settings.section import NonEmpty, Section

CONSENT = sentence(
    "My contributions may be used to train this campaign's models and be published under the licence named "
    "here. They appear under a pseudonym. I may leave and have my texts deleted at any time."
)


class CampaignSection(Section):
    """What people read about the campaign, and the seed from which all its chance derives."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    description: Annotated[str, StringConstraints(max_length=500)] = ""
    guidelines: Annotated[str, StringConstraints(max_length=20_000)] = ""
    consent: Annotated[str, StringConstraints(min_length=1, max_length=5_000)] = str(CONSENT)
    licence: Annotated[str, StringConstraints(min_length=1, max_length=80)] = "CC-BY-4.0"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    simulated: bool = False


class PromptsSection(Section):
    """What contributors answer, and what candidates are probed with."""

    texts: Annotated[tuple[NonEmpty, ...], Field(min_length=1, max_length=10_000)] = ("Write a comment.",)


class TargetSection(Section):
    """Where the model should go: exactly one of expert examples, an emotion, or a vector."""

    examples: Annotated[tuple[NonEmpty, ...], Field(max_length=10_000)] | None = None
    emotion: NonEmpty | None = None
    vector: dict[str, float] | None = None
    hidden: bool = False


def one_target_faults(target: TargetSection) -> list[Fault]:
    """Whether exactly one kind of target is given."""
    given = [name for name in ("examples", "emotion", "vector") if getattr(target, name) is not None]
    if not given:
        return [
            Fault(
                "target",
                sentence(
                    "says nothing; give expert examples (examples = [...] or examples_file), an emotion "
                    '(emotion = "joy") or a vector (vector = {{ joy = 0.8 }})'
                ),
            )
        ]
    if len(given) > 1:
        return [
            Fault(
                "target",
                sentence("has {both}, which contradict each other; keep exactly one", both=tuple(given)),
            )
        ]
    if target.examples is not None and not target.examples:
        return [Fault("target.examples", sentence("is empty; a target needs at least one expert example"))]
    if target.vector is not None and not target.vector:
        return [Fault("target.vector", sentence("is empty; name at least one dimension"))]
    return []
