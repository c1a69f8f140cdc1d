"""A crowd as vectors: what candidates would answer, without training them.

A contributor's texts sit at a point of the embedding space; a group's candidate goes part of the way from the
base to its members' mean. Scores and points are then the platform's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.events import CandidateEvaluated, Event
from crowdsft.rounds.evaluation import score_outputs

Floats = NDArray[np.float64]
SAMPLES = 200


@dataclass(slots=True)
class SampleCrowd:
    """Where the contributors and the model stand.

    Args:
        target: float64[d].
        base: float64[d]; where the model is now.
        vectors: Each contributor's place.
        noise: Standard deviation of each coordinate of an answer.
        places: Of the base and the candidates of the last round.
    """

    target: Floats
    base: Floats
    vectors: dict[str, Floats]
    noise: float = 0.03
    places: list[Floats] = field(default_factory=list)

    @classmethod
    def around(cls, state: CampaignState, names: list[str], *, distance: float, seed: int) -> SampleCrowd:
        """Contributors of mixed quality between a base, `distance` away from the target, and the target."""
        assert state.target is not None
        rng = np.random.default_rng(seed)
        target = np.array(state.target.target)
        direction = rng.normal(size=len(target))
        base = target + distance * direction / np.linalg.norm(direction)
        quality = rng.beta(2.2, 1.6, size=len(names))
        spread = rng.normal(size=(len(names), len(target))) * 0.12
        places = base + quality[:, None] * (target - base) * 1.25 + spread
        return cls(target, base, dict(zip(names, places, strict=True)))

    def evaluated(self, current: RoundState, step: float, distance: str, rng_seed: int) -> tuple[Event, ...]:
        """The evaluations of a round whose candidates go the share `step` towards their members' mean."""
        rng = np.random.default_rng([rng_seed, current.number])
        common = rng.normal(size=(SAMPLES, len(self.target))) * self.noise
        places = [self.base]
        for group, candidate in zip(current.groups, current.candidates, strict=True):
            mean = np.average([self.vectors[name] for name in group], axis=0, weights=candidate.weights)
            places.append(self.base + step * (mean - self.base))
        rows = [place + common + rng.normal(size=common.shape) * self.noise / 4 for place in places]
        scores = score_outputs(rows, self.target, UTILITIES.make(distance), 0.95)
        self.places = places
        return tuple(
            CandidateEvaluated(current.number, group, score, score, None, "0" * 64, 1.0, 0.5)
            for group, score in zip([None, *range(len(current.groups))], scores, strict=True)
        )

    def move(self, winner: int | None) -> None:
        """The winner becomes the base."""
        if winner is not None:
            self.base = self.places[winner + 1]
