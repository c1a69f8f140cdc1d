"""One random stream per run behind the interface of a single generator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESERVE = 4_096  # numbers drawn at once from each stream: calling R generators for a few each is slow


class RunStreams(np.random.Generator):
    """A generator whose first axis is the run: row r comes from run r's own streams.

    A run then meets the same chance whether it is simulated alone or beside others, so each run of a
    batch can be repeated by its seed. Only `random` and `standard_normal` are split over runs, and each has
    streams of its own.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        super().__init__(np.random.PCG64(0))
        uniform, normal = ([np.random.default_rng([seed, kind]) for seed in seeds] for kind in (0, 1))
        self._uniform = _Reserve([stream.random for stream in uniform])
        self._normal = _Reserve([stream.standard_normal for stream in normal])

    def random(self, size: Any = None, *_: Any, **__: Any) -> Any:
        """float64[R, ...]: uniform in [0, 1). size: the shape, with R in front."""
        return self._uniform.take(size)

    def standard_normal(self, size: Any = None, *_: Any, **__: Any) -> Any:
        """float64[R, ...]: standard normal. size: the shape, with R in front."""
        return self._normal.take(size)


class _Reserve:
    """Numbers drawn ahead, float64[R, ...], and the methods (one per run) that draw more."""

    def __init__(self, draw: Sequence[Callable[[int], Floats]]) -> None:
        self._draw = draw
        self._drawn: Floats = np.empty((len(draw), 0))
        self._used = 0

    def take(self, size: Any) -> Floats:
        shape = tuple(size) if isinstance(size, (tuple, list)) else (size,)
        if shape[0] != len(self._draw):
            raise TypeError(
                f"a shape {shape} does not start with the {len(self._draw)} runs of these streams"
            )
        count = prod(shape[1:])
        if self._used + count > self._drawn.shape[1]:
            fresh = np.stack([draw(max(RESERVE, count)) for draw in self._draw])
            self._drawn = np.concatenate([self._drawn[:, self._used :], fresh], axis=1)
            self._used = 0
        taken = self._drawn[:, self._used : self._used + count].reshape(shape)
        self._used += count
        return taken.copy()
