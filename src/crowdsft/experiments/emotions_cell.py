"""One cell of the emotions experiment: a target emotion, a seed, a crowd, and all that the crowd writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.seeds import derive_rng, derive_seed
from crowdsft.embedding import EMBEDDINGS
from crowdsft.world import EMOTIONS, Persona, expert_comments, heterogeneous_crowd, homogeneous_crowd

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
CrowdKind = Literal["heterogeneous", "homogeneous"]

CONTRIBUTORS: Final = 12
COMMENTS: Final = 8  # of each contributor in each round
EXPERT_EXAMPLES: Final = 100


@dataclass(frozen=True, slots=True)
class Key:
    """Names a cell; every draw in it derives from this."""

    crowd: CrowdKind
    emotion: str
    seed: int

    def seed_for(self, *purpose: int | str) -> int:
        """A seed for one purpose."""
        return derive_seed("emotions", self.crowd, self.emotion, self.seed, *purpose)

    def rng_for(self, *purpose: int | str) -> np.random.Generator:
        """A generator for one purpose."""
        return derive_rng("emotions", self.crowd, self.emotion, self.seed, *purpose)


@dataclass(frozen=True, slots=True)
class Round:
    """What the crowd wrote in one round: texts, and int64[96] whose each is."""

    texts: tuple[str, ...]
    contributors: Indices


@dataclass(frozen=True, slots=True)
class Cell:
    """Everything that is given before an arm begins.

    Args:
        key: Which cell.
        crowd: The contributors; what kind they are is for oracles and figures only.
        rounds: What they write, round by round.
        expert_examples: Different comments of the target emotion.
        target: float64[d]; mean embedding of the expert examples.
        labels: float64[d]; 1 at the target emotion: what the second scorer compares with.
    """

    key: Key
    crowd: tuple[Persona, ...]
    rounds: tuple[Round, ...]
    expert_examples: tuple[str, ...]
    target: Floats
    labels: Floats

    def until(self, number: int) -> Round:
        """Everything written in the first `number` rounds."""
        texts = tuple(text for one in self.rounds[:number] for text in one.texts)
        return Round(texts, np.concatenate([one.contributors for one in self.rounds[:number]]))

    def of_kind(self, kind: str) -> Indices:
        """The contributors of one kind."""
        return np.array([index for index, one in enumerate(self.crowd) if one.kind == kind], dtype=np.int64)


def make_cell(key: Key, *, rounds: int) -> Cell:
    """Draw a cell. A longer cell begins as a shorter one does."""
    crowd = _crowd(key)
    rng = key.rng_for("comments")
    written = tuple(
        Round(
            tuple(persona.write(rng) for persona in crowd for _ in range(COMMENTS)),
            np.repeat(np.arange(len(crowd)), COMMENTS),
        )
        for _ in range(rounds)
    )
    examples = tuple(expert_comments(key.emotion, EXPERT_EXAMPLES, key.rng_for("expert examples")))
    target = EMBEDDINGS.make("emotions").embed(examples).mean(axis=0)
    labels = np.eye(len(EMOTIONS))[EMOTIONS.index(key.emotion)]
    return Cell(key, tuple(crowd), written, examples, target, labels)


def _crowd(key: Key) -> list[Persona]:
    rng = key.rng_for("crowd")
    if key.crowd == "heterogeneous":
        return heterogeneous_crowd(key.emotion, CONTRIBUTORS, rng=rng)
    return homogeneous_crowd(key.emotion, CONTRIBUTORS, rng=rng)
