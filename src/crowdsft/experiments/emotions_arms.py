"""The arms without a tournament: what every claim is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from crowdsft.core.credit.keeping import drawn
from crowdsft.experiments.emotions_bench import Bench, Measured, Stack
from crowdsft.experiments.emotions_cell import Floats

GROUPS: Final = 3
CANDIDATE_PASSES: Final = 96  # of each candidate in each round: three times 32 comments
ROUND_PASSES: Final = GROUPS * CANDIDATE_PASSES
FEW_EXPERT_PASSES: Final = 300

RATES: Final = (1.0, 1.0, 0.8, 0.6, 0.4, 0.25)
"""Learning rate of each round, for every chain but the paper's: as in one long training, it falls."""


@dataclass(frozen=True, slots=True)
class State:
    """What an arm has made after some rounds.

    Args:
        arm: The arm's name.
        rounds: Rounds so far.
        measured: On the reported sample.
        training: Training passes so far.
        passes: Everything so far, in training passes.
        on_target: Share of the training of the round (or of the whole, where there are no rounds) that was of
            the target emotion, by the grammar; for figures only. NaN where it is not asked.
    """

    arm: str
    rounds: int
    measured: Measured
    training: int
    passes: float
    on_target: float

    def row(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "arm": self.arm,
            "rounds": self.rounds,
            **self.measured.row(),
            "training_passes": self.training,
            "passes_with_generation": round(self.passes, 1),
            "on_target": None if np.isnan(self.on_target) else round(self.on_target, 4),
        }


def rate_of(number: int) -> float:
    """Times the usual learning rate in round `number` (from 1)."""
    return RATES[min(number, len(RATES)) - 1]


def state_of(bench: Bench, arm: str, rounds: int, stack: Stack, *, on_target: float = float("nan")) -> State:
    """Measure an arm's model as it is now."""
    return State(
        arm, rounds, bench.measured(stack), bench.passes.training, bench.passes.with_generation, on_target
    )


def untrained(bench: Bench, reported: Sequence[int]) -> list[State]:
    """The base model."""
    found = bench.measured(())
    return [State("base", number, found, 0, 0.0, float("nan")) for number in reported]


def trained_at_once(
    bench: Bench, arm: str, texts: Sequence[str], weights: Floats, *, rounds: int, passes: int
) -> State:
    """One model, trained from the base on texts drawn in proportion to weights.

    Args:
        weights: float64[m], any positive scale.
        rounds: How many rounds' texts these are.
        passes: Texts seen, repetitions included.
    """
    before = bench.passes.training
    rng = bench.cell.key.rng_for(arm, rounds, "order")
    (stack,) = bench.train((), [[texts[index] for index in drawn(weights, passes, rng)]])
    used = bench.passes.training - before
    part = on_target(bench, texts, weights)
    return State(arm, rounds, bench.measured(stack), used, float(used), part)


def on_target(bench: Bench, texts: Sequence[str], weights: Floats) -> float:
    """The part of a training that is of the target emotion, by the grammar. Nothing but figures reads it."""
    from crowdsft.world import parse_comment

    emotions = [parse.emotion if (parse := parse_comment(text)) else "" for text in texts]
    hits = np.array([emotion == bench.cell.key.emotion for emotion in emotions])
    return float(weights @ hits / weights.sum())


def pooled(bench: Bench, reported: Sequence[int], *, arm: str, passes_per_round: int) -> list[State]:
    """Everybody's comments in one training."""
    states = []
    for rounds in reported:
        texts = bench.cell.until(rounds).texts
        states.append(
            trained_at_once(
                bench, arm, texts, np.ones(len(texts)), rounds=rounds, passes=rounds * passes_per_round
            )
        )
    return states


def sequential(bench: Bench, reported: Sequence[int]) -> list[State]:
    """One model that goes on with each round's comments, at equal compute."""
    stack: Stack = ()
    states = []
    for number in range(1, max(reported) + 1):
        texts = bench.cell.rounds[number - 1].texts
        rng = bench.cell.key.rng_for("sequential", number)
        picks = drawn(np.ones(len(texts)), ROUND_PASSES, rng)
        (stack,) = bench.train(stack, [[texts[index] for index in picks]], rate=rate_of(number))
        if number in reported:
            states.append(state_of(bench, "sequential", number, stack))
    return states


def oracle(bench: Bench, reported: Sequence[int]) -> list[State]:
    """The experts' contributions only, as if one knew who they are; equal compute, at the end only."""
    rounds = max(reported)
    written = bench.cell.until(rounds)
    weights = np.isin(written.contributors, bench.cell.of_kind("expert")).astype(np.float64)
    passes = rounds * ROUND_PASSES
    return [trained_at_once(bench, "oracle", written.texts, weights, rounds=rounds, passes=passes)]


def experts_alone(bench: Bench, reported: Sequence[int]) -> list[State]:
    """The expert examples only, without the crowd, at equal compute."""
    return [_of_examples(bench, "experts_alone", rounds, rounds * ROUND_PASSES) for rounds in reported]


def experts_alone_few(bench: Bench, reported: Sequence[int]) -> list[State]:
    """The expert examples only, each seen three times; at the end only, since rounds do not matter."""
    return [_of_examples(bench, "experts_alone_few", max(reported), FEW_EXPERT_PASSES)]


def _of_examples(bench: Bench, arm: str, rounds: int, passes: int) -> State:
    texts = bench.cell.expert_examples
    return trained_at_once(bench, arm, texts, np.ones(len(texts)), rounds=rounds, passes=passes)
