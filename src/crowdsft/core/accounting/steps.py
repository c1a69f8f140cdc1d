"""How far a candidate goes from the base to its members' mean, when nobody says so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

COARSE = (1.0, 0.7, 0.5, 0.35, 0.25, 0.18, 0.125, 0.09, 0.06, 0.04)
MOST_REFINEMENTS = 15  # each tries both sides of the best step at a third of the distance
FLAT = 0.5  # log likelihood; where both neighbours of a step are as likely as this, it is fine enough
FIRST_ROWS = 96  # measured models looked at: the base moves most in the first rounds, and more cost time


def most_likely_step(unlikelihood: Callable[[float], float], *, better_by: float = 2.0) -> float:
    """The step in (0, 1] of least unlikelihood; 1 when none is clearly more likely than 1.

    The search stops where a finer step makes no difference: soon under noise, late without.

    Args:
        unlikelihood: Minus the log likelihood of what was measured, given a step.
        better_by: How much less unlikely than 1 another step must be.
    """
    found = {step: unlikelihood(step) for step in COARSE}
    best = min(found, key=found.__getitem__)
    if found[best] > found[1.0] - better_by:
        return 1.0
    gap = float(np.log(COARSE[0] / COARSE[-1])) / (len(COARSE) - 1)
    for _ in range(MOST_REFINEMENTS):
        gap /= 3
        sides = (best * float(np.exp(-gap)), min(1.0, best * float(np.exp(gap))))
        found.update({step: unlikelihood(step) for step in sides})
        if max(found[step] for step in sides) - found[best] < FLAT:
            break
        best = min(found, key=found.__getitem__)
    return best
