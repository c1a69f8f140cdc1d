"""Minus the Manhattan distance to the target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crowdsft.core.evaluation.base import Floats, checked_pair, checked_values


@dataclass(frozen=True, slots=True)
class Manhattan:
    """-|x - target|_1. Source: the paper's "l1_norm"."""

    def utility(self, embeddings: Floats, target: Floats) -> Floats:
        """float64[...]: minus the distance, at most 0. Raises: see `checked_pair` and `checked_values`."""
        points, goal = checked_pair(embeddings, target)
        return checked_values(-np.abs(points - goal).sum(axis=-1))

    def gradient(self, embeddings: Floats, target: Floats) -> Floats:
        """float64[..., d]: +1, 0 or -1 in each coordinate, towards the target."""
        points, goal = checked_pair(embeddings, target)
        signs: Floats = np.sign(goal - points)
        return signs
