"""Minus the Euclidean distance to the target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crowdsft.core.evaluation.base import Floats, checked_pair, checked_values


@dataclass(frozen=True, slots=True)
class Euclidean:
    """-|x - target|_2. Source: the paper's "l2_norm"."""

    def utility(self, embeddings: Floats, target: Floats) -> Floats:
        """float64[...]: minus the distance, at most 0. Raises: see `checked_pair` and `checked_values`."""
        points, goal = checked_pair(embeddings, target)
        away = points - goal
        return checked_values(-np.sqrt(np.einsum("...i,...i->...", away, away)))

    def gradient(self, embeddings: Floats, target: Floats) -> Floats:
        """float64[..., d]: the unit vector towards the target, 0 at the target."""
        points, goal = checked_pair(embeddings, target)
        towards = goal - points
        length = np.sqrt(np.einsum("...i,...i->...", towards, towards))[..., None]
        unit: Floats = np.divide(towards, length, out=np.zeros_like(towards), where=length > 0)
        return unit
