"""Measuring a round's candidates: the same prompts and the same random numbers for all of them.

Two samples with unrelated seeds: the *selection* sample decides who wins, the *reporting* sample gives the
numbers that people see and that points are paid from. A winner's own selection value flatters it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.campaign import RoundState
from crowdsft.core.evaluation import UTILITIES, Utility
from crowdsft.core.events import CandidateEvaluated, SampleScore
from crowdsft.core.seeds import derive_seed
from crowdsft.core.selection import paired_difference
from crowdsft.core.settings import CampaignSettings
from crowdsft.embedding import Embedding
from crowdsft.rounds.artifacts import Artifacts

if TYPE_CHECKING:
    from crowdsft.training.models import LoadedModel

Floats = NDArray[np.float64]

T = TypeVar("T")

UTILITY_DECIMALS = 9


def evaluate_candidates(
    settings: CampaignSettings,
    current: RoundState,
    *,
    target: Floats,
    prompts: Callable[[int], list[str]],
    base: LoadedModel,
    embedding: Embedding,
    artifacts: Artifacts,
    report: Callable[[str, float], None],
) -> tuple[CandidateEvaluated, ...]:
    """The evaluation of the base and of each candidate, base first.

    Args:
        target: float64[d].
        prompts: From a number of outputs to the prompts they answer.
    """
    from crowdsft.training.likelihood import response_log_likelihoods

    adapters: list[Path | None] = [
        None,
        *(artifacts.adapter(candidate.adapter) for candidate in current.candidates),
    ]
    utility = UTILITIES.make(settings.evaluation.distance)
    seconds = {"generate": 0.0, "evaluate": 0.0}

    def sample(
        purpose: str, count: int, share: float
    ) -> tuple[list[str], list[list[str]], list[SampleScore]]:
        asked = prompts(count)
        report(f"generating the {purpose} sample: {count} outputs of {len(adapters)} models", share)
        outputs = _timed(
            seconds, "generate", lambda: _generate(settings, current, base, adapters, asked, purpose)
        )
        scores = _timed(
            seconds,
            "evaluate",
            lambda: score_outputs(
                [embedding.embed(texts) for texts in outputs], target, utility, settings.evaluation.confidence
            ),
        )
        return asked, outputs, scores

    _, _, selection = sample("selection", settings.evaluation.selection_samples, 0.0)
    asked, outputs, reported = sample("reporting", settings.evaluation.report_samples, 0.45)
    report("asking how likely the expert examples are", 0.9)
    examples = settings.target.examples
    likelihoods: Sequence[float | None] = [None] * len(adapters)
    if examples:
        pairs = list(zip(prompts(len(examples)), examples, strict=True))
        likelihoods = _timed(
            seconds,
            "evaluate",
            lambda: response_log_likelihoods(base, adapters, pairs, max_tokens=settings.training.max_tokens),
        )
    return tuple(
        CandidateEvaluated(
            round_number=current.number,
            group=None if index == 0 else index - 1,
            selection=selection[index],
            report=reported[index],
            likelihood=likelihoods[index],
            outputs=artifacts.put_rows(
                {"prompt": prompt, "response": text}
                for prompt, text in zip(asked, outputs[index], strict=True)
            ),
            generate_seconds=seconds["generate"] / len(adapters),
            evaluate_seconds=seconds["evaluate"] / len(adapters),
        )
        for index in range(len(adapters))
    )


def score_outputs(
    embeddings: Sequence[Floats], target: Floats, utility: Utility, confidence: float
) -> list[SampleScore]:
    """Score paired samples; the first is the base that the others are compared with.

    Args:
        embeddings: One float64[m, d] for each model; row i of each answers the same prompt with the same draws.
        confidence: Of the intervals, e.g. 0.95.
    """
    from scipy import stats

    utilities = [np.round(utility.utility(rows, target), UTILITY_DECIMALS) for rows in embeddings]
    quantile = float(stats.t.ppf(0.5 + confidence / 2, df=len(utilities[0]) - 1))
    scores = []
    for rows, values in zip(embeddings, utilities, strict=True):
        mean = float(values.mean())
        error = float(values.std(ddof=1) / np.sqrt(len(values)))
        gain = paired_difference(values, utilities[0])
        center = rows.mean(axis=0)
        scores.append(
            SampleScore(
                mean_utility=mean,
                standard_error=error,
                utility_of_mean=float(utility.utility(center, target)),
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
) -> list[list[str]]:
    from crowdsft.training.generation import generate

    return generate(
        base,
        adapters,
        prompts=asked,
        seed=derive_seed(settings.campaign.seed, current.number, purpose),
        max_new_tokens=settings.evaluation.max_new_tokens,
        temperature=settings.evaluation.temperature,
    )


def _timed(seconds: dict[str, float], name: str, work: Callable[[], T]) -> T:
    started = time.perf_counter()
    result = work()
    seconds[name] += time.perf_counter() - started
    return result
