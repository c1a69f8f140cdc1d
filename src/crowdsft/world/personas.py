"""Simulated contributors: who in the crowd writes which emotion how often."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import InputError
from crowdsft.world.grammar import EMOTIONS, count_comments, voice_of, write_comment

EXPERT_SHARE: Final = 0.85
AVERAGE_SHARE: Final = 0.35
OFF_TARGET_SHARE: Final = 0.90
_PER_TWELVE: Final = {"expert": 3, "average": 5, "off target": 4}

_NAMES: Final = (
    "Ada", "Bela", "Chidi", "Dora", "Emre", "Freya", "Goran", "Hana", "Idris", "Juno", "Kofi", "Lena",
    "Mira", "Nils", "Oona", "Pavel", "Quinn", "Rosa", "Soren", "Tala", "Uma", "Vito", "Wanda", "Ximena",
    "Yusuf", "Zora", "Anouk", "Bruno", "Celia", "Dag", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jonas",
    "Kaya", "Lior", "Maren", "Noor", "Otto", "Priya", "Ravi", "Selma", "Tomas", "Ulla", "Vera", "Wim",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Persona:
    """A simulated contributor.

    Args:
        name: Unique in its crowd.
        mixture: Probability of each emotion, in the order of `EMOTIONS`; adds up to 1.
        kind: "expert", "average", "off target" or "alike", for those who want to know the truth.
    """

    name: str
    mixture: tuple[float, ...]
    kind: str

    def write(self, rng: np.random.Generator) -> str:
        """One comment, its emotion drawn from the mixture."""
        return write_comment(EMOTIONS[int(rng.choice(len(EMOTIONS), p=self.mixture))], rng)


def heterogeneous_crowd(
    target_emotion: str, contributors: int = 12, *, rng: np.random.Generator
) -> list[Persona]:
    """A crowd in which who helps has to be found out.

    Of twelve, 3 experts write the target emotion 85 % of the time, 5 average contributors 35 %, and 4 are off
    target, each writing another emotion of their own 90 % of the time. What is left goes evenly to all other
    emotions. Other sizes keep the proportions (largest remainder). Order and names are random.

    Raises:
        InputError: No such emotion, or fewer than one contributor.
    """
    target = _position(target_emotion)
    kinds = _kinds(_checked(contributors))
    others = [position for position in range(len(EMOTIONS)) if position != target]
    wanderings = itertools.cycle(rng.permutation(others).tolist())
    mixtures = {"expert": _mixture(target, EXPERT_SHARE), "average": _mixture(target, AVERAGE_SHARE)}
    crowd = []
    for kind, name in zip(rng.permutation(kinds).tolist(), _names(contributors, rng), strict=True):
        mixture = mixtures.get(kind) or _mixture(next(wanderings), OFF_TARGET_SHARE)
        crowd.append(Persona(name, mixture, kind))
    return crowd


def homogeneous_crowd(
    target_emotion: str, contributors: int = 12, *, share: float = 0.5, rng: np.random.Generator
) -> list[Persona]:
    """A crowd in which everybody writes the target emotion with probability `share`, else any other, evenly.

    Nobody is better than anybody else, so choosing among them can gain nothing but luck: the control.

    Raises:
        InputError: No such emotion, fewer than one contributor, or a share outside [0, 1].
    """
    if not 0 <= share <= 1:
        raise InputError(f"share is the probability of the target emotion and lies in [0, 1], not {share}.")
    mixture = _mixture(_position(target_emotion), share)
    return [Persona(name, mixture, "alike") for name in _names(_checked(contributors), rng)]


def expert_comments(emotion: str, count: int, rng: np.random.Generator) -> list[str]:
    """`count` different comments of one emotion: what an organiser shows as "this is what we want".

    Raises:
        InputError: No such emotion, or more comments than half of what its voice can make.
    """
    most = count_comments(emotion) // 2
    if count > most:
        raise InputError(f"{count} different comments of {emotion} are too many. Ask for at most {most}.")
    seen: dict[str, None] = {}
    while len(seen) < count:
        seen[write_comment(emotion, rng)] = None
    return list(seen)


def _mixture(position: int, share: float) -> tuple[float, ...]:
    mixture: NDArray[np.float64] = np.full(len(EMOTIONS), (1 - share) / (len(EMOTIONS) - 1))
    mixture[position] = share
    return tuple(mixture.tolist())


def _kinds(contributors: int) -> list[str]:
    """The kinds of `contributors` people in the proportions 3 : 5 : 4, split by largest remainder."""
    total = sum(_PER_TWELVE.values())
    counts = {kind: contributors * parts // total for kind, parts in _PER_TWELVE.items()}
    missing = contributors - sum(counts.values())
    by_remainder = sorted(_PER_TWELVE, key=lambda kind: -(contributors * _PER_TWELVE[kind] % total))
    for kind in by_remainder[:missing]:
        counts[kind] += 1
    return [kind for kind, count in counts.items() for _ in range(count)]


def _names(count: int, rng: np.random.Generator) -> list[str]:
    names = list(_NAMES)
    for lap in itertools.count(2):
        if len(names) >= count:
            break
        names += [f"{name} {lap}" for name in _NAMES]
    return [names[position] for position in rng.permutation(count)]


def _position(emotion: str) -> int:
    voice_of(emotion)
    return EMOTIONS.index(emotion)


def _checked(contributors: int) -> int:
    if contributors < 1:
        raise InputError(f"a crowd has at least one contributor, not {contributors}.")
    return contributors
