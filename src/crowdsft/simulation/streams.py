"""One random stream per run behind the interface of a single generator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class RunStreams(np.random.Generator):
    """A generator whose first axis is the run: row r comes from run r's own stream.

    A run then meets the same chance whether it is simulated alone or beside others, so each run of a
    batch can be repeated by its seed. Only `random` and `standard_normal` are split over runs; the other
    methods raise, so that no caller mixes streams unnoticed.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        super().__init__(np.random.PCG64(0))
        self._streams = tuple(np.random.default_rng(seed) for seed in seeds)

    def random(self, size: Any = None, *_: Any, **__: Any) -> Any:
        """float64[R, ...]: uniform in [0, 1). size: the shape, with R in front."""
        rest = self._rest(size)
        return np.stack([stream.random(rest) for stream in self._streams])

    def standard_normal(self, size: Any = None, *_: Any, **__: Any) -> Any:
        """float64[R, ...]: standard normal. size: the shape, with R in front."""
        rest = self._rest(size)
        return np.stack([stream.standard_normal(rest) for stream in self._streams])

    def _rest(self, size: Any) -> tuple[int, ...]:
        shape = tuple(size) if isinstance(size, (tuple, list)) else (size,)
        if shape[0] != len(self._streams):
            raise TypeError(
                f"a shape {shape} does not start with the {len(self._streams)} runs of these streams"
            )
        return shape[1:]
