"""The settings of training: the backend, its rates and sizes, and which contributions it sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator

from crowdsft.core.errors import Fault
from crowdsft.core.sentences import sentence
from crowdsft.core.settings.section import Section, known_name
from crowdsft.core.settings.trl_options import TrlValue, trl_option_problems
from crowdsft.core.weighting import WEIGHTINGS

BACKENDS = ("lora", "multi_lora", "full_finetune", "trl_sft")


class TrainingSection(Section):
    """How each group's copy of the base is fine-tuned.

    `learning_rate`, `b_rate_ratio` and `adapt_head` that are not given follow the size of the base model: what a
    tiny model needs would make a large one diverge. `trl` holds further options of TRL's SFTConfig. `multi_lora` knows
    two more: `tokens_per_pass` bounds what goes through the model at a time, and with `gradient_checkpointing` the
    model's blocks are computed twice instead of being kept, which trades a third more time for memory; left open, this
    is done where it has to be. `keep` trains on the best part of all
    contributions so far, and a little on everybody's.
    """

    backend: str = "multi_lora"
    rank: Annotated[int, Field(ge=1, le=512)] = 32
    alpha: Annotated[float, Field(gt=0)] = 64.0
    learning_rate: Annotated[float, Field(gt=0, lt=1)] | None = None
    b_rate_ratio: Annotated[float, Field(gt=0, le=1_000)] | None = None
    adapt_head: bool | None = None
    batch_size: Annotated[int, Field(ge=1, le=4_096)] = 8
    passes: Annotated[int, Field(ge=1, le=1_000)] = 3
    max_tokens: Annotated[int, Field(ge=8, le=131_072)] = 256
    warmup_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.05
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    gradient_clip: Annotated[float, Field(gt=0)] = 1.0
    weighting: str = "uniform"
    weighting_rate: Annotated[float, Field(ge=0, le=100)] = 1.0
    tokens_per_pass: Annotated[int, Field(ge=1)] | None = None
    gradient_checkpointing: bool | None = None
    keep: Literal["all", "values", "examples"] = "all"
    keep_share: Annotated[float, Field(gt=0, le=1)] = 0.25
    keep_floor: Annotated[float, Field(ge=0.01, le=1)] = 0.05
    learn_examples: bool = False
    last_rate: Annotated[float, Field(gt=0, le=1)] = 1.0
    trl: dict[str, TrlValue] | None = None

    @field_validator("backend")
    @classmethod
    def _known_backend(cls, name: str) -> str:
        return known_name("training backend", name, BACKENDS)

    @field_validator("weighting")
    @classmethod
    def _known_weighting(cls, name: str) -> str:
        return known_name("weighting", name, WEIGHTINGS)

    @field_validator("trl", mode="before")
    @classmethod
    def _known_trl_options(cls, options: object) -> object:
        problems = trl_option_problems(options) if isinstance(options, Mapping) else []
        if problems:
            raise ValueError("; ".join(problems))
        return options


def passes_faults(training: TrainingSection) -> list[Fault]:
    """Options that "multi_lora" alone has, given to another backend."""
    if training.backend == "multi_lora":
        return []
    problem = sentence(
        'contradicts training.backend = "{backend}"; remove it or use "multi_lora"', backend=training.backend
    )
    given = [
        name for name in ("tokens_per_pass", "gradient_checkpointing") if getattr(training, name) is not None
    ]
    return [Fault(f"training.{name}", problem) for name in given]


def trl_faults(training: TrainingSection) -> list[Fault]:
    """What TRL's trainer cannot do, and its options given to another backend."""
    if training.backend != "trl_sft":
        if training.trl is None:
            return []
        return [
            Fault(
                "training.trl",
                sentence(
                    'contradicts training.backend = "{backend}"; remove it or use "trl_sft"',
                    backend=training.backend,
                ),
            )
        ]
    faults = []
    if training.adapt_head:
        faults.append(
            Fault(
                "training.adapt_head",
                sentence(
                    'contradicts training.backend = "trl_sft": TRL trains no adapter of the output head. '
                    'Leave it out, or use backend = "lora"'
                ),
            )
        )
    parts = (training.trl or {}).get("gradient_accumulation_steps", 1)
    if not isinstance(parts, int) or parts < 1 or training.batch_size % parts:
        faults.append(
            Fault(
                "training.trl.gradient_accumulation_steps",
                sentence(
                    "is {parts}; it must divide training.batch_size = {batch_size}, since a batch is cut "
                    "into so many parts",
                    parts=parts,
                    batch_size=training.batch_size,
                ),
            )
        )
    return faults
