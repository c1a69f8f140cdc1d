"""What happened in simulated tournaments, as arrays over runs and rounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.evidence import RoundRecord
from crowdsft.core.weighting import effective_number

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class History:
    """R runs of T rounds with n contributors in G groups, in d dimensions.

    Args:
        assigned: int16[R, T, n]; group of each contributor.
        shares: float64[R, T, n]; each contributor's weight in the own group's centroid (sums to 1 per group).
        influence: float64[R, T, n]; weights of contributors before they are normalised within groups.
        values: float64[R, T, G]; measured utility of each candidate.
        base_values: float64[R, T]; measured utility of the model that the round started from.
        embeddings: float64[R, T, G, d]; measured embedding of each candidate.
        base_embeddings: float64[R, T, d]; the model that the round started from.
        winners: int16[R, T]; the candidate that became the model, -1 where none was better.
        models: float64[R, T + 1, d]; the model before the first round and after each.
        points: float64[R, n]; points after the last round, by the rule that steered the tournament.
    """

    assigned: NDArray[np.int16]
    shares: Floats
    influence: Floats
    values: Floats
    base_values: Floats
    embeddings: Floats
    base_embeddings: Floats
    winners: NDArray[np.int16]
    models: Floats
    points: Floats

    def write_round(
        self,
        t: int,
        assigned: NDArray[np.int64],
        weights: Floats,
        influence: Floats,
        embeddings: Floats,
        values: Floats,
        winners: NDArray[np.int64],
    ) -> None:
        """Enter round `t`; the last of the G + 1 embeddings and values is the model's from which it started."""
        self.assigned[:, t], self.influence[:, t] = assigned, influence
        self.shares[:, t] = np.take_along_axis(weights, assigned[:, None, :], axis=1)[:, 0]
        self.values[:, t], self.base_values[:, t] = values[:, :-1], values[:, -1]
        self.embeddings[:, t], self.base_embeddings[:, t] = embeddings[:, :-1], embeddings[:, -1]
        self.winners[:, t] = winners

    def until(self, rounds: int) -> History:
        """The first `rounds` rounds, without copying; `points` are those after the last round played."""
        cut = slice(None), slice(rounds)
        return History(
            assigned=self.assigned[cut],
            shares=self.shares[cut],
            influence=self.influence[cut],
            values=self.values[cut],
            base_values=self.base_values[cut],
            embeddings=self.embeddings[cut],
            base_embeddings=self.base_embeddings[cut],
            winners=self.winners[cut],
            models=self.models[:, : rounds + 1],
            points=self.points,
        )

    def weights(self, run: int | slice = slice(None)) -> Floats:
        """float64[R, T, G, n] (float64[T, G, n] for one run): rows as in `RoundRecord.weights`."""
        groups = np.arange(self.values.shape[2])[:, None]
        return np.where(self.assigned[run][..., None, :] == groups, self.shares[run][..., None, :], 0.0)

    def effective_contributors(self) -> Floats:
        """float64[R, T]: how many contributors count, (sum w)^2 / sum w^2 of their weights."""
        return effective_number(self.influence)

    def distances(self, targets: Floats) -> Floats:
        """float64[R, T + 1]: Euclidean distance of the model to the target (float64[R, d])."""
        distances: Floats = np.linalg.norm(self.models - targets[:, None, :], axis=2)
        return distances

    def records(self, run: int) -> list[RoundRecord]:
        """One run as a campaign would tell it, for reward policies; contributors are c0001, c0002, ..."""
        rounds, contributors = self.assigned.shape[1:]
        digits = max(4, len(str(contributors)))
        names = tuple(f"c{number:0{digits}}" for number in range(1, contributors + 1))
        weights = self.weights(run)
        return [
            RoundRecord(
                round_number=t + 1,
                contributors=names,
                weights=weights[t],
                base_value=float(self.base_values[run, t]),
                values=self.values[run, t],
                winner=None if self.winners[run, t] < 0 else int(self.winners[run, t]),
                significant=bool(self.winners[run, t] >= 0),
                base_embedding=self.base_embeddings[run, t],
                embeddings=self.embeddings[run, t],
            )
            for t in range(rounds)
        ]


def empty_history(runs: int, rounds: int, groups: int, contributors: int, dimensions: int) -> History:
    """Arrays to be filled round by round."""
    return History(
        assigned=np.empty((runs, rounds, contributors), dtype=np.int16),
        shares=np.empty((runs, rounds, contributors)),
        influence=np.empty((runs, rounds, contributors)),
        values=np.empty((runs, rounds, groups)),
        base_values=np.empty((runs, rounds)),
        embeddings=np.empty((runs, rounds, groups, dimensions)),
        base_embeddings=np.empty((runs, rounds, dimensions)),
        winners=np.empty((runs, rounds), dtype=np.int16),
        models=np.empty((runs, rounds + 1, dimensions)),
        points=np.ones((runs, contributors)),
    )
