"""The settings of a campaign: read once at the edge, trusted inside.

`parse_settings` takes what a TOML file, a form or the API gave and either returns a `CampaignSettings` or
raises one `SettingsError` that lists every fault. Each section is checked by itself, so that a fault in one
never hides the faults of another; what two settings contradict each other about is checked afterwards.

pydantic does the checking and publishes the JSON schema; it touches no file, clock or network, which is
why the settings modules of `core` may import it.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, field_validator

from crowdsft.core.choosing_faults import credit_faults, keeping_faults, merge_faults
from crowdsft.core.errors import Fault, SettingsError, unknown_name_problem
from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.grouping import GROUPINGS
from crowdsft.core.judging_settings import (
    JudgingSection,
    LlmJudgeSection,
    RewardModelSection,
    judging_faults,
    policy_faults,
    target_faults,
)
from crowdsft.core.rewards import REWARDS
from crowdsft.core.sentences import sentence
from crowdsft.core.settings_section import NonEmpty, Section, known_name, out_of_bounds
from crowdsft.core.task_settings import GoldSection, TasksSection, gold_faults, supply_faults
from crowdsft.core.trl_options import TrlValue, trl_option_problems
from crowdsft.core.weighting import WEIGHTINGS

SETTINGS_VERSION = 1

EMBEDDINGS = ("emotions", "hashed_words")
NETWORK_EMBEDDINGS = ("sentence", "classifier")
"""Before a colon and the hub id or folder of a network: "sentence:organisation/model"."""
BACKENDS = ("lora", "multi_lora", "full_finetune", "trl_sft")
WORD_LISTS = (
    *("cs", "da", "de", "el", "en", "es", "fi", "fr", "hu", "id", "it", "ja"),
    *("ko", "nl", "no", "pl", "pt", "ro", "ru", "sv", "th", "tr", "uk"),
)
"""Languages whose rude words can be flagged for reviewers."""


CONSENT = sentence(
    "My contributions may be used to train this campaign's models and be published under the licence "
    "named here. "
    "They appear under a pseudonym. I may leave and have my texts deleted at any time."
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


class ModelSection(Section):
    """The first base model: "builtin:tiny", a Hugging Face id, or a local folder."""

    base: NonEmpty = "builtin:tiny"
    revision: str | None = None
    trust_remote_code: bool = False


class PromptsSection(Section):
    """What contributors answer, and what candidates are probed with."""

    texts: Annotated[tuple[NonEmpty, ...], Field(min_length=1, max_length=10_000)] = ("Write a comment.",)


class TargetSection(Section):
    """Where the model should go: exactly one of expert examples, an emotion, or a vector."""

    examples: Annotated[tuple[NonEmpty, ...], Field(max_length=10_000)] | None = None
    emotion: NonEmpty | None = None
    vector: dict[str, float] | None = None
    hidden: bool = False


class RoundsSection(Section):
    """How many rounds there are, how a round's crowd is split, what closes a round, and who has the last word.

    With `approval` a winner becomes the next base only when an organiser or a reviewer says so. `groups_of_one` trains
    one candidate a contributor, at most `most_groups`. `merges` are means of the candidates that compete with them.
    """

    count: Annotated[int, Field(ge=1, le=10_000)] = 3
    groups: Annotated[int, Field(ge=2, le=256)] = 3
    grouping: str = "random"
    close: Literal["size", "deadline", "manual"] = "size"
    size: Annotated[int, Field(ge=1)] | None = None
    minutes: Annotated[float, Field(gt=0)] | None = None
    approval: bool = False
    groups_of_one: Literal["never", "first", "always"] = "never"
    most_groups: Annotated[int, Field(ge=2, le=256)] = 24
    merges: tuple[Literal["mean", "by_value"], ...] = ()
    merge_temperature: Annotated[float, Field(gt=0, le=1_000)] = 0.12

    @field_validator("merges")
    @classmethod
    def _each_once(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(kinds))

    @field_validator("grouping")
    @classmethod
    def _known_grouping(cls, name: str) -> str:
        return known_name("grouping", name, GROUPINGS)


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


class PointsSection(Section):
    """Who earns what."""

    policy: str = "rank"
    budget_per_round: Annotated[int, Field(ge=0, le=10**12)] = 1_000

    @field_validator("policy")
    @classmethod
    def _known_policy(cls, name: str) -> str:
        return known_name("reward policy", name, REWARDS)


class VotesSection(Section):
    """Blind votes on the candidates, when `minutes` is given: how long, how many, and what they decide.

    "break_ties": votes choose among candidates that beat the base and are within noise of the best. "decide": a
    candidate wins when voters prefer it to the base beyond noise, and to the others.
    """

    minutes: Annotated[float, Field(gt=0, le=525_600)] | None = None
    role: Literal["break_ties", "decide"] = "break_ties"
    per_voter: Annotated[int, Field(ge=1, le=10_000)] = 20
    enough: Annotated[int, Field(ge=1)] | None = None

    @property
    def decide(self) -> bool:
        """Whether who wins is up to the voters."""
        return self.minutes is not None and self.role == "decide"


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


class ArtifactsSection(Section):
    """What is kept on disk. "winners": the weights of candidates that lost are dropped when their round has finished.

    Measurements, texts and points are kept either way; only who lost cannot be downloaded or talked to any more.
    """

    keep: Literal["all", "winners"] = "all"


class CampaignSettings(Section):
    """Everything an organiser decides about a campaign."""

    version: Literal[1] = 1
    campaign: CampaignSection
    model: ModelSection = ModelSection()
    prompts: PromptsSection = PromptsSection()
    target: TargetSection
    rounds: RoundsSection = RoundsSection()
    training: TrainingSection = TrainingSection()
    evaluation: EvaluationSection = EvaluationSection()
    judging: JudgingSection = JudgingSection()
    reward_model: RewardModelSection = RewardModelSection()
    llm_judge: LlmJudgeSection = LlmJudgeSection()
    votes: VotesSection = VotesSection()
    points: PointsSection = PointsSection()
    reviews: ReviewsSection = ReviewsSection()
    tasks: TasksSection = TasksSection()
    gold: GoldSection = GoldSection()
    artifacts: ArtifactsSection = ArtifactsSection()

    @property
    def round_size(self) -> int:
        """How many contributions close a round with close = "size"."""
        return self.rounds.size or self.rounds.groups * (self.tasks.per_contributor - self.gold_tasks)

    @property
    def gold_tasks(self) -> int:
        """How many of a contributor's tasks in a round have known answers, and so are no contributions."""
        return self.gold.tasks(self.tasks.per_contributor)

    def is_alone(self, number: int) -> bool:
        """Whether in round `number` contributors train a candidate each."""
        return self.rounds.groups_of_one == "always" or (self.rounds.groups_of_one == "first" and number == 1)

    def is_filtered(self, number: int) -> bool:
        """Whether round `number` trains on the best contributions so far, and not on all of its own."""
        return self.training.keep != "all" and not self.is_alone(number)

    def groups_in(self, number: int, contributors: int) -> int:
        """How many groups round `number` has with so many contributors."""
        return min(contributors, self.rounds.most_groups) if self.is_alone(number) else self.rounds.groups


SECTIONS: dict[str, type[Section]] = {
    "campaign": CampaignSection,
    "model": ModelSection,
    "prompts": PromptsSection,
    "target": TargetSection,
    "rounds": RoundsSection,
    "training": TrainingSection,
    "evaluation": EvaluationSection,
    "judging": JudgingSection,
    "reward_model": RewardModelSection,
    "llm_judge": LlmJudgeSection,
    "votes": VotesSection,
    "points": PointsSection,
    "reviews": ReviewsSection,
    "tasks": TasksSection,
    "gold": GoldSection,
    "artifacts": ArtifactsSection,
}


def parse_settings(data: Mapping[str, Any], *, source: str = "the campaign settings") -> CampaignSettings:
    """The settings that `data` describes.

    Args:
        data: Nested mapping of plain values, as `tomllib` or `json` gives it.
        source: What to call the settings in the error ("campaign.toml").

    Raises:
        SettingsError: listing every fault found.
    """
    faults: list[Fault] = []
    version = data.get("version", SETTINGS_VERSION)
    if version != SETTINGS_VERSION:
        faults.append(
            Fault(
                "version",
                sentence(
                    "is {version!r}; this crowdsft reads version {settings_version}",
                    version=version,
                    settings_version=SETTINGS_VERSION,
                ),
            )
        )
    unknown = sorted(set(data) - set(SECTIONS) - {"version"})
    faults.extend(Fault(name, _unknown_key(name, [*SECTIONS, "version"])) for name in unknown)
    sections: dict[str, Section] = {}
    for name, kind in SECTIONS.items():
        section = _parse_section(name, kind, data.get(name, {}), faults)
        if section is not None:
            sections[name] = section
    for check in _CONTRADICTIONS:
        faults.extend(check(sections))
    if faults:
        raise SettingsError(faults, source=source)
    return CampaignSettings(**sections)


def settings_to_dict(settings: CampaignSettings) -> dict[str, Any]:
    """Plain values from which `parse_settings` makes the same settings again."""
    return settings.model_dump(mode="json", exclude_none=True)


def settings_digest(settings: CampaignSettings) -> str:
    """SHA-256 of the settings' canonical JSON."""
    text = json.dumps(settings_to_dict(settings), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _parse_section(name: str, kind: type[Section], value: object, faults: list[Fault]) -> Section | None:
    if not isinstance(value, Mapping):
        faults.append(
            Fault(
                name, sentence("is {value!r}; it must be a table, [{name}] in TOML", value=value, name=name)
            )
        )
        return None
    try:
        return kind.model_validate(dict(value))
    except ValidationError as error:
        faults.extend(_fault(name, kind, item) for item in error.errors(include_url=False))
        return None


def _fault(section: str, kind: type[Section], item: Any) -> Fault:
    where = ".".join([section, *(str(part) for part in item["loc"])])
    if item["type"] == "extra_forbidden":
        return Fault(where, _unknown_key(str(item["loc"][-1]), kind.model_fields))
    if item["type"] == "missing":
        return Fault(where, sentence("is missing and has no default; please set it"))
    if item["type"] == "value_error":
        return Fault(where, item["ctx"]["error"].args[0])
    given = repr(item["input"])
    shown = given if len(given) <= 60 else given[:57] + "..."
    return Fault(where, out_of_bounds(shown, item))


def _unknown_key(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    if close:
        return sentence("there is no such setting; did you mean {guess!r}?", guess=close[0])
    return sentence("there is no such setting; known here: {known}", known=tuple(known))


# What two settings can contradict each other about. Each check sees the sections that are valid by themselves.


def _one_target(sections: Mapping[str, Section]) -> list[Fault]:
    target = sections.get("target")
    if not isinstance(target, TargetSection):
        return []
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


def _closing(sections: Mapping[str, Section]) -> list[Fault]:
    rounds = sections.get("rounds")
    if not isinstance(rounds, RoundsSection):
        return []
    faults = []
    if rounds.close == "deadline" and rounds.minutes is None:
        faults.append(
            Fault(
                "rounds.minutes",
                sentence('is missing; close = "deadline" needs the length of a round in minutes'),
            )
        )
    if rounds.close == "deadline" and rounds.size is not None:
        faults.append(
            Fault("rounds.size", sentence('contradicts close = "deadline"; remove it or use close = "size"'))
        )
    if rounds.close != "deadline" and rounds.minutes is not None:
        faults.append(
            Fault(
                "rounds.minutes",
                sentence('contradicts close = "{close}"; remove it or use "deadline"', close=rounds.close),
            )
        )
    if rounds.close == "manual" and rounds.size is not None:
        faults.append(
            Fault("rounds.size", sentence('contradicts close = "manual"; remove it or use close = "size"'))
        )
    if rounds.close == "size" and rounds.size is not None and rounds.size < rounds.groups:
        faults.append(
            Fault(
                "rounds.size",
                sentence(
                    "is {size}, less than rounds.groups = {groups}; no group may be empty",
                    size=rounds.size,
                    groups=rounds.groups,
                ),
            )
        )
    return faults


def _emotion_needs_embedding(sections: Mapping[str, Section]) -> list[Fault]:
    target, evaluation = sections.get("target"), sections.get("evaluation")
    if not isinstance(target, TargetSection) or not isinstance(evaluation, EvaluationSection):
        return []
    has_names = evaluation.embedding != "hashed_words" and not evaluation.embedding.startswith("sentence:")
    if not has_names and (target.emotion is not None or target.vector is not None):
        named = "emotion" if target.emotion is not None else "vector"
        return [
            Fault(
                f"target.{named}",
                sentence(
                    'contradicts evaluation.embedding = "{embedding}", whose dimensions have no names; '
                    'give examples, or use embedding = "emotions"',
                    embedding=evaluation.embedding,
                ),
            )
        ]
    return []


def _revision_of_nothing(sections: Mapping[str, Section]) -> list[Fault]:
    evaluation = sections.get("evaluation")
    if not isinstance(evaluation, EvaluationSection) or evaluation.embedding_revision is None:
        return []
    if ":" in evaluation.embedding:
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


def _passes(sections: Mapping[str, Section]) -> list[Fault]:
    training = sections.get("training")
    if not isinstance(training, TrainingSection) or training.backend == "multi_lora":
        return []
    problem = f'contradicts training.backend = "{training.backend}"; remove it or use "multi_lora"'
    given = [
        name for name in ("tokens_per_pass", "gradient_checkpointing") if getattr(training, name) is not None
    ]
    return [Fault(f"training.{name}", problem) for name in given]


def _trl(sections: Mapping[str, Section]) -> list[Fault]:
    training = sections.get("training")
    if not isinstance(training, TrainingSection):
        return []
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


def _builtin_model(sections: Mapping[str, Section]) -> list[Fault]:
    model = sections.get("model")
    if isinstance(model, ModelSection) and model.base.startswith("builtin:"):
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


def _judges(sections: Mapping[str, Section]) -> list[Fault]:
    judging, target, points = (sections.get(name) for name in ("judging", "target", "points"))
    if not isinstance(judging, JudgingSection):
        return []
    reward_model, llm_judge = sections.get("reward_model"), sections.get("llm_judge")
    faults = judging_faults(
        judging,
        reward_model if isinstance(reward_model, RewardModelSection) else None,
        llm_judge if isinstance(llm_judge, LlmJudgeSection) else None,
    )
    if isinstance(target, TargetSection):
        faults += target_faults(judging, None if target.examples is None else len(target.examples))
    if isinstance(points, PointsSection):
        faults += policy_faults(judging, points.policy)
    return faults


def _votes(sections: Mapping[str, Section]) -> list[Fault]:
    votes, points = sections.get("votes"), sections.get("points")
    if not isinstance(votes, VotesSection):
        return []
    if votes.minutes is None:
        given = [
            name for name, is_set in (("role", votes.role == "decide"), ("enough", votes.enough)) if is_set
        ]
        return [
            Fault(
                f"votes.{name}",
                sentence("says something about a vote, but there is none; set votes.minutes, too"),
            )
            for name in given
        ]
    if votes.decide and isinstance(points, PointsSection) and points.policy == "decoded_shapley":
        return [
            Fault(
                "points.policy",
                sentence(
                    'is "decoded_shapley", which pays by embeddings, but with votes.role = "decide" '
                    'voters value; use "ridge_history", "rank" or "marginal"'
                ),
            )
        ]
    return []


def _points_by_credit(sections: Mapping[str, Section]) -> list[Fault]:
    points, training = sections.get("points"), sections.get("training")
    if not isinstance(points, PointsSection) or points.policy != "in_run_split":
        return []
    backend = training.backend if isinstance(training, TrainingSection) else None
    return credit_faults(backend, _examples(sections))


def _groups_and_merges(sections: Mapping[str, Section]) -> list[Fault]:
    rounds, votes = sections.get("rounds"), sections.get("votes")
    if not isinstance(rounds, RoundsSection):
        return []
    return merge_faults(
        groups=rounds.groups,
        most_groups=None if rounds.groups_of_one == "never" else rounds.most_groups,
        has_merges=bool(rounds.merges),
        has_votes=isinstance(votes, VotesSection) and votes.minutes is not None,
    )


def _keeping(sections: Mapping[str, Section]) -> list[Fault]:
    training, rounds = sections.get("training"), sections.get("rounds")
    if not isinstance(training, TrainingSection):
        return []
    judging, evaluation, votes = (sections.get(name) for name in ("judging", "evaluation", "votes"))
    return keeping_faults(
        training.keep,
        learns_examples=training.learn_examples,
        weighting=training.weighting,
        groups_of_one=rounds.groups_of_one if isinstance(rounds, RoundsSection) else None,
        examples=_examples(sections),
        has_best=not (
            (isinstance(judging, JudgingSection) and not judging.is_distance)
            or (isinstance(evaluation, EvaluationSection) and evaluation.distance == "dot")
            or (isinstance(votes, VotesSection) and votes.decide)
        ),
    )


def _examples(sections: Mapping[str, Section]) -> int | None:
    """How many expert examples there are; None: the target has faults of its own."""
    target = sections.get("target")
    return len(target.examples or ()) if isinstance(target, TargetSection) else None


def _tasks(sections: Mapping[str, Section]) -> list[Fault]:
    tasks, gold, rounds = (sections.get(name) for name in ("tasks", "gold", "rounds"))
    if not isinstance(tasks, TasksSection):
        return []
    faults = gold_faults(tasks, gold) if isinstance(gold, GoldSection) else []
    if isinstance(rounds, RoundsSection) and rounds.close == "size":
        faults += supply_faults(tasks, rounds.size or rounds.groups * tasks.per_contributor)
    return faults


_CONTRADICTIONS: tuple[Callable[[Mapping[str, Section]], list[Fault]], ...] = (
    _one_target,
    _closing,
    _emotion_needs_embedding,
    _revision_of_nothing,
    _builtin_model,
    _passes,
    _trl,
    _judges,
    _votes,
    _points_by_credit,
    _tasks,
    _groups_and_merges,
    _keeping,
)
