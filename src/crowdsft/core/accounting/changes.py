"""Contributors whose work changes for good: found in the evidence, and counted as another from then on.

Estimates take every contributor as one vector. Who does good work until trusted, and none afterwards, would go on
being paid for the good work. First the round is looked for before which everybody may have changed a little: one
who changes among many is lost in what looks like noise, but all together show when it was. Then those who
seem to have changed most are taken, as many as makes the evidence most likely; and so on, until another change is
no longer clearly more likely than none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.accounting.crowd import Crowd
from crowdsft.core.accounting.decoding import PENALTIES, most_likely_penalty

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SHORTEST = 4  # rounds before and after a change; less tells nothing
SPARE_ROWS = 10  # differences that must be left over when everybody is known
ROUNDING = 1e-6  # of the size of outcomes; smaller residuals say nothing
SMALLEST = 1e-10  # singular values below this share of the largest are zero
SIZE = 0.5  # of changes over all contributors, in units of how much contributors differ: most do not change
SURELY = 5.0  # log likelihood, beyond twice the logarithm of the number of rounds
MOST_CHANGES = 4  # rounds in which somebody changes
COUNTS_TRIED = STARTS_TRIED = 24  # at first; then nearer to the best


@dataclass(frozen=True, slots=True)
class Change:
    """From round `start` (an index) on, contributor `who` (an index) is another."""

    who: int
    start: int


@dataclass(frozen=True, slots=True)
class Eras:
    """A crowd in which who changed counts as one more contributor.

    Args:
        crowd: M eras; those of contributor i have the name of i.
        owner: int64[M]; whose each is, an index into the crowd that was split.
    """

    crowd: Crowd
    owner: Integers

    def people_of(self, clusters: Integers) -> Integers:
        """int64[N]: clusters int64[M] of eras as clusters of contributors, who belong where they were longest."""
        rounds = self.crowd.present.sum(axis=0)
        order = np.lexsort((np.arange(len(rounds)), -rounds, self.owner))
        longest = order[np.unique(self.owner[order], return_index=True)[1]]
        labels = clusters[longest]
        _, first, of = np.unique(labels, return_index=True, return_inverse=True)
        return np.asarray(first[of], dtype=np.int64)


def unchanged(crowd: Crowd) -> Eras:
    """Everybody is one."""
    return Eras(crowd, np.arange(len(crowd)))


def split_at(crowd: Crowd, changes: Sequence[Change]) -> Eras:
    """Split contributors at their changes."""
    if not changes:
        return unchanged(crowd)
    starts: dict[int, list[int]] = {}
    for change in changes:
        starts.setdefault(change.who, [0]).append(change.start)
    owner = np.array([who for who in range(len(crowd)) for _ in starts.get(who, [0])], dtype=np.int64)
    start = np.array([s for who in range(len(crowd)) for s in sorted(starts.get(who, [0]))], dtype=np.int64)
    is_last = np.append(owner[1:] != owner[:-1], True)
    end = np.where(is_last, len(crowd.weights), np.append(start[1:], 0))
    rounds = np.arange(len(crowd.weights))[:, None]
    lasts = (rounds >= start) & (rounds < end)
    took_part = (crowd.present[:, owner] & lasts).any(axis=0)
    owner, lasts = owner[took_part], lasts[:, took_part]
    eras = Crowd(
        names=tuple(crowd.names[who] for who in owner),
        bystanders=crowd.bystanders,
        weights=tuple(w[:, owner] * now for w, now in zip(crowd.weights, lasts, strict=True)),
        present=crowd.present[:, owner] & lasts,
    )
    return Eras(eras, owner)


def find_changes(crowd: Crowd, centroids: Sequence[Floats]) -> list[Change]:
    """Who surely changed, and before which round.

    Args:
        crowd: N contributors in T rounds.
        centroids: One float64[G, d] per round: what the members of each group mixed to, up to what is common
            to a round's groups.

    Source: not in the paper. Bayes factors between linear models of the differences between groups.
    """
    bases = [_contrasts(len(weights)) for weights in crowd.weights]
    rows = np.concatenate([basis @ weights for basis, weights in zip(bases, crowd.weights, strict=True)])
    outcomes = np.concatenate([basis @ seen for basis, seen in zip(bases, centroids, strict=True)])
    round_of = np.repeat(np.arange(len(bases)), [len(basis) for basis in bases])
    model, found = rows, list[Change]()
    for _ in range(MOST_CHANGES):
        if len(outcomes) < model.shape[1] + SPARE_ROWS:
            break
        rest, dimensions = _left_over(model, outcomes)
        if (rest**2).sum() <= ROUNDING**2 * (outcomes**2).sum():
            break
        before = _unlikelihood(model, outcomes)
        start, after = _likeliest_start(model, rows, outcomes, round_of)
        scale = dimensions / outcomes.shape[1]
        needed = SURELY + 2 * np.log(len(bases))
        if (before - after) * scale < needed:
            break
        later = rows * (round_of >= start)[:, None]
        who = _likeliest_who(model, later, outcomes)
        if (before - _unlikelihood(np.hstack([model, later[:, who]]), outcomes)) * scale < needed:
            break
        model = np.hstack([model, later[:, who]])
        found += [Change(index, start) for index in who.tolist() if _is_present(crowd, index, start)]
    return found


def _is_present(crowd: Crowd, who: int, start: int) -> bool:
    """Whether there is something to be split."""
    return bool(crowd.present[:start, who].any() and crowd.present[start:, who].any())


def _left_over(model: Floats, outcomes: Floats) -> tuple[Floats, float]:
    """What the model cannot explain, float64[K, d], and in how many dimensions it varies."""
    left, size, _ = np.linalg.svd(model, full_matrices=False)
    left = left[:, size > SMALLEST * size[0]]
    rest = outcomes - left @ (left.T @ outcomes)
    covariance = rest.T @ rest
    return rest, float(np.trace(covariance)) ** 2 / max(float((covariance**2).sum()), 1e-300)


def _likeliest_start(model: Floats, rows: Floats, outcomes: Floats, round_of: Integers) -> tuple[int, float]:
    """Before which round it is most likely that some contributors changed, and how unlikely all is then."""

    def unlikelihood(start: int) -> float:
        later = rows * (round_of >= start)[:, None]
        return _unlikelihood(np.hstack([model, SIZE * later]), outcomes)

    last = int(round_of[-1]) + 1 - SHORTEST
    gap = max(2, last // STARTS_TRIED)
    found = {start: unlikelihood(start) for start in range(SHORTEST, last + 1, gap)}
    if not found:
        return 0, np.inf
    while gap > 1:
        gap //= 2
        best = min(found, key=found.__getitem__)
        sides = [start for start in (best - gap, best + gap) if SHORTEST <= start <= last]
        found |= {start: unlikelihood(start) for start in sides if start not in found}
    best = min(found, key=found.__getitem__)
    return best, found[best]


def _likeliest_who(model: Floats, later: Floats, outcomes: Floats) -> Integers:
    """Indices of those who changed: those who seem to have changed most, as many as is most likely."""
    seen = _solved(np.hstack([model, SIZE * later]), outcomes)[model.shape[1] :]
    order = np.argsort(-(seen**2).sum(axis=1), kind="stable")
    counts = np.unique(np.geomspace(1, len(order), COUNTS_TRIED).round().astype(np.int64))

    def unlikelihood(count: int) -> float:
        return _unlikelihood(np.hstack([model, later[:, order[:count]]]), outcomes)

    return np.asarray(order[: min(counts.tolist(), key=unlikelihood)])


def _solved(model: Floats, outcomes: Floats) -> Floats:
    """float64[M, d]: the coefficients that are most likely with the most likely penalty."""
    left, size, right = np.linalg.svd(model, full_matrices=False)
    is_real = size > SMALLEST * size[0]
    left, size, right = left[:, is_real], size[is_real], right[is_real]
    _, penalty = _with_penalty(left, size, outcomes)
    return np.asarray(right.T @ ((size / (size**2 + penalty))[:, None] * (left.T @ outcomes)))


def _unlikelihood(model: Floats, outcomes: Floats) -> float:
    """Minus the log likelihood of the outcomes, columns' coefficients independent and of one size."""
    left, size, _ = np.linalg.svd(model, full_matrices=False)
    is_real = size > SMALLEST * size[0]
    return _with_penalty(left[:, is_real], size[is_real], outcomes)[0]


def _with_penalty(left: Floats, size: Floats, outcomes: Floats) -> tuple[float, float]:
    seen = left.T @ outcomes
    unseen = ((outcomes - left @ seen) ** 2).sum(axis=0)
    return most_likely_penalty(size**2, seen**2, unseen, rows=len(outcomes), tried=PENALTIES * size[0] ** 2)


def _contrasts(groups: int) -> Floats:
    """float64[G - 1, G]: orthonormal differences between groups."""
    basis: Floats = np.linalg.qr(np.hstack([np.ones((groups, 1)), np.eye(groups)[:, 1:]]))[0][:, 1:].T
    return basis
