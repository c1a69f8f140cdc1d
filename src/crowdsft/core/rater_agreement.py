"""Do people who judge the same items agree? Per cent agreement and Krippendorff's alpha, over all and for each person.

Alpha is 1 where all agree, 0 where they agree as often as answers drawn by chance would, and below 0 where they agree
less than that. Any number of people may have judged each item. Items with one judgement say nothing about agreement
and are left out.

Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011). A person's own alpha is ours: the same
formula with the person's pairs alone in the observed disagreement. The whole's alpha is the mean of these, weighed by
judgements.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Scale = Literal["nominal", "ordinal", "interval"]
Missing = Literal["", "nobody_else", "all_the_same"]
Reading = Literal["unknown", "few", "chance", "low", "fair", "high"]

ENOUGH_ITEMS = 10
"""Below, alpha moves so much with a single answer that it is put into no words."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one person said about one item; `value` is a category or a rating."""

    person: str
    item: str
    value: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far judgements agree.

    Args:
        items: With at least two judgements (of a person: that others have judged, too).
        judgements: About these items (of a person: the person's own).
        share: Of pairs of judgements about an item, how many agree; each judgement counts once. None without pairs.
        alpha: None where it is not defined; then `missing` says why.
        missing: "nobody_else": no item was judged by two; "all_the_same": everybody gave the same answer to
            everything, so that nobody can tell agreement from habit.
    """

    items: int
    judgements: int
    share: float | None
    alpha: float | None
    missing: Missing

    @property
    def reading(self) -> Reading:
        """Alpha in a word, by Krippendorff's customary bounds (.8 and .667); "few" below `ENOUGH_ITEMS` items."""
        if self.alpha is None:
            return "unknown"
        if self.items < ENOUGH_ITEMS:
            return "few"
        bounds: tuple[tuple[float, Reading], ...] = ((0.8, "high"), (0.667, "fair"), (0.2, "low"))
        return next((word for bound, word in bounds if self.alpha >= bound), "chance")


def rater_agreement(
    judgements: Iterable[Judgement], scale: Scale, *, within: int = 0
) -> tuple[Agreement, Mapping[str, Agreement]]:
    """How far all agree, and each person with the others.

    Args:
        judgements: In any order; one of each person about each item (of two, the later counts).
        scale: nominal for categories, ordinal for ranks, interval where distances between values mean something.
        within: How far apart two values may be that count as agreeing in `share`. Alpha does not depend on it.

    Returns:
        The whole, and by person; each person with a judgement is there.
    """
    by_item: defaultdict[str, dict[str, int]] = defaultdict(dict)
    people: set[str] = set()
    for one in judgements:
        by_item[one.item][one.person] = one.value
        people.add(one.person)
    shared = [given for given in by_item.values() if len(given) > 1]
    totals = Counter(value for given in shared for value in given.values())
    values = sorted(totals)
    place = {value: index for index, value in enumerate(values)}
    counts = np.array([totals[value] for value in values], dtype=np.float64)
    distances = _distances(np.array(values, dtype=np.float64), counts, scale)
    agrees = np.abs(np.subtract.outer(values, values)) <= within
    by_chance = _disagreement_by_chance(counts, distances)
    sums: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for given in shared:
        held = np.bincount([place[value] for value in given.values()], minlength=len(values))
        apart, alike = distances @ held, agrees @ held
        for person, value in given.items():
            mine = sums[person]
            mine[0] += 1
            mine[1] += float(apart[place[value]]) / (len(given) - 1)  # the distance to oneself is 0
            mine[2] += float(alike[place[value]] - 1) / (len(given) - 1)
    of_person = {
        person: _agreement(int(items), int(items), apart, alike, by_chance)
        for person, (items, apart, alike) in ((person, sums[person]) for person in sorted(people))
    }
    apart_of_all, alike_of_all = (sum(row[column] for row in sums.values()) for column in (1, 2))
    return _agreement(len(shared), int(counts.sum()), apart_of_all, alike_of_all, by_chance), of_person


def _agreement(items: int, judgements: int, apart: float, alike: float, by_chance: float) -> Agreement:
    if judgements == 0:
        return Agreement(0, 0, None, None, "nobody_else")
    share = alike / judgements
    if by_chance == 0.0:
        return Agreement(items, judgements, share, None, "all_the_same")
    return Agreement(items, judgements, share, 1.0 - apart / judgements / by_chance, "")


def _distances(values: Floats, counts: Floats, scale: Scale) -> Floats:
    """float64[v, v]: how far apart two values are, squared.

    Args:
        values: float64[v], ascending.
        counts: float64[v]; how often each was given.
    """
    if scale == "nominal":
        return np.asarray(1.0 - np.eye(len(values)))
    ranks = np.cumsum(counts) - counts / 2 if scale == "ordinal" else values
    return np.asarray(np.subtract.outer(ranks, ranks) ** 2, dtype=np.float64)


def _disagreement_by_chance(counts: Floats, distances: Floats) -> float:
    """The mean distance between two of all judgements about shared items."""
    total = counts.sum()
    return float(counts @ distances @ counts / (total * (total - 1))) if total > 1 else 0.0
