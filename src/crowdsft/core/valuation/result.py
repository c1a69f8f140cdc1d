"""What a valuation found: values, how sure it is of them, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import InputError
from crowdsft.core.valuation.samples import Samples

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Valuation:
    """Values of the n players of one game.

    Args:
        method: Name of the method that found them.
        values: float64[n]; in the game's own unit.
        errors: float64[n]; standard error of each value; 0 where the value is exact.
        evaluations: How many coalitions were evaluated.
        total: v(all) - v(nobody); what an efficient method's values sum to.
        degrees: Degrees of freedom of the errors; infinity when they are known well.
        samples: The evaluated coalitions, from which the valuation can go on; None where they are not kept.
    """

    method: str
    values: Floats
    errors: Floats
    evaluations: int
    total: float
    degrees: float = float("inf")
    samples: Samples | None = field(default=None, repr=False)

    @property
    def efficiency_gap(self) -> float:
        """|sum of the values - (v(all) - v(nobody))|."""
        return abs(float(self.values.sum()) - self.total)

    def intervals(self, confidence: float = 0.95) -> Floats:
        """Confidence intervals of the values, each by itself.

        Args:
            confidence: Probability that an interval covers its value, in (0, 1).

        Returns:
            float64[n, 2]; lower and upper ends, from Student's t with `degrees` degrees of freedom.

        Raises:
            InputError: A confidence outside (0, 1).
        """
        from scipy.special import ndtri, stdtrit  # here, so that processes that only read values stay light

        if not 0 < confidence < 1:
            raise InputError(
                f"a confidence of {confidence} is no probability; give a number between 0 and 1."
            )
        upper = 0.5 + confidence / 2
        quantile = float(ndtri(upper) if np.isinf(self.degrees) else stdtrit(self.degrees, upper))
        half = np.where(self.errors > 0, quantile * self.errors, 0.0)
        return np.stack([self.values - half, self.values + half], axis=1)
