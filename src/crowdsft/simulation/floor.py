"""How near to the target a model can come at all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from crowdsft.simulation.world import World

Floats = NDArray[np.float64]


def floor_distances(world: World) -> Floats:
    """float64[R]: Euclidean distance of the target to the convex hull of the contributors and the start.

    Every step is towards a weighted mean of contributors, so a model never leaves that hull.
    """
    corners = np.concatenate([world.contributors, world.starts[:, None, :]], axis=1)
    return np.array([distance_to_hull(c, t) for c, t in zip(corners, world.targets, strict=True)])


def distance_to_hull(corners: Floats, target: Floats) -> float:
    """Euclidean distance of `target` (float64[d]) to the convex hull of `corners` (float64[m, d]).

    With the target as origin, least squares with non-negative weights w of |C'w|^2 + (1 - sum w)^2 has its
    minimum at a multiple of the nearest point's weights: for w = s u with u on the simplex, the best s gives
    D / (1 + D) with D = |C'u|^2, which grows with D.
    """
    offsets = corners - target
    scale = np.abs(offsets).max()
    if scale == 0:
        return 0.0
    rows = np.vstack([offsets.T / scale, np.ones(len(corners))])
    weights, _ = nnls(rows, np.append(np.zeros(len(target)), 1.0), maxiter=30 * len(corners))
    return float(np.linalg.norm(weights @ offsets / weights.sum()))
