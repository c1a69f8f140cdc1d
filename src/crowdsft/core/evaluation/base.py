"""What an evaluation of embeddings is, and the checks that all evaluations share."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crowdsft.core.errors import EvaluationError, InputError

Floats = NDArray[np.float64]


class Utility(Protocol):
    """How well embeddings fit a target: higher is better, always.

    Laws, for every entry of `UTILITIES`:
        - one number per embedding: leading axes broadcast, the last axis (the d dimensions) is used up;
        - a distance is negated here, once, so that no caller ever compares the wrong way round;
        - `gradient` is the derivative of `utility` by the embedding, 0 where there is none
          (at the target itself, or in an equal coordinate);
        - a moved origin moves nothing for the distances; a longer target changes only the scale of the
          inner product;
        - a NaN or an infinity, in or out, is an `EvaluationError`, never a number.

    Source: the paper's three evaluations (experiment 3): L2 norm, L1 norm, inner product.
    """

    def utility(self, embeddings: Floats, target: Floats) -> Floats:
        """float64[...] for embeddings and target float64[..., d], whose leading axes broadcast."""
        ...

    def gradient(self, embeddings: Floats, target: Floats) -> Floats:
        """float64[..., d]: the change of utility per unit of change in each coordinate of the embeddings."""
        ...


def checked_pair(embeddings: ArrayLike, target: ArrayLike) -> tuple[Floats, Floats]:
    """Both as float64, of equal dimension and finite.

    Raises:
        InputError: when the two have different numbers of dimensions in their last axis.
        EvaluationError: when either holds a NaN or an infinity.
    """
    points = np.asarray(embeddings, dtype=np.float64)
    goal = np.asarray(target, dtype=np.float64)
    if points.ndim == 0 or goal.ndim == 0 or points.shape[-1] != goal.shape[-1]:
        raise InputError(
            f"embeddings of shape {points.shape} cannot be compared with a target of shape {goal.shape}: "
            "their last axes must have the same length. Use one embedding for both."
        )
    for name, array in (("the embeddings", points), ("the target", goal)):
        if not np.isfinite(array).all():
            bad = int(np.size(array) - np.isfinite(array).sum())
            raise EvaluationError(
                f"{bad} of {array.size} numbers in {name} are NaN or infinite: there is no utility. "
                "Look at the outputs that were embedded; the usual cause is empty output."
            )
    return points, goal


def checked_values(values: Floats) -> Floats:
    """`values`, when all of them are finite.

    Raises:
        EvaluationError: when the embeddings are so large that a utility overflowed.
    """
    if not np.isfinite(values).all():
        raise EvaluationError(
            "a utility is NaN or infinite although the embeddings are finite: they are too large for "
            "double precision. Scale the embeddings down."
        )
    return values
