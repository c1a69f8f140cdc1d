"""What rounds have shown about each contributor's effect, added up: the evidence of multiplicative weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.evidence import RoundRecord
from crowdsft.core.grouping.design import Design, blank_design, spread_of_groups

Floats = NDArray[np.float64]

ASSUMED_NOISE = (
    0.2  # of a group's value, in units of the spread between groups; measured noise slows learning
)


@dataclass(frozen=True, slots=True)
class Merit:
    """Sums over rounds of contributors' estimated effects on the value of a group they are in.

    A group's value beyond the round's mean is taken as linear in its weights. After each round the effects
    are estimated from all rounds so far (Bayesian linear regression, one rank-G update per round), and each
    participant's estimate is added to the own sum: a gradient that multiplicative weights follow. Crediting
    members with their group's result alone is simpler and noisier, since heavy members decide that result.

    Values are divided by their root mean square so far, so that a rate means the same for every utility and
    every early and late round.

    Args:
        sums: float64[R, n]; what weights are made of.
        effects: float64[R, n]; the newest estimates, in units of the spread between contributors.
        design: What is known about the effects.
        squares: float64[R]; sum of the squared differences of all groups so far.
        count: How many differences (rounds times groups) have been squared.
    """

    sums: Floats
    effects: Floats
    design: Design
    squares: Floats
    count: int

    def after(self, values: Floats, weights: Floats) -> Merit:
        """The merit after one more round.

        Args:
            values: float64[R, G]; utility of each group's candidate, higher is better.
            weights: float64[R, G, n]; the weights that members had in their groups, 0 outside.
        """
        differences = values - values.mean(axis=1, keepdims=True)
        squares = self.squares + (differences**2).sum(axis=1)
        count = self.count + values.shape[1]
        scale = np.sqrt(squares / count / spread_of_groups(weights))[:, None]
        outcomes = np.divide(differences, scale, out=np.zeros_like(differences), where=scale > 0)
        rows = weights - weights.mean(axis=1, keepdims=True)
        design, gain = self.design.learn(weights)
        surprise = outcomes[..., None] - rows @ self.effects[..., None]
        effects = self.effects + (gain @ surprise)[..., 0]
        took_part = (weights > 0).any(axis=1)
        return Merit(self.sums + np.where(took_part, effects, 0.0), effects, design, squares, count)


def no_merit(runs: int, contributors: int) -> Merit:
    """The merit before the first round."""
    nothing = np.zeros((runs, contributors))
    design = blank_design(runs, contributors, noise=ASSUMED_NOISE)
    return Merit(nothing, nothing, design, np.zeros(runs), 0)


def merit_from_records(records: Sequence[RoundRecord], contributors: Sequence[str]) -> Merit:
    """The merit of `contributors` (one run, in their order) after a campaign's finished rounds.

    Who missed a round neither gains nor loses in it; those who left help to tell what the others did.
    """
    column = {name: index for index, name in enumerate(contributors)}
    for record in records:
        for name in record.contributors:
            column.setdefault(name, len(column))
    merit = no_merit(1, len(column))
    for record in records:
        weights = np.zeros((1, len(record.values), len(column)))
        weights[0][:, [column[name] for name in record.contributors]] = record.weights
        merit = merit.after(record.values[None, :], weights)
    here = slice(len(contributors))
    design = Design(merit.design.explained[:, :, here], merit.design.noise)
    return Merit(merit.sums[:, here], merit.effects[:, here], design, merit.squares, merit.count)
