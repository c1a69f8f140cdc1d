"""The worlds in which credit is compared with retraining, written down before the first run.

Eight contributors answer the town's prompts. What is wanted is told by expert comments; some contributors write
them, some write what the base model knows anyway, some write the wrong thing, some nonsense, and some hand
in what another has handed in already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.seeds import derive_rng
from crowdsft.training.base import Example
from crowdsft.world import EMOTIONS, PROMPTS, write_comment

Floats = NDArray[np.float64]
Role = Literal["helpful", "middling", "specialist", "useless", "harmful", "twin"]
ROLES: Final[tuple[Role, ...]] = ("helpful", "middling", "specialist", "useless", "harmful", "twin")
CONTRIBUTORS: Final = 8
EXPERT_ANSWERS: Final = 48


@dataclass(frozen=True, slots=True)
class Seat:
    """What one contributor of a world writes.

    Args:
        role: What the world's author expects; nothing is computed from it.
        emotion: What it mostly writes; None: the world's wanted mixture.
        share: How often; the rest is drawn evenly from all other emotions.
        is_scrambled: Whether the words of each comment are in random order.
        copies: Seat whose rows are handed in again; None: rows of its own.
    """

    role: Role
    emotion: str | None = None
    share: float = 0.0
    is_scrambled: bool = False
    copies: int | None = None


@dataclass(frozen=True, slots=True)
class World:
    """Eight contributors and what is wanted of them.

    Args:
        name: Unique.
        wanted: The emotions of the expert answers and their shares.
        seats: Eight of them.
        seed: Fixes every text.
        rows: Comments of each contributor.
    """

    name: str
    wanted: Mapping[str, float]
    seats: tuple[Seat, ...]
    seed: int
    rows: int = 10


def helpful(share: float = 0.85) -> Seat:
    """Writes what is wanted most of the time."""
    return Seat("helpful", share=share)


def middling(share: float = 0.4) -> Seat:
    """Writes what is wanted sometimes."""
    return Seat("middling", share=share)


def specialist(emotion: str) -> Seat:
    """Writes one part of what is wanted, and nothing else."""
    return Seat("specialist", emotion, 1.0)


def useless() -> Seat:
    """Writes anything: what the base model writes already."""
    return Seat("useless")


def harmful(emotion: str | None = None) -> Seat:
    """Writes one wrong emotion, or, without one, wanted comments with their words in random order."""
    return Seat("harmful", emotion, 0.95 if emotion else 1.0, is_scrambled=emotion is None)


def twin(of: int) -> Seat:
    """Hands in the rows of seat `of` again."""
    return Seat("twin", copies=of)


REPORTED: Final[tuple[World, ...]] = (
    World(
        "mixed crowd",
        {"joy": 1},
        (helpful(), helpful(), middling(), middling(), useless(), useless(), harmful("anger"), harmful()),
        101,
    ),
    World(
        "experts and strangers",
        {"gratitude": 1},
        (
            helpful(0.95),
            helpful(0.75),
            helpful(0.6),
            useless(),
            harmful("fear"),
            harmful("sadness"),
            harmful("annoyance"),
            harmful("disappointment"),
        ),
        102,
    ),
    World(
        "two specialists",
        {"joy": 1, "gratitude": 1},
        (
            specialist("joy"),
            specialist("gratitude"),
            helpful(),
            middling(),
            useless(),
            useless(),
            harmful("anger"),
            harmful(),
        ),
        103,
    ),
    World(
        "four specialists",
        {"joy": 1, "gratitude": 1, "surprise": 1, "curiosity": 1},
        (
            specialist("joy"),
            specialist("gratitude"),
            specialist("surprise"),
            specialist("curiosity"),
            middling(),
            useless(),
            harmful("sadness"),
            harmful(),
        ),
        104,
    ),
    World(
        "a rare skill",
        {"joy": 3, "curiosity": 1},
        (
            specialist("joy"),
            specialist("joy"),
            specialist("joy"),
            specialist("curiosity"),
            middling(),
            useless(),
            harmful("anger"),
            harmful("fear"),
        ),
        105,
    ),
    World(
        "twins of a helper",
        {"surprise": 1},
        (helpful(), twin(0), twin(0), helpful(), middling(), useless(), harmful("fear"), harmful()),
        106,
    ),
    World(
        "twins of a vandal",
        {"gratitude": 1},
        (helpful(), helpful(), middling(), useless(), harmful(), twin(4), harmful("anger"), twin(6)),
        107,
    ),
    World(
        "a fine gradient",
        {"curiosity": 1},
        (
            helpful(1.0),
            helpful(0.86),
            helpful(0.72),
            middling(0.58),
            middling(0.44),
            middling(0.3),
            useless(),
            harmful("joy"),
        ),
        108,
    ),
    World(
        "one against all",
        {"sadness": 1},
        (
            helpful(0.95),
            middling(),
            useless(),
            useless(),
            harmful("joy"),
            harmful("gratitude"),
            harmful("curiosity"),
            harmful(),
        ),
        109,
    ),
    World(
        "few words, many people",
        {"joy": 1, "surprise": 1},
        (
            helpful(),
            specialist("joy"),
            specialist("surprise"),
            middling(),
            middling(),
            useless(),
            harmful("annoyance"),
            twin(0),
        ),
        110,
        rows=6,
    ),
)
"""The worlds whose figures are reported."""

PRACTICE: Final[tuple[World, ...]] = (
    World(
        "practice 1",
        {"anger": 1},
        (helpful(), helpful(0.6), middling(), useless(), useless(), harmful("joy"), harmful(), twin(0)),
        901,
    ),
    World(
        "practice 2",
        {"fear": 2, "joy": 1},
        (
            specialist("fear"),
            specialist("joy"),
            helpful(),
            middling(),
            middling(),
            useless(),
            harmful("gratitude"),
            harmful(),
        ),
        902,
    ),
    World(
        "practice 3",
        {"disappointment": 1},
        (
            helpful(),
            helpful(0.7),
            middling(0.5),
            middling(0.35),
            useless(),
            harmful("curiosity"),
            harmful("surprise"),
            twin(5),
        ),
        903,
    ),
)
"""Worlds on which methods are developed; never reported."""


def rows_of(world: World) -> list[tuple[Example, ...]]:
    """Each contributor's examples."""
    rows: list[tuple[Example, ...]] = []
    for place, seat in enumerate(world.seats):
        name = contributor_name(place)
        if seat.copies is not None:
            rows.append(tuple(Example(row.prompt, row.response, 1.0, name) for row in rows[seat.copies]))
            continue
        rng = derive_rng(world.seed, "rows", place)
        mixture = _mixture(world, seat)
        texts = [write_comment(_drawn(mixture, rng), rng) for _ in range(world.rows)]
        if seat.is_scrambled:
            texts = [" ".join(rng.permutation(text.split()).tolist()) for text in texts]
        rows.append(
            tuple(Example(PROMPTS[at % len(PROMPTS)], text, 1.0, name) for at, text in enumerate(texts))
        )
    return rows


def expert_answers(world: World, count: int = EXPERT_ANSWERS) -> tuple[Example, ...]:
    """What is wanted: `count` prompts with comments, emotions in their shares, in random order."""
    rng = derive_rng(world.seed, "expert answers")
    mixture = _wanted(world)
    return tuple(
        Example(PROMPTS[at % len(PROMPTS)], write_comment(_drawn(mixture, rng), rng)) for at in range(count)
    )


def contributor_name(place: int) -> str:
    """The name of the contributor at `place`."""
    return "ABCDEFGH"[place]


def _wanted(world: World) -> Floats:
    shares = np.array([float(world.wanted.get(emotion, 0)) for emotion in EMOTIONS])
    return np.asarray(shares / shares.sum())


def _mixture(world: World, seat: Seat) -> Floats:
    mostly = (
        _wanted(world) if seat.emotion is None else np.array([float(e == seat.emotion) for e in EMOTIONS])
    )
    if seat.role == "useless":
        return np.full(len(EMOTIONS), 1 / len(EMOTIONS))
    others = (mostly == 0) / max(1, int((mostly == 0).sum()))
    return np.asarray(seat.share * mostly + (1 - seat.share) * others)


def _drawn(mixture: Floats, rng: np.random.Generator) -> str:
    return EMOTIONS[int(rng.choice(len(EMOTIONS), p=mixture))]
