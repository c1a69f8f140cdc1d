"""The world of a run: contributors, the expert to come near to, and where the model starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import InputError
from crowdsft.core.seeds import derive_rng, derive_seed

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class World:
    """R independent runs with n contributors in d dimensions each.

    Args:
        contributors: float64[R, n, d]; where a model trained on one contributor alone would end.
        targets: float64[R, d]; the expert.
        starts: float64[R, d]; the model before the first round.
        experts: int64[R]; which row of the vectors became the expert.
        seeds: The runs' seeds.
    """

    contributors: Floats
    targets: Floats
    starts: Floats
    experts: NDArray[np.int64]
    seeds: tuple[int, ...]

    def only(self, run: int) -> World:
        """The world of one run."""
        one = slice(run, run + 1)
        return World(
            self.contributors[one], self.targets[one], self.starts[one], self.experts[one], self.seeds[one]
        )


def run_seeds(seed: int, runs: int) -> tuple[int, ...]:
    """`seed` and `runs` - 1 seeds derived from it; a run alone, started with its seed, repeats itself."""
    return (seed, *(derive_seed(seed, "run", run) for run in range(1, runs)))


def draw_world(
    vectors: Floats, *, users: int, seeds: Sequence[int], start_range: tuple[float, float] | None = None
) -> World:
    """Worlds as the paper draws them: of the first `users` + 1 vectors one, by chance, becomes the expert.

    Args:
        vectors: float64[m, d], m > users.
        users: Number of contributors.
        seeds: One per run; a run's world depends on its own seed only.
        start_range: The start is uniform in this interval in every dimension (the paper: 0 to 5, the range
            of ratings); None means from the smallest to the largest number in `vectors`.

    Raises:
        InputError: when there are too few vectors, or they are not finite numbers.

    Source: experiment 3; the data are always the first rows, so there are only `users` + 1 experts.
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    if vectors.ndim != 2 or vectors.shape[1] == 0:
        raise InputError(
            f"vectors have shape {vectors.shape}; expected (users, dimensions), at least one of each."
        )
    if users < 1 or len(vectors) < users + 1:
        raise InputError(
            f"{users} users were asked for, but there are {len(vectors)} vectors and one of them becomes the "
            f"expert. Choose between 1 and {len(vectors) - 1} users, or give more vectors."
        )
    if not np.isfinite(vectors).all():
        raise InputError("vectors must be finite numbers; replace missing ones before simulating.")
    low, high = start_range or (float(vectors.min()), float(vectors.max()))
    first = vectors[: users + 1]
    chances = [derive_rng(seed, "world") for seed in seeds]
    experts = np.array([chance.integers(users + 1) for chance in chances])
    return World(
        contributors=np.stack([np.delete(first, expert, axis=0) for expert in experts]),
        targets=first[experts],
        starts=np.stack([chance.uniform(low, high, vectors.shape[1]) for chance in chances]),
        experts=experts,
        seeds=tuple(seeds),
    )
