"""The distance of outputs to the target, in the campaign's embedding."""

from __future__ import annotations

from dataclasses import dataclass

from crowdsft.judging.base import Case, Floats


@dataclass(frozen=True, slots=True)
class EmbeddingJudge:
    """The campaign's evaluation of each output's embedding: minus its distance to the target.

    Source: paper section III.
    """

    def utilities(self, case: Case) -> list[Floats]:
        """float64[m] for each model; see `Judge.utilities`."""
        return [case.distance.utility(rows, case.target) for rows in case.embeddings]
