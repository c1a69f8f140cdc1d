"""The settings of judges: who judges candidates, how much each counts, and who can only refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, field_validator

from crowdsft.core.errors import Fault
from crowdsft.core.sentences import sentence
from crowdsft.core.settings.section import NonEmpty, Section, known_name

JUDGES = ("embedding", "likelihood", "reward_model", "llm")
FEWEST_EXAMPLES = 4
"""Expert examples that the likelihood judge needs: two to choose by and two to report on."""

_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


class JudgingSection(Section):
    """Who judges candidates. The default is the distance to the target alone.

    Several judges are added up by `weights`, each in units of the spread of the first base's outputs. A judge in
    `guards` may have no weight: a candidate that does worse than the base there, beyond noise, cannot win.
    """

    weights: dict[str, Annotated[float, Field(ge=0)]] = Field(default={"embedding": 1.0}, min_length=1)
    guards: tuple[str, ...] = ()
    guard_standard_errors: Annotated[float, Field(ge=0)] = 2.0

    @field_validator("weights")
    @classmethod
    def _known_weights(cls, weights: dict[str, float]) -> dict[str, float]:
        for name in weights:
            known_name("judge", name, JUDGES)
        if not any(weights.values()):
            raise ValueError(sentence("gives no judge any weight; at least one must count"))
        return weights

    @field_validator("guards")
    @classmethod
    def _known_guards(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            known_name("judge", name, JUDGES)
        return tuple(dict.fromkeys(names))

    @property
    def judges(self) -> tuple[str, ...]:
        """Everybody who is asked: those with weight and the guards, in the order of `JUDGES`."""
        return tuple(name for name in JUDGES if self.weight(name) > 0 or name in self.guards)

    @property
    def is_distance(self) -> bool:
        """Whether the embedding alone decides, so that utilities are those of the embeddings."""
        return not any(weight for name, weight in self.weights.items() if name != "embedding")

    def weight(self, judge: str) -> float:
        """The judge's share of all weight, in [0, 1]."""
        return self.weights.get(judge, 0.0) / sum(self.weights.values())


class RewardModelSection(Section):
    """The judge `reward_model`: any sequence classifier in Hugging Face's format, with safetensors weights."""

    model: NonEmpty | None = None
    revision: NonEmpty | None = None
    trust_remote_code: bool = False
    label: NonEmpty | None = None
    max_tokens: Annotated[int, Field(ge=8, le=131_072)] = 1_024


class LlmJudgeSection(Section):
    """The judge `llm`: a language model behind an OpenAI-compatible address, asked which of two answers is better.

    Its key is read from the environment variable named by `api_key_variable`; the key itself stands nowhere. The
    name must end in _API_KEY, so that no other secret of the machine can be sent.
    """

    endpoint: NonEmpty | None = None
    model: NonEmpty | None = None
    criterion: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)] | None
    ) = None
    api_key_variable: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*_API_KEY$")] | None = None
    samples: Annotated[int, Field(ge=8, le=100_000)] = 50
    shown_examples: Annotated[int, Field(ge=0, le=50)] = 3
    max_tokens: Annotated[int, Field(ge=1, le=100_000)] = 16
    max_calls: Annotated[int, Field(ge=1)] = 10_000
    max_cost: Annotated[float, Field(gt=0)] | None = None
    input_price: Annotated[float, Field(ge=0)] = 0.0
    output_price: Annotated[float, Field(ge=0)] = 0.0
    parallel: Annotated[int, Field(ge=1, le=64)] = 4
    attempts: Annotated[int, Field(ge=1, le=20)] = 6
    timeout_seconds: Annotated[float, Field(gt=0, le=3_600)] = 60.0


def judging_faults(
    judging: JudgingSection,
    reward_model: RewardModelSection | None,
    llm_judge: LlmJudgeSection | None,
) -> list[Fault]:
    """What judges lack, and what is set for judges that nobody asks. None: the section has faults of its own."""
    faults: list[Fault] = []
    if reward_model is not None:
        faults += _unused_or_missing(judging, "reward_model", reward_model, "reward_model", ("model",))
    if llm_judge is not None:
        needed = ("endpoint", "model", "criterion")
        faults += _unused_or_missing(judging, "llm", llm_judge, "llm_judge", needed)
        faults += _endpoint_faults(llm_judge)
        if llm_judge.max_cost is not None and not llm_judge.input_price + llm_judge.output_price:
            faults.append(
                Fault(
                    "llm_judge.max_cost",
                    sentence(
                        "cannot be kept without prices; set llm_judge.input_price and llm_judge.output_price"
                    ),
                )
            )
    return faults


def target_faults(judging: JudgingSection, examples: int | None) -> list[Fault]:
    """Whether there are expert examples enough for the judges; None: the target is none."""
    if "likelihood" in judging.judges and (examples or 0) < FEWEST_EXAMPLES:
        there_are = examples or 0
        return [
            Fault(
                "judging",
                sentence(
                    "asks the judge 'likelihood', which needs at least {fewest_examples} expert examples "
                    "in [target]; there are {there_are}",
                    fewest_examples=FEWEST_EXAMPLES,
                    there_are=there_are,
                ),
            )
        ]
    return []


def policy_faults(judging: JudgingSection, policy: str) -> list[Fault]:
    """Whether points can be paid by what the judges say."""
    if policy == "decoded_shapley" and not judging.weight("embedding"):
        return [
            Fault(
                "points.policy",
                sentence(
                    "is \"decoded_shapley\", which pays by embeddings, but the judge 'embedding' has no "
                    'weight in judging.weights; use "ridge_history", which pays by what the judges say, '
                    "or give embedding weight"
                ),
            )
        ]
    return []


def _unused_or_missing(
    judging: JudgingSection, judge: str, section: Section, name: str, needed: tuple[str, ...]
) -> list[Fault]:
    given: Mapping[str, object] = {key: getattr(section, key) for key in needed}
    if judge in judging.judges:
        return [
            Fault(
                f"{name}.{key}",
                sentence("is missing; the judge {judge!r} of [judging] needs it", judge=judge),
            )
            for key, value in given.items()
            if value is None
        ]
    if any(value is not None for value in given.values()):
        return [
            Fault(
                name,
                sentence(
                    "is set, but nobody asks it; name {judge!r} in judging.weights or judging.guards",
                    judge=judge,
                ),
            )
        ]
    return []


def _endpoint_faults(section: LlmJudgeSection) -> list[Fault]:
    if section.endpoint is None:
        return []
    address = urlsplit(section.endpoint)
    if address.scheme not in ("http", "https") or not address.hostname:
        return [
            Fault(
                "llm_judge.endpoint",
                sentence(
                    "is no web address; give the address before /chat/completions, e.g. "
                    '"http://localhost:8080/v1"'
                ),
            )
        ]
    if address.username or address.password or address.query:
        return [
            Fault(
                "llm_judge.endpoint",
                sentence("must hold no key; name an environment variable in llm_judge.api_key_variable"),
            )
        ]
    if address.scheme == "http" and section.api_key_variable and address.hostname not in _LOCAL_HOSTS:
        return [
            Fault(
                "llm_judge.endpoint",
                sentence("would send the key unencrypted; use https, or no api_key_variable"),
            )
        ]
    return []
