"""Who has how many points, most first: places that equal points share, found without going through everybody."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """One contributor of a ranking; who has as many points has the same `rank`, and the ranks after it are left out."""

    rank: int
    contributor: str
    points: int


class Ranking:
    """Everybody with points, most first; of equal ones the order says nothing (it is that of random identifiers)."""

    def __init__(self, points: Mapping[str, int]) -> None:
        self._order = sorted((-amount, name) for name, amount in points.items() if amount > 0)
        self._points = points

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, part: slice) -> list[Place]:
        """The places of a part of the list."""
        return [
            Place(1 + bisect_left(self._order, (minus, "")), name, -minus)
            for minus, name in self._order[part]
        ]

    def index_of(self, contributor: str | None) -> int | None:
        """Where somebody stands in the list, counted from 0; None without points."""
        amount = self._points.get(contributor, 0) if contributor is not None else 0
        return bisect_left(self._order, (-amount, contributor or "")) if amount > 0 else None

    def around(self, contributor: str | None, neighbours: int) -> tuple[int, int]:
        """The part of the list with somebody and so many neighbours on either side; empty without points."""
        index = self.index_of(contributor)
        if index is None:
            return 0, 0
        return max(0, index - neighbours), min(len(self), index + neighbours + 1)
