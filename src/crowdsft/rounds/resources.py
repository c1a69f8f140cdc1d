"""What steps need beside the journal: artifacts, models, embeddings, and somebody to tell about progress.

Everything heavy is imported when it is first asked for, and the newest base is kept, so that one warm worker
trains round after round without loading anything twice.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from crowdsft.core.settings import CampaignSettings
from crowdsft.embedding import Embedding, make_embedding
from crowdsft.judging import JUDGES, Judge, judge_options
from crowdsft.rounds.artifacts import Artifacts, artifacts_in
from crowdsft.training import BACKENDS
from crowdsft.training.base import TrainingBackend, TrainingOptions, options_by_size
from crowdsft.training.placement import AUTO, Placement, choose_placement

if TYPE_CHECKING:
    from crowdsft.training.models import LoadedModel


class ReportProgress(Protocol):
    """Told how a step gets on."""

    def __call__(self, message: str, fraction: float, parts: Sequence[float] = ()) -> None:
        """Hear the news.

        Args:
            message: What is going on, e.g. "training group 2, step 10 of 36".
            fraction: The share of the step that is done, 0 to 1.
            parts: The same for each model: for each group's candidate while they train, for the base and then each
                candidate while they are measured; empty where nothing is told apart.
        """
        ...


def report_nothing(message: str, fraction: float, parts: Sequence[float] = ()) -> None:
    """For callers who do not want to know."""


@dataclass(slots=True)
class Resources:
    """The worker's tools; one per process.

    Args:
        data: Folder of the platform's data; artifacts live in `data`/artifacts or are cached there.
        report: Told what is going on ("training group 2, step 10 of 36") and the share of the step done.
        storage_url: Where artifacts are kept; None: where CROWDSFT_ARTIFACTS says.
    """

    data: Path
    report: ReportProgress = report_nothing
    storage_url: str | None = None
    _first: tuple[tuple[str, str | None, bool], LoadedModel] | None = field(default=None, init=False)
    _base: tuple[tuple[tuple[str, str | None, bool], tuple[str, ...]], LoadedModel] | None = field(
        default=None, init=False
    )
    _embeddings: dict[tuple[str, str | None], Embedding] = field(default_factory=dict, init=False)
    _judges: dict[str, Judge] = field(default_factory=dict, init=False)

    @property
    def artifacts(self) -> Artifacts:
        """The store of adapters, outputs and drafts."""
        return artifacts_in(self.data, self.storage_url)

    def embedding(self, settings: CampaignSettings) -> Embedding:
        """The campaign's Phi."""
        name, revision = settings.evaluation.embedding, settings.evaluation.embedding_revision
        if (name, revision) not in self._embeddings:
            self._embeddings[name, revision] = make_embedding(name, revision=revision)
        return self._embeddings[name, revision]

    def judges(self, settings: CampaignSettings) -> dict[str, Judge]:
        """The campaign's judges by name; a judge with the same settings is made once, whoever asks for it."""
        found = {}
        for name in settings.judging.judges:
            options = judge_options(settings, name)
            key = f"{name} {sorted(options.items(), key=lambda item: item[0])}"
            if key not in self._judges:
                self._judges[key] = JUDGES.make(name, **options)
            found[name] = self._judges[key]
        return found

    def base(self, settings: CampaignSettings, lineage: tuple[str, ...]) -> LoadedModel:
        """The first base with the adapters of `lineage` merged in, in float32."""
        from crowdsft.training.models import model_with_adapters

        key = (settings.model.base, settings.model.revision, settings.model.trust_remote_code)
        if self._base is not None and self._base[0] == (key, lineage):
            return self._base[1]
        first = self._first_base(key)
        model = (
            model_with_adapters(first, [self.artifacts.adapter(digest) for digest in lineage])
            if lineage
            else first
        )
        self._base = ((key, lineage), model)
        return model

    def _first_base(self, key: tuple[str, str | None, bool]) -> LoadedModel:
        from crowdsft.training.models import load_model

        if self._first is None or self._first[0] != key:
            reference, revision, trust = key
            self._first = (
                key,
                load_model(reference, revision=revision, trust_remote_code=trust, placement=placement_here()),
            )
        return self._first[1]

    def backend(self, settings: CampaignSettings) -> TrainingBackend:
        """What trains the candidates."""
        training = settings.training
        options: dict[str, object] = {}
        if training.backend == "trl_sft":
            options = {"extra": training.trl or {}}
        elif training.backend == "multi_lora":
            options = {
                "checkpointing": training.gradient_checkpointing,
                "tokens_per_pass": training.tokens_per_pass or 0,
            }
        return BACKENDS.make(training.backend, **options)


def placement_here() -> Callable[[int], Placement]:
    """Where this worker puts a base model, by CROWDSFT_DEVICE and CROWDSFT_PRECISION; "auto" when they are not set."""
    device, precision = (os.environ.get(name) or AUTO for name in ("CROWDSFT_DEVICE", "CROWDSFT_PRECISION"))
    return lambda parameters: choose_placement(parameters, device=device, precision=precision)


NOT_FOR_BACKENDS = {
    "backend",
    "trl",
    "weighting",
    "weighting_rate",
    "gradient_checkpointing",
    "tokens_per_pass",
    "keep",
    "keep_share",
    "keep_floor",
    "learn_examples",
    "last_rate",
}


def training_options(
    settings: CampaignSettings, *, parameters: int, round_number: int = 1
) -> TrainingOptions:
    """The campaign's training settings as the backends take them.

    Args:
        parameters: Number of the base model's parameters; what the settings leave open follows it.
        round_number: The learning rate may fall over the rounds.
    """
    chosen = settings.training.model_dump(exclude=NOT_FOR_BACKENDS, exclude_none=True)
    by_size = options_by_size(parameters)
    by_backend = {"adapt_head": False} if settings.training.backend == "trl_sft" else {}
    options = TrainingOptions(**(by_size | by_backend | chosen))
    return replace(options, learning_rate=options.learning_rate * rate_of(settings, round_number))


def rate_of(settings: CampaignSettings, round_number: int) -> float:
    """Times the learning rate: 1 in the first two rounds, then in a line to `training.last_rate` in the last one."""
    rounds, last = settings.rounds.count, settings.training.last_rate
    if round_number <= 2 or rounds <= 2:
        return 1.0
    return 1.0 - (1.0 - last) * (round_number - 2) / (rounds - 2)
