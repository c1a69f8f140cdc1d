"""A round's judges together: what each says about a sample, and what follows for every model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.combined_utility import Opinion, combined, spread_of
from crowdsft.core.events import JudgeScore
from crowdsft.core.selection import paired_difference
from crowdsft.core.settings.judging import JudgingSection
from crowdsft.judging import Case, Judge
from crowdsft.judging.base import checked_rows

Floats = NDArray[np.float64]

UTILITY_DECIMALS = 9


@dataclass(frozen=True, slots=True)
class Panel:
    """The judges of a campaign, ready to be asked.

    Args:
        settings: Their weights, and who is a guard.
        judges: By name, in the order in which they are asked.
        scales: Each judge's unit, as the campaign's first measurement journaled it; empty before that.
        level: The score of the round's base, as the rounds before left it; 0 for the first base.
    """

    settings: JudgingSection
    judges: Mapping[str, Judge]
    scales: Mapping[str, float]
    level: float

    @property
    def is_alone(self) -> bool:
        """Whether the distance to the target decides, with nobody beside it."""
        return tuple(self.judges) == ("embedding",)

    def opinions(self, case: Case) -> dict[str, Floats]:
        """float64[J + 1, n] of each judge: the base first; n is the judge's own number of rows."""
        return {
            name: np.round(checked_rows(name, judge.utilities(case), len(case.outputs)), UTILITY_DECIMALS)
            for name, judge in self.judges.items()
        }

    def units(self, selection: Mapping[str, Floats]) -> dict[str, float]:
        """What each judge's utilities are divided by: the spread of the first base's rows."""
        return {name: self.scales.get(name) or spread_of(rows[0]) for name, rows in selection.items()}

    def utilities(self, opinions: Mapping[str, Floats], units: Mapping[str, float]) -> Floats:
        """float64[J + 1, m]: what counts; distances as they are where nothing else has weight.

        Everywhere else the score of the round's base is `level`, so that rounds add up.
        """
        if self.settings.is_distance:
            return opinions["embedding"]
        rows = combined(
            [Opinion(rows, self.settings.weight(name), units[name]) for name, rows in opinions.items()]
        )
        return np.asarray(np.round(rows - rows[0].mean() + self.level, UTILITY_DECIMALS))

    def scores(
        self, selection: Mapping[str, Floats], reporting: Mapping[str, Floats], units: Mapping[str, float]
    ) -> list[tuple[JudgeScore, ...]]:
        """For each model what each judge said; nothing where the distance decides alone."""
        models = len(next(iter(selection.values())))
        if self.is_alone:
            return [()] * models
        return [
            tuple(
                self._score(name, model, selection[name], reporting[name], units[name])
                for name in self.judges
            )
            for model in range(models)
        ]

    def _score(self, name: str, model: int, selection: Floats, reporting: Floats, unit: float) -> JudgeScore:
        chosen = paired_difference(selection[model], selection[0])
        told = paired_difference(reporting[model], reporting[0])
        is_guard = name in self.settings.guards
        return JudgeScore(
            judge=name,
            weight=self.settings.weight(name),
            is_guard=is_guard,
            scale=unit,
            rows=selection.shape[1],
            selection_gain=chosen.mean,
            selection_error=chosen.standard_error,
            mean=float(reporting[model].mean()),
            gain=told.mean,
            gain_error=told.standard_error,
            is_harmed=is_guard and chosen.falls_short(self.settings.guard_standard_errors),
        )


def split_pairs(pairs: Sequence[tuple[str, str]], sample: str) -> list[tuple[str, str]]:
    """Every other expert answer for choosing, the rest for reporting: what chose a winner would flatter it."""
    return list(pairs[0::2] if sample == "selection" else pairs[1::2])
