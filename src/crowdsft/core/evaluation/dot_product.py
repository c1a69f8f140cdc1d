"""The inner product with the target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crowdsft.core.evaluation.base import Floats, checked_pair, checked_values


@dataclass(frozen=True, slots=True)
class DotProduct:
    """x . target: rewards going far in the target's direction, not coming near. Source: "dot_product"."""

    def utility(self, embeddings: Floats, target: Floats) -> Floats:
        """float64[...]: the inner product, of either sign. Raises: see `checked_values`."""
        points, goal = checked_pair(embeddings, target)
        return checked_values(np.asarray(np.einsum("...i,...i->...", points, goal)))

    def gradient(self, embeddings: Floats, target: Floats) -> Floats:
        """float64[..., d]: the target itself, whatever the embedding."""
        points, goal = checked_pair(embeddings, target)
        return np.broadcast_to(goal, np.broadcast_shapes(points.shape, goal.shape)).copy()
