"""Measuring a round's candidates: the same prompts and the same random numbers for all of them.

Two samples with unrelated seeds: the *selection* sample decides who wins, the *reporting* sample gives the
numbers that people see and that points are paid from. A winner's own selection value flatters it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.campaign import RoundState
from crowdsft.core.evaluation import UTILITIES, Utility
from crowdsft.core.events import CandidateEvaluated, SampleScore
from crowdsft.core.seeds import derive_seed
from crowdsft.core.selection import paired_difference
from crowdsft.core.settings import CampaignSettings
from crowdsft.embedding import Embedding
from crowdsft.judging import Case
from crowdsft.rounds.artifacts import Artifacts
from crowdsft.rounds.panel import UTILITY_DECIMALS, Panel, split_pairs
from crowdsft.rounds.resources import ReportProgress

if TYPE_CHECKING:
    from crowdsft.training.generation import GenerationProgress
    from crowdsft.training.models import LoadedModel

Floats = NDArray[np.float64]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sampled:
    """One sample of a round: its prompts, and of every model the answers, embeddings and judges' rows."""

    prompts: list[str]
    outputs: list[list[str]]
    embeddings: list[Floats]
    opinions: dict[str, Floats]


def evaluate_candidates(
    settings: CampaignSettings,
    current: RoundState,
    *,
    candidates: Sequence[tuple[int, str]],
    target: Floats,
    prompts: Callable[[int], list[str]],
    base: LoadedModel,
    embedding: Embedding,
    panel: Panel,
    artifacts: Artifacts,
    memory: Path,
    report: ReportProgress,
) -> tuple[CandidateEvaluated, ...]:
    """The evaluation of the base and of each candidate, base first.

    Args:
        candidates: Numbers and adapters of those to be measured.
        target: float64[d].
        prompts: From a number of outputs to the prompts they answer.
        panel: The campaign's judges.
        memory: A folder of the campaign in which judges may keep what they paid for.
    """
    from crowdsft.training.likelihood import response_log_likelihoods

    adapters: list[Path | None] = [
        None,
        *(artifacts.adapter(adapter) for _, adapter in candidates),
    ]
    utility = UTILITIES.make(settings.evaluation.distance)
    seconds = {"generate": 0.0, "evaluate": 0.0}
    examples = settings.target.examples
    pairs = list(zip(prompts(len(examples)), examples, strict=True)) if examples else []

    def sample(purpose: Literal["selection", "reporting"], count: int, share: float) -> Sampled:
        asked = prompts(count)
        words = f"generating the {purpose} sample: {count} outputs of {len(adapters)} models"

        def tell(progress: GenerationProgress) -> None:
            drawn = _drawn(progress)
            parts = tuple((part + (purpose == "reporting")) / 2 for part in drawn)
            report(words, share + 0.2 * sum(drawn) / len(drawn), parts)

        report(words, share)
        outputs = _timed(
            seconds, "generate", lambda: _generate(settings, current, base, adapters, asked, purpose, tell)
        )

        def judge() -> Sampled:
            embeddings = [embedding.embed(texts) for texts in outputs]
            case = Case(
                sample=purpose,
                prompts=asked,
                outputs=outputs,
                embeddings=embeddings,
                target=target,
                distance=utility,
                base=base,
                adapters=adapters,
                expert_pairs=split_pairs(pairs, purpose),
                max_tokens=settings.training.max_tokens,
                seed=derive_seed(settings.campaign.seed, current.number, purpose, "judges"),
                memory=memory,
                report=lambda message, done: report(message, share + 0.2 + 0.25 * done),
            )
            return Sampled(asked, outputs, embeddings, panel.opinions(case))

        return _timed(seconds, "evaluate", judge)

    selection = sample("selection", settings.evaluation.selection_samples, 0.0)
    reporting = sample("reporting", settings.evaluation.report_samples, 0.45)
    units = panel.units(selection.opinions)
    selected, reported = (
        score_rows(
            panel.utilities(found.opinions, units),
            [utility.utility(rows.mean(axis=0), target) for rows in found.embeddings],
            [rows.mean(axis=0) for rows in found.embeddings],
            settings.evaluation.confidence,
            decimals=None if settings.judging.is_distance else UTILITY_DECIMALS,
        )
        for found in (selection, reporting)
    )
    judged = panel.scores(selection.opinions, reporting.opinions, units)
    report("asking how likely the expert examples are", 0.9)
    likelihoods: Sequence[float | None] = [None] * len(adapters)
    if pairs:
        likelihoods = _timed(
            seconds,
            "evaluate",
            lambda: response_log_likelihoods(base, adapters, pairs, max_tokens=settings.training.max_tokens),
        )
    return tuple(
        CandidateEvaluated(
            round_number=current.number,
            group=None if index == 0 else candidates[index - 1][0],
            selection=selected[index],
            report=reported[index],
            likelihood=likelihoods[index],
            outputs=artifacts.put_rows(
                {"prompt": prompt, "response": text}
                for prompt, text in zip(reporting.prompts, reporting.outputs[index], strict=True)
            ),
            generate_seconds=seconds["generate"] / len(adapters),
            evaluate_seconds=seconds["evaluate"] / len(adapters),
            judged=judged[index],
        )
        for index in range(len(adapters))
    )


def score_outputs(
    embeddings: Sequence[Floats], target: Floats, utility: Utility, confidence: float
) -> list[SampleScore]:
    """Score paired samples by their embeddings; the first is the base that the others are compared with.

    Args:
        embeddings: One float64[m, d] for each model; row i of each answers the same prompt with the same draws.
        confidence: Of the intervals, e.g. 0.95.
    """
    utilities = [np.round(utility.utility(rows, target), UTILITY_DECIMALS) for rows in embeddings]
    centers = [rows.mean(axis=0) for rows in embeddings]
    of_means = [utility.utility(center, target) for center in centers]
    return score_rows(np.array(utilities), of_means, centers, confidence)


def score_rows(
    utilities: Floats,
    of_means: Sequence[Floats],
    centers: Sequence[Floats],
    confidence: float,
    *,
    decimals: int | None = None,
) -> list[SampleScore]:
    """Score paired utilities; the first model is the base that the others are compared with.

    Args:
        utilities: float64[J + 1, m]; column i of all models belongs together.
        of_means: For each model the utility of its mean embedding.
        centers: For each model float64[d], that mean.
        confidence: Of the intervals, e.g. 0.95.
        decimals: Means are rounded to so many, so that a first base with score 0 has 0; None: as they are.
    """
    from scipy import stats

    quantile = float(stats.t.ppf(0.5 + confidence / 2, df=utilities.shape[1] - 1))
    scores = []
    for values, of_mean, center in zip(utilities, of_means, centers, strict=True):
        mean = float(values.mean())
        mean = mean if decimals is None else round(mean, decimals) + 0.0
        error = float(values.std(ddof=1) / np.sqrt(len(values)))
        gain = paired_difference(values, utilities[0])
        scores.append(
            SampleScore(
                mean_utility=mean,
                standard_error=error,
                utility_of_mean=float(of_mean),
                low=mean - quantile * error,
                high=mean + quantile * error,
                gain=gain.mean,
                gain_error=gain.standard_error,
                embedding=tuple(map(float, center)),
                utilities=tuple(map(float, values)),
            )
        )
    return scores


def _generate(
    settings: CampaignSettings,
    current: RoundState,
    base: LoadedModel,
    adapters: Sequence[Path | None],
    asked: list[str],
    purpose: str,
    progress: Callable[[GenerationProgress], None],
) -> list[list[str]]:
    from crowdsft.training.generation import generate

    return generate(
        base,
        adapters,
        prompts=asked,
        seed=derive_seed(settings.campaign.seed, current.number, purpose),
        max_new_tokens=settings.evaluation.max_new_tokens,
        temperature=settings.evaluation.temperature,
        progress=progress,
    )


def _drawn(progress: GenerationProgress) -> list[float]:
    """Which share of its answers each model has given; models that are drawn from together count by the first."""
    share = progress.tokens / progress.max_tokens
    return [
        1.0 if model < progress.candidate else share if model == progress.candidate else 0.0
        for model in range(progress.candidates)
    ]


def _timed(seconds: dict[str, float], name: str, work: Callable[[], T]) -> T:
    started = time.perf_counter()
    result = work()
    seconds[name] += time.perf_counter() - started
    return result
