"""Made-up campaigns for tests: whole journals without a model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from crowdsft.core.campaign import CampaignState, apply, next_step
from crowdsft.core.events import (
    CampaignFinished,
    CampaignOpened,
    CandidateEvaluated,
    CandidateTrained,
    ContributionRef,
    Event,
    GroupsFormed,
    PointsAwarded,
    RoundClosed,
    RoundFinished,
    RoundOpened,
    SampleScore,
    TargetMeasured,
    WinnerSelected,
)
from crowdsft.core.rewards.base import Award

NAMES = ("ada", "bo", "cy", "di", "ed", "flo")


def settings(**sections: Any) -> dict[str, Any]:
    return {"campaign": {"name": "Test", "seed": 3}, "target": {"emotion": "joy"}, **sections}


def score(mean: float, base: float) -> SampleScore:
    return SampleScore(
        mean, 0.02, mean, mean - 0.04, mean + 0.04, mean - base, 0.02, (0.1, 0.2), (mean, mean)
    )


def evaluated(number: int, group: int | None, mean: float, base: float) -> CandidateEvaluated:
    return CandidateEvaluated(number, group, score(mean, base), score(mean, base), -2.0, "outputs", 0.1, 0.1)


def round_events(
    number: int,
    *,
    lineage: Sequence[str],
    winner: int | None = 0,
    groups: int = 3,
    rng: np.random.Generator,
) -> list[Event]:
    """Everything that happens in one round of six contributors."""
    names = NAMES
    refs = tuple(
        ContributionRef(f"{name}-{number}", name, hashlib.sha256(f"{name}{number}".encode()).hexdigest())
        for name in names
    )
    order = [names[index] for index in rng.permutation(len(names))]
    members = tuple(tuple(sorted(order[group::groups])) for group in range(groups))
    trained = [
        CandidateTrained(number, g, f"adapter-{number}-{g}", 4, 1.5, (1 / len(m),) * len(m), 0.2)
        for g, m in enumerate(members)
    ]
    awards = tuple(Award(name, 10 * (index + 1)) for index, name in enumerate(names))
    won = () if winner is None else (f"adapter-{number}-{winner}",)
    return [
        RoundOpened(number, None),
        RoundClosed(number, refs),
        GroupsFormed(number, members),
        *trained,
        evaluated(number, None, -1.0, -1.0),
        *(evaluated(number, g, -0.9 + 0.01 * g, -1.0) for g in range(groups)),
        WinnerSelected(number, winner, "improved" if winner is not None else "no_improvement", ()),
        PointsAwarded(number, awards if winner is not None else (), 0, 0, number),
        RoundFinished(number, (*lineage, *won)),
    ]


def whole_campaign(
    rounds: int = 2, *, seed: int = 0, winners: Sequence[int | None] = (0, None)
) -> list[Event]:
    """A finished campaign of `rounds` rounds."""
    rng = np.random.default_rng(seed)
    events: list[Event] = [
        CampaignOpened("test", settings(rounds={"count": rounds, "groups": 3})),
        TargetMeasured((0.5, 0.5), ("joy", "love"), -0.1),
    ]
    lineage: tuple[str, ...] = ()
    for number in range(1, rounds + 1):
        more = round_events(number, lineage=lineage, winner=winners[(number - 1) % len(winners)], rng=rng)
        events.extend(more)
        last = more[-1]
        assert isinstance(last, RoundFinished)
        lineage = last.lineage
    return [*events, CampaignFinished((Award("ada", 5),))]


def due_after(events: Sequence[Event]) -> tuple[CampaignState, str | None]:
    state = CampaignState()
    for event in events:
        state = apply(state, event)
    due = next_step(state)
    return state, due.name if due else None
